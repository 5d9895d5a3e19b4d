import type { FinalStamp } from '@app/chains';

export interface FinalityLimits {
  /** How far the final block may be behind the head it was seen under. */
  readonly maxLagMs: bigint;
  /** How far the head may be behind the clock. */
  readonly maxSilenceMs: bigint;
}

export interface FinalityState {
  readonly lagMs: bigint;
  /** Null: the clock had no answer. */
  readonly silenceMs: bigint | null;
  readonly alarm: 'FINALITY_LAGS' | 'CHAIN_SILENT' | null;
}

/** Fast finality is a matter of seconds on the chains we follow; it has stalled for hours before. */
export const DEFAULT_FINALITY_LIMITS: FinalityLimits = { maxLagMs: 5n * 60_000n, maxSilenceMs: 15n * 60_000n };

/**
 * R2: only raises the alarm. Nothing waits for it and nothing closes by it: a stalled finality brings no cut, so the
 * day of the token waits by itself (R19).
 * @param nowMs the clock of this installation; null when it cannot be read
 */
export function finalityState(final: FinalStamp, nowMs: bigint | null, limits: FinalityLimits): FinalityState {
  const lagMs = atLeastZero(final.headTimeMs - final.timeMs);
  const silenceMs = nowMs === null ? null : atLeastZero(nowMs - final.headTimeMs);
  const lags = lagMs > limits.maxLagMs;
  const silent = silenceMs !== null && silenceMs > limits.maxSilenceMs;
  return { lagMs, silenceMs, alarm: lags ? 'FINALITY_LAGS' : silent ? 'CHAIN_SILENT' : null };
}

const atLeastZero = (ms: bigint): bigint => (ms > 0n ? ms : 0n);
