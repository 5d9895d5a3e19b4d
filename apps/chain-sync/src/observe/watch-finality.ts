import type { FinalStamp } from '@app/chains';
import { finalityState, type FinalityState } from './finality-alarm.js';
import type { ObserveParts } from './observe-parts.js';

/** Shows how far finality is behind; says so once when the alarm starts and once when it ends. */
export async function watchFinality(parts: ObserveParts, final: FinalStamp): Promise<FinalityState> {
  const { adapter, clock, finalityLimits, metrics, log } = parts;
  // A clock without an answer must not stop the reading of chains: the alarm then knows the lag only.
  const nowMs = await clock.now().then(
    (now) => BigInt(now.getTime()),
    () => null,
  );
  const state = finalityState(final, nowMs, finalityLimits);
  const changed = metrics.finality(adapter.chain, state);
  const facts = { chain: adapter.chain, finalHeight: final.height.toString(), lagMs: state.lagMs.toString() };
  if (changed && state.alarm) log.warn({ ...facts, alarm: state.alarm }, 'finality alarm');
  if (changed && !state.alarm) log.info(facts, 'finality is back');
  return state;
}
