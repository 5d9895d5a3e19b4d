import { atoms } from '@app/staking-core';

import { totalOf } from './contract-observing.js';
import type { LivedThrough } from './describe-adapter-contract.js';
import { finalNow, operate, patience, prepare } from './operate.js';

export function describeOperating(get: () => LivedThrough): void {
  const delegation = (amount: bigint) => {
    const [validator] = get().harness.validators;
    return { kind: 'delegate', validator, amount: atoms(amount) } as const;
  };

  it('R40: pending, included, final: found by the stored hash at every stage, sent as often as one likes', async () => {
    const { adapter, harness } = get();
    const { step, signed } = await prepare(harness, adapter, 'contract-stages', delegation(harness.amounts[0]));
    expect(await adapter.locate(signed, patience())).toEqual({ state: 'pending' });
    expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'accepted' });
    expect((await adapter.broadcast(signed, patience())).kind).toBe('known');
    expect(await adapter.locate(signed, patience())).toEqual({ state: 'pending' });
    await harness.include();
    const included = await adapter.locate(signed, patience());
    expect(['included', 'final']).toContain(included.state);
    await harness.finalize();
    const final = await adapter.locate(signed, patience());
    expect(final).toMatchObject({ state: 'final', succeeded: true, failure: null });
    expect(adapter.verifyEffect(step, final)).toEqual({ kind: 'verified' });
    expect((await adapter.broadcast(signed, patience())).kind).toBe('known');
    expect(await adapter.locate(signed, patience())).toEqual(final);
  });

  it('R40: what locate says moved is what observing finds, under the same keys', async () => {
    const { adapter, harness } = get();
    const from = await adapter.firstCut(await finalNow(adapter), patience());
    const located = await operate(harness, adapter, 'contract-same-flows', delegation(harness.amounts[1]));
    await harness.advancePeriod();
    const to = from && (await adapter.nextCut(from, await finalNow(adapter), patience()));
    if (from === null || to === null) throw new Error('no two cuts');
    const seen = await adapter.observe(from, to, harness.signer.account, patience());
    expect(located.flows.length).toBeGreaterThan(0);
    for (const flow of located.flows) expect(seen.flows).toContainEqual(flow);
  });

  it('R40: success is judged by what moved: another amount is no success', async () => {
    const { adapter, harness } = get();
    const { step, signed } = await prepare(harness, adapter, 'contract-effect', delegation(harness.amounts[1]));
    await adapter.broadcast(signed, patience());
    await harness.include();
    await harness.finalize();
    const located = await adapter.locate(signed, patience());
    const wanted = { ...step, intent: delegation(harness.amounts[1] + 1n) };
    expect(adapter.verifyEffect(wanted, located)).toMatchObject({ kind: 'failed' });
    expect(adapter.verifyEffect(step, { state: 'pending' })).toMatchObject({ kind: 'failed' });
  });

  it('R40: bytes whose place was taken by others are dead, with proof; the others are not', async () => {
    const { adapter, harness } = get();
    const one = await prepare(harness, adapter, 'contract-dead-1', delegation(harness.amounts[0]));
    const two = await prepare(harness, adapter, 'contract-dead-2', delegation(harness.amounts[1]));
    if (one.lane.number === null) return; // no shared lane on this chain
    expect(two.lane).toEqual(one.lane);
    expect(await adapter.broadcast(two.signed, patience())).toEqual({ kind: 'accepted' });
    await harness.include();
    await harness.finalize();
    const dead = await adapter.locate(one.signed, patience());
    expect(dead).toMatchObject({ state: 'dead' });
    expect(dead.state === 'dead' ? dead.reason : '').toContain(two.signed.txid);
    expect((await adapter.broadcast(one.signed, patience())).kind).not.toBe('accepted');
    expect(await adapter.locate(two.signed, patience())).toMatchObject({ state: 'final', succeeded: true });
  });

  it('R39: stake that stands behind nobody is an operation where the chain has it, elsewhere a coded refusal', async () => {
    const { adapter, harness } = get();
    const { account } = harness.signer;
    const at = await finalNow(adapter);
    const positions = await adapter.positionsAt(at, account, patience());
    const intent = { kind: 'chill', validator: positions[0]?.validator ?? '' } as const;
    if (!adapter.capabilities.canChill) {
      const [parameters, validators] = [
        await adapter.parametersAt(at, patience()),
        await adapter.validatorsAt(at, patience()),
      ];
      const refused = expect.objectContaining({ code: 'REFUSED' });
      expect(() => adapter.plan('contract-chill', intent, { parameters, positions, validators })).toThrow(refused);
      const step = { operationId: 'contract-chill', index: 0, intent };
      const lane = await adapter.nextLane(account, at, patience());
      await expect(adapter.build(step, lane, at, patience())).rejects.toMatchObject({ code: 'REFUSED' });
      return;
    }
    const located = await operate(harness, adapter, 'contract-chill', intent);
    expect(located.flows).toEqual([]);
    const after = await adapter.positionsAt(located.at, account, patience());
    expect(totalOf(after)).toBe(totalOf(positions));
    await operate(harness, adapter, 'contract-thaw', delegation(harness.amounts[1]));
  });

  it('R40: after a reorganisation the transaction is pending again, and the same bytes go in again', async () => {
    const { adapter, harness } = get();
    if (harness.reorg === null) return;
    const { step, signed } = await prepare(harness, adapter, 'contract-reorg', delegation(harness.amounts[0]));
    await adapter.broadcast(signed, patience());
    await harness.include();
    const included = await adapter.locate(signed, patience());
    if (included.state !== 'included') throw new Error(`expected it included, it is ${included.state}`);
    await harness.reorg();
    expect(await adapter.locate(signed, patience())).toEqual({ state: 'pending' });
    expect(await adapter.isCanonical(included.at, patience())).toBe(false);
    expect((await adapter.broadcast(signed, patience())).kind).not.toBe('rejected');
    await harness.include();
    await harness.finalize();
    expect(adapter.verifyEffect(step, await adapter.locate(signed, patience()))).toEqual({ kind: 'verified' });
  });

  it('a stalled finality shows as a growing distance to the head, and nothing new is final', async () => {
    const { adapter, harness } = get();
    if (harness.stallFinality === null || harness.resumeFinality === null) return;
    await harness.stallFinality();
    const before = await adapter.finalStamp(patience());
    await harness.finalize();
    await harness.foreignTraffic();
    const after = await adapter.finalStamp(patience());
    expect(after.hash).toBe(before.hash);
    expect(after.headHeight).toBeGreaterThan(before.headHeight);
    await harness.resumeFinality();
    expect((await adapter.finalStamp(patience())).height).toBeGreaterThan(before.height);
  });

  it('R18: a jailed validator shows as jailed, takes no delegation and pays nothing for the period', async () => {
    const { adapter, harness } = get();
    if (harness.jail === null) return;
    const [, jailed] = harness.validators;
    await harness.jail(jailed);
    if (harness.earnsInEveryBlock === true) await harness.advancePeriod();
    const from = await adapter.firstCut(await finalNow(adapter), patience());
    await harness.advancePeriod();
    const at = await finalNow(adapter);
    const to = from && (await adapter.nextCut(from, at, patience()));
    if (from === null || to === null) throw new Error('no two cuts');
    const validators = await adapter.validatorsAt(to, patience());
    const found = validators.find((one) => one.validator === jailed);
    expect(found).toMatchObject({ health: 'jailed', earning: false });
    const seen = await adapter.observe(from, to, harness.signer.account, patience());
    const reward = seen.rewards.find((one) => one.validator === jailed);
    expect(reward?.amount ?? 0n).toBe(0n);
    const state = { parameters: seen.parameters, validators, positions: seen.positions };
    const intent = { kind: 'delegate', validator: jailed, amount: atoms(harness.amounts[0]) } as const;
    expect(() => adapter.plan('contract-jailed', intent, state)).toThrow(expect.objectContaining({ code: 'REFUSED' }));
  });
}
