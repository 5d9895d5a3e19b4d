import { DEFAULT_FINALITY_LIMITS, finalityState } from './finality-alarm.js';

const MINUTE = 60_000n;
const NOW = BigInt(Date.UTC(2026, 10, 19, 12));
const final = (behindHeadMs: bigint, headBehindNowMs = 0n) => ({
  height: 100n,
  hash: '0x1',
  timeMs: NOW - headBehindNowMs - behindHeadMs,
  headHeight: 102n,
  headTimeMs: NOW - headBehindNowMs,
});

describe('finalityState', () => {
  it('R2: alarms when final is more than five minutes behind the head', () => {
    expect(finalityState(final(5n * MINUTE), NOW, DEFAULT_FINALITY_LIMITS).alarm).toBeNull();
    const late = finalityState(final(5n * MINUTE + 1n), NOW, DEFAULT_FINALITY_LIMITS);
    expect(late).toEqual({ lagMs: 5n * MINUTE + 1n, silenceMs: 0n, alarm: 'FINALITY_LAGS' });
  });

  it('alarms when the head itself stands still', () => {
    expect(finalityState(final(0n, 15n * MINUTE + 1n), NOW, DEFAULT_FINALITY_LIMITS).alarm).toBe('CHAIN_SILENT');
  });

  it('knows the lag without a clock, and no silence', () => {
    const state = finalityState(final(0n, 60n * MINUTE), null, DEFAULT_FINALITY_LIMITS);
    expect(state).toEqual({ lagMs: 0n, silenceMs: null, alarm: null });
  });

  it('a head in the future of the clock is not silence', () => {
    expect(finalityState(final(0n, -MINUTE), NOW, DEFAULT_FINALITY_LIMITS)).toMatchObject({
      silenceMs: 0n,
      alarm: null,
    });
  });
});
