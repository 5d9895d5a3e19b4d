/** What one endpoint says is held against what was known before, and against what another one says. */
import type { BlockStamp, FinalStamp, Observation } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { PolkadotClient } from './polkadot.client.js';
import { requireFinal } from './polkadot.cuts.js';
import type { PolkadotSettings } from './polkadot.options.js';

/** The final block of an endpoint, which must be at or above everything that was `seen` final, on the same branch. */
export async function finalAfter(client: PolkadotClient, seen: readonly BlockStamp[]): Promise<FinalStamp> {
  const { final, head } = await client.finalAndHead();
  for (const earlier of seen) {
    if (final.height < earlier.height) {
      const detail = `final block ${final.height}, but ${earlier.height} was final before`;
      throw new ChainError('FINALITY_WENT_BACK', 'polkadot', detail);
    }
  }
  await requireFinal(client, seen);
  const [at, top] = await client.stampsOf([final.hash, head.hash], [final.height, head.height]);
  if (at === undefined || top === undefined) throw new ChainError('BAD_ANSWER', 'polkadot', 'a stamp is missing');
  return { ...at, headHeight: top.height, headTimeMs: top.timeMs };
}

/** The highest of the final blocks that endpoints have; two different ones of one height are believed of neither. */
export function highest(answers: readonly FinalStamp[]): FinalStamp {
  const best = answers.reduce((a, b) => (b.height > a.height ? b : a));
  if (answers.some((one) => one.height === best.height && one.hash !== best.hash)) {
    const detail = `two endpoints have different final blocks ${best.height}`;
    throw new ChainError('ENDPOINTS_DISAGREE', 'polkadot', detail);
  }
  return best;
}

/** The first endpoint's observation, if the second says the same; `second` null: there was none to ask. */
export function confirmed(
  first: Observation,
  second: Observation | null,
  confirm: PolkadotSettings['confirm'],
): Observation {
  if (second === null) {
    if (confirm === 'when-available') return first;
    throw new ChainError('UNREACHABLE', 'polkadot', 'no second endpoint confirms what the first one says');
  }
  if (textOf(first) !== textOf(second)) {
    const detail = `two endpoints tell different things about blocks ${first.from.height} to ${first.to.height}`;
    throw new ChainError('ENDPOINTS_DISAGREE', 'polkadot', detail);
  }
  return first;
}

function textOf(observation: Observation): string {
  return JSON.stringify(observation, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
