import { atoms } from '@app/staking-core';

import type { BlockStamp, ChainAdapter, Observation } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { LivedThrough } from './describe-adapter-contract.js';
import { FaultProxy, type Fault } from './fault-proxy.js';
import { finalNow, patience, prepare } from './operate.js';

/** An adapter over fault proxies, all in front of the same chain. */
interface Behind {
  readonly adapter: ChainAdapter;
  readonly proxies: readonly FaultProxy[];
}

export function describeFaults(get: () => LivedThrough): void {
  const account = (): string => get().harness.signer.account;
  const lastTwo = (): readonly [BlockStamp, BlockStamp] => {
    const [from, to] = get().cuts.slice(-2);
    if (from === undefined || to === undefined) throw new Error('there are no two cuts');
    return [from, to];
  };
  const observe = (adapter: ChainAdapter): Promise<Observation> => adapter.observe(...lastTwo(), account(), patience());

  async function behind(
    count: number,
    work: (it: Behind) => Promise<void>,
    options: { timeoutMs?: number; confirm?: 'required' } = {},
  ): Promise<void> {
    const { harness } = get();
    const proxies = await Promise.all(Array.from({ length: count }, () => FaultProxy.start(harness.url)));
    const urls = proxies.map((proxy) => proxy.url);
    const adapter = harness.open(urls, { timeoutMs: 2_000, ...options });
    try {
      await work({ adapter, proxies });
    } finally {
      await adapter.close();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  }

  const faults: readonly (readonly [string, Fault, string])[] = [
    ['a refused connection', { kind: 'refuse' }, 'UNREACHABLE'],
    ['an answer that never comes', { kind: 'delay', delayMs: 20_000 }, 'TIMEOUT'],
    ['HTTP 429', { kind: 'rate-limit' }, 'RATE_LIMITED'],
    ['HTML in a 200', { kind: 'html' }, 'BAD_ANSWER'],
    ['an empty 200', { kind: 'empty' }, 'BAD_ANSWER'],
    ['half an answer', { kind: 'no-json' }, 'BAD_ANSWER'],
    ['an error in a 200', { kind: 'error' }, 'BAD_ANSWER'],
    ['an answer above the size limit', { kind: 'huge' }, 'BAD_ANSWER'],
    ["another request's answer", { kind: 'wrong-id' }, 'BAD_ANSWER'],
  ];

  it.each(faults)('R19: %s at both endpoints is an error, never zero', async (_, fault, code) => {
    await behind(
      2,
      async ({ adapter, proxies }) => {
        for (const proxy of proxies) proxy.misbehave(fault);
        const failure = await adapter.positionsAt(lastTwo()[1], account(), patience()).then(
          (value) => ({ value }),
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(ChainError);
        expect(failure).toMatchObject({ code });
        expect(String((failure as Error).message)).not.toContain('not-to-be-shown');
      },
      { timeoutMs: 500 },
    );
  });

  it.each(faults)('%s at one endpoint: the other answers', async (_, fault) => {
    const expected = await observe(get().adapter);
    await behind(
      2,
      async ({ adapter, proxies }) => {
        proxies[0]?.misbehave(fault);
        expect(await observe(adapter)).toEqual(expected);
      },
      { timeoutMs: 700 },
    );
  });

  it('R19: a batch with an answer missing is an error', async () => {
    await behind(1, async ({ adapter, proxies }) => {
      await finalNow(adapter);
      proxies[0]?.misbehave({ kind: 'lose-one' });
      await expect(adapter.validatorsAt(lastTwo()[1], patience())).rejects.toMatchObject({ code: 'BAD_ANSWER' });
    });
  });

  it('a batch in another order, and every request twice, change nothing', async () => {
    const expected = await observe(get().adapter);
    for (const kind of ['reorder', 'duplicate'] as const) {
      await behind(1, async ({ adapter, proxies }) => {
        proxies[0]?.misbehave({ kind });
        expect(await observe(adapter)).toEqual(expected);
      });
    }
  });

  it('R19: answers exchanged within a batch are not believed when a second endpoint is there', async () => {
    await behind(2, async ({ adapter, proxies }) => {
      await finalNow(adapter);
      proxies[0]?.misbehave({ kind: 'swap-ids', methods: get().harness.faults.stateMethods });
      const expected = await observe(get().adapter);
      await expectSameOrHeld(() => observe(adapter), expected);
    });
  });

  it.each([
    ['off by one', (x: bigint) => x + 1n],
    ['a thousand million times too high', (x: bigint) => x * 1_000_000_000n],
  ])('R13: amounts %s at one of two endpoints are never booked', async (_, change) => {
    const { harness } = get();
    const expected = await observe(get().adapter);
    const alterResult = harness.faults.alterAmounts(change);
    await behind(
      2,
      async ({ adapter, proxies }) => {
        await finalNow(adapter);
        proxies[0]?.misbehave({ kind: 'alter', methods: harness.faults.stateMethods, alterResult });
        await expectSameOrHeld(() => observe(adapter), expected);
      },
      { confirm: 'required' },
    );
  });

  it('R19: a state that was thrown away is STATE_PRUNED, not zero, and the node with history is asked', async () => {
    const { pruned, stateMethods } = get().harness.faults;
    await behind(2, async ({ adapter, proxies }) => {
      const fault: Fault = { kind: 'error', error: pruned, methods: stateMethods };
      proxies[0]?.misbehave(fault);
      expect(await observe(adapter)).toEqual(await observe(get().adapter));
      proxies[1]?.misbehave(fault);
      await expect(observe(adapter)).rejects.toMatchObject({ code: 'STATE_PRUNED', retryable: false });
    });
  });

  it('an endpoint that stands still does not hold up the chain, and finality never goes back', async () => {
    const { harness } = get();
    await behind(2, async ({ adapter, proxies }) => {
      const old = await finalNow(adapter);
      const alterCall = await harness.faults.freeze();
      proxies[0]?.misbehave({ kind: 'alter', alterCall });
      await harness.foreignTraffic();
      await harness.finalize();
      const later = await finalNow(adapter);
      expect(later.height).toBeGreaterThan(old.height);
      proxies[1]?.misbehave({ kind: 'refuse' });
      await expect(adapter.finalStamp(patience())).rejects.toMatchObject({ retryable: true });
      const restarted = harness.open([proxies[0]?.url ?? '']);
      await expect(restarted.finalStamp(patience(), later)).rejects.toMatchObject({ code: 'FINALITY_WENT_BACK' });
      await restarted.close();
    });
  });

  it('an abort stops a hanging read within a second', async () => {
    await behind(
      1,
      async ({ adapter, proxies }) => {
        await finalNow(adapter);
        proxies[0]?.misbehave({ kind: 'delay', delayMs: 30_000 });
        const stop = new AbortController();
        setTimeout(() => stop.abort(new Error('stopped by the test')), 100);
        const startedAt = performance.now();
        await expect(adapter.observe(...lastTwo(), account(), stop.signal)).rejects.toThrow('stopped by the test');
        expect(performance.now() - startedAt).toBeLessThan(1_000);
      },
      { timeoutMs: 20_000 },
    );
  });

  it('R40: a broadcast whose answer is lost is unknown; the bytes are found by their hash', async () => {
    const { harness } = get();
    await behind(1, async ({ adapter, proxies }) => {
      const [validator] = harness.validators;
      const intent = { kind: 'delegate', validator, amount: atoms(harness.amounts[1]) } as const;
      const { signed, step } = await prepare(harness, adapter, 'contract-lost-answer', intent);
      proxies[0]?.misbehave({ kind: 'drop-after-accept', methods: [harness.faults.broadcastMethod], times: 1 });
      expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'unknown' });
      if (harness.replay !== undefined) {
        const { refusal } = harness.replay;
        expect(await adapter.broadcast(signed, patience())).toMatchObject({ kind: 'rejected', code: refusal });
        expect(await adapter.locate(signed, patience())).toEqual({ state: 'pending' });
        return;
      }
      expect((await adapter.broadcast(signed, patience())).kind).toBe('known');
      await harness.include();
      await harness.finalize();
      expect(adapter.verifyEffect(step, await adapter.locate(signed, patience()))).toEqual({ kind: 'verified' });
    });
  });

  /** Right, or not at all: a hold is fine, another number is not. */
  async function expectSameOrHeld(read: () => Promise<Observation>, expected: Observation): Promise<void> {
    const outcome = await read().then(
      (value) => ({ value, error: null }),
      (error: unknown) => ({ value: null, error }),
    );
    if (outcome.value !== null) expect(outcome.value).toEqual(expected);
    else expect(outcome.error).toBeInstanceOf(ChainError);
  }
}
