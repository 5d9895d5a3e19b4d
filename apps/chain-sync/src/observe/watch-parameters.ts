import type { BlockStamp } from '@app/chains';
import type { ObserveParts } from './observe-parts.js';

/** Numbers that governance of the chain can change (minimum, unbonding time, fees): a change is told, once, by name. */
export async function watchParameters(parts: ObserveParts, from: BlockStamp, to: BlockStamp): Promise<void> {
  const { adapter, books, log, metrics } = parts;
  const [before, after] = await Promise.all([
    books.parametersAt(adapter.chain, from.height),
    books.parametersAt(adapter.chain, to.height),
  ]);
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(name) === after.get(name)) continue;
    metrics.parameterChanged(adapter.chain);
    log.warn(
      { chain: adapter.chain, parameter: name, before: before.get(name) ?? null, after: after.get(name) ?? null },
      'the chain changed a parameter',
    );
  }
}
