import type { ChainAdapter } from '../chain-adapter.js';
import { ChainError, type ChainErrorCode } from '../chain-error.js';
import { withMetrics, type ChainCallSeen } from './with-metrics.js';
import { withRetry } from './with-retry.js';

const signal = (): AbortSignal => AbortSignal.timeout(5_000);
const quick = { attempts: 3, firstDelayMs: 1, maxDelayMs: 2, random: () => 0.5 };

/** Only the calls of this file; each fails as often as told, then answers. */
function failing(code: ChainErrorCode | 'bug', times: number): { adapter: ChainAdapter; calls: () => number } {
  let calls = 0;
  const answer = (): Promise<unknown> => {
    calls += 1;
    if (calls > times) return Promise.resolve({ kind: 'accepted' });
    return Promise.reject(code === 'bug' ? new TypeError('bug') : new ChainError(code, 'bnb', 'no'));
  };
  const partial = { chain: 'bnb', liquidAt: answer, broadcast: answer, locate: answer, plan: () => [], close: answer };
  return { adapter: partial as unknown as ChainAdapter, calls: () => calls };
}
const at = { height: 1n, hash: '0x', timeMs: 1n };
const signed = { bytes: '0x', txid: '0x', lane: { account: '0x', number: 0n }, expiresAtHeight: null };

describe('retrying', () => {
  it('a read that failed in passing is made again', async () => {
    const { adapter, calls } = failing('TIMEOUT', 2);
    await expect(withRetry(adapter, quick).liquidAt(at, '0x', signal())).resolves.toBeDefined();
    expect(calls()).toBe(3);
  });

  it('R19: it ends, with the error', async () => {
    const { adapter, calls } = failing('RATE_LIMITED', 9);
    await expect(withRetry(adapter, quick).liquidAt(at, '0x', signal())).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    expect(calls()).toBe(3);
  });

  it.each(['WRONG_CHAIN', 'STATE_PRUNED', 'IDENTITY_BROKEN', 'REFUSED', 'NOT_FINAL', 'bug'] as const)(
    '%s is not tried again: waiting a moment does not change it',
    async (code) => {
      const { adapter, calls } = failing(code, 9);
      await expect(withRetry(adapter, quick).liquidAt(at, '0x', signal())).rejects.toThrow();
      expect(calls()).toBe(1);
    },
  );

  it("R40: a broadcast is never repeated behind the operation's back", async () => {
    const { adapter, calls } = failing('TIMEOUT', 9);
    await expect(withRetry(adapter, quick).broadcast(signed, signal())).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(calls()).toBe(1);
  });

  it('an abort ends the waiting', async () => {
    const { adapter } = failing('TIMEOUT', 99);
    const slow = { attempts: 99, firstDelayMs: 60_000, maxDelayMs: 60_000, random: () => 0.99 };
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    await expect(withRetry(adapter, slow).liquidAt(at, '0x', stop.signal)).rejects.toThrow();
  });

  it('the pure parts pass through', () => {
    const wrapped = withMetrics(withRetry(failing('bug', 0).adapter, quick), () => undefined);
    expect(wrapped.chain).toBe('bnb');
    expect(wrapped.plan('id', { kind: 'claim', validator: '0x' }, {} as never)).toEqual([]);
  });
});

describe('measuring', () => {
  it('tells chain, call, outcome and duration of each call', async () => {
    const seen: ChainCallSeen[] = [];
    const wrapped = withMetrics(failing('TIMEOUT', 1).adapter, (call) => seen.push(call));
    await expect(wrapped.locate(signed, signal())).rejects.toThrow();
    await wrapped.locate(signed, signal());
    expect(seen).toMatchObject([
      { chain: 'bnb', call: 'locate', outcome: 'TIMEOUT' },
      { chain: 'bnb', call: 'locate', outcome: 'ok' },
    ]);
    expect(seen.every((one) => one.durationMs >= 0)).toBe(true);
  });
});
