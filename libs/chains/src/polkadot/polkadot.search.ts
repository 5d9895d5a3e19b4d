/** Where along the chain something changes: by height, many probes a round, so that a day is a handful of requests. */
import { badAnswer } from './polkadot.decode.js';

const PROBES = 16n;
const WIDEST_STEP = 1n << 20n;

/** What stands at these heights, in their order. `later` grows along the chain, from false to true, once. */
export interface Search<T> {
  readonly probe: (heights: readonly bigint[]) => Promise<readonly T[]>;
  readonly later: (found: T) => boolean;
}

/**
 * The lowest height in `[lowest, from]` at which it is later, `from` being one at which it is. Goes down in growing
 * steps first, so that a chain of many million blocks is not searched from its beginning.
 */
export async function firstLater<T>(
  search: Search<T>,
  lowest: bigint,
  from: bigint,
): Promise<{ readonly height: bigint; readonly found: T }> {
  let high = await at(search, from);
  if (!search.later(high.found)) throw badAnswer(`block ${from} is not yet what is looked for`);
  for (let step = PROBES; high.height > lowest; step = step < WIDEST_STEP ? step * 8n : step) {
    const height = high.height - lowest > step ? high.height - step : lowest;
    const low = await at(search, height);
    if (search.later(low.found)) high = low;
    else return narrow(search, low.height, high);
  }
  return high;
}

/** The lowest height in `(low, high]` at which it is later; at `low` it is not. */
export async function narrow<T>(
  search: Search<T>,
  low: bigint,
  high: { readonly height: bigint; readonly found: T },
): Promise<{ readonly height: bigint; readonly found: T }> {
  while (high.height - low > 1n) {
    const gap = high.height - low;
    const parts = gap < PROBES ? gap : PROBES;
    const heights: bigint[] = [];
    for (let i = 1n; i < parts; i++) heights.push(low + (gap * i) / parts);
    const probes = await search.probe(heights);
    const first = probes.findIndex((found) => search.later(found));
    if (first !== -1 && probes.slice(first).some((found) => !search.later(found))) {
      throw badAnswer('what only grows along the chain has gone back');
    }
    const found = probes[first];
    const height = heights[first];
    if (found !== undefined && height !== undefined) high = { height, found };
    low = (first === -1 ? heights.at(-1) : first === 0 ? low : heights[first - 1]) ?? low;
  }
  return high;
}

async function at<T>(search: Search<T>, height: bigint): Promise<{ readonly height: bigint; readonly found: T }> {
  const [found] = await search.probe([height]);
  if (found === undefined) throw badAnswer('a probe was not answered');
  return { height, found };
}
