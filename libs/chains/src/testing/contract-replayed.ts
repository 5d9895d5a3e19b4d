import { atoms } from '@app/staking-core';

import type { Position, StakeIntent } from '../chain-adapter.js';
import type { ReplayFacts } from './adapter-harness.js';
import type { LivedThrough } from './describe-adapter-contract.js';
import { finalNow, part, patience, prepare } from './operate.js';

/**
 * Operating where the chain is a replay: nothing of ours is taken, and each refusal is one that the books can live with;
 * what operations do once they are in is held against those that were recorded.
 */
export function describeReplayed(get: () => LivedThrough): void {
  const replay = (): ReplayFacts => {
    const { replay: facts } = get().harness;
    if (facts === undefined) throw new Error('this chain is no replay');
    return facts;
  };
  /** One of every kind that would be planned in this state. */
  const intents = ([position]: readonly Position[]): StakeIntent[] => {
    const { harness, adapter } = get();
    const [one, two] = harness.validators;
    const amount = part((position?.active ?? 0n) + (position?.activating ?? 0n), 7n);
    return [
      { kind: 'delegate', validator: one, amount: atoms(harness.amounts[1]) },
      { kind: 'undelegate', validator: one, amount },
      ...(adapter.capabilities.canRedelegate ? [{ kind: 'redelegate', from: one, to: two, amount } as const] : []),
      ...(adapter.capabilities.canChill ? [{ kind: 'chill', validator: position?.validator ?? one } as const] : []),
    ];
  };

  it('R40: takes no transaction of any kind, under a code of its own, however often it is asked', async () => {
    const { adapter, harness } = get();
    const { account } = harness.signer;
    const before = await adapter.positionsAt(await finalNow(adapter), account, patience());
    for (const intent of intents(before)) {
      const { signed, step } = await prepare(harness, adapter, `contract-replay-${intent.kind}`, intent);
      for (let again = 0; again < 2; again++) {
        const answer = await adapter.broadcast(signed, patience());
        expect(answer).toMatchObject({ kind: 'rejected', code: replay().refusal });
      }
      const located = await adapter.locate(signed, patience());
      expect(located).toEqual({ state: 'pending' });
      expect(adapter.verifyEffect(step, located)).toMatchObject({ kind: 'failed' });
    }
    await harness.include();
    await harness.finalize();
    expect(await adapter.positionsAt(await finalNow(adapter), account, patience())).toEqual(before);
  });

  it('R40: what was refused dies with its time, with proof, and its place stays free', async () => {
    const { adapter, harness } = get();
    const intent = { kind: 'delegate', validator: harness.validators[0], amount: atoms(harness.amounts[1]) } as const;
    const { signed, lane } = await prepare(harness, adapter, 'contract-replay-dies', intent);
    const { expiresAtHeight } = signed;
    if (expiresAtHeight === null) throw new Error('it would never die');
    expect((await adapter.broadcast(signed, patience())).kind).toBe('rejected');
    while ((await finalNow(adapter)).height < expiresAtHeight) {
      expect(await adapter.locate(signed, patience())).toEqual({ state: 'pending' });
      await harness.foreignTraffic();
    }
    expect(await adapter.locate(signed, patience())).toMatchObject({ state: 'dead' });
    expect(await adapter.nextLane(lane.account, await finalNow(adapter), patience())).toEqual(lane);
  });

  it('R40: recorded transactions are final under their hash, known when sent again, and did what they were for', async () => {
    const { adapter } = get();
    expect(replay().recorded.length).toBeGreaterThan(0);
    for (const { signed, step } of replay().recorded) {
      expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'known' });
      const located = await adapter.locate(signed, patience());
      expect(located).toMatchObject({ state: 'final', succeeded: true, failure: null });
      expect(adapter.verifyEffect(step, located)).toEqual({ kind: 'verified' });
      if (!('amount' in step.intent)) continue;
      const wanted = { ...step, intent: { ...step.intent, amount: atoms(step.intent.amount + 1n) } };
      expect(adapter.verifyEffect(wanted, located)).toMatchObject({ kind: 'failed' });
    }
  });

  it('R40: what locate says moved is what observing finds, under the same keys', async () => {
    const { adapter, cuts, harness } = get();
    const [first, last] = [cuts[0], cuts.at(-1)];
    if (first === undefined || last === undefined) throw new Error('there are no cuts');
    const seen = await adapter.observe(first, last, harness.signer.account, patience());
    for (const { signed } of replay().recorded) {
      const located = await adapter.locate(signed, patience());
      if (located.state !== 'final') throw new Error(`expected a final transaction, it is ${located.state}`);
      expect(located.flows.length).toBeGreaterThan(0);
      for (const flow of located.flows) expect(seen.flows).toContainEqual(flow);
    }
  });

  it('R40: bytes whose place was taken by a recorded transaction are dead, with proof', async () => {
    const { adapter } = get();
    const [taken] = replay().recorded;
    if (taken === undefined) throw new Error('nothing was recorded');
    const at = await finalNow(adapter);
    const unsigned = await adapter.build(taken.step, taken.signed.lane, at, patience());
    const late = await replay().signer.sign(unsigned);
    expect(late.txid).not.toBe(taken.signed.txid);
    const dead = await adapter.locate(late, patience());
    expect(dead).toMatchObject({ state: 'dead', reason: expect.stringContaining(taken.signed.txid) });
    expect(await adapter.locate(taken.signed, patience())).toMatchObject({ state: 'final', succeeded: true });
  });
}
