import { FaultProxy, finalNow, operate, patience, prepare, type ProxiedCall } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { devKey, ONE_ATOM } from '../../../devnet/chains/cosmos/index.js';
import type { CosmosAdapter } from '../../../libs/chains/src/cosmos/cosmos.adapter.js';
import { openAtomBooks, startChainSync } from './chain-sync-process.js';
import { makeCosmosHarness, type CosmosHarness } from './cosmos-harness.js';

const never = new AbortController().signal;
const LOCK = { kind: 'lock-shares' } as const;

/** An endpoint that calls our shares unlocked, whatever they are. */
function saysUnlocked(call: ProxiedCall, result: unknown): unknown {
  if (call.method !== 'abci_query' || call.params[0] !== '/gaia.liquid.v1beta1.Query/TokenizeShareLockInfo')
    return result;
  const { response } = result as { readonly response: Record<string, unknown> };
  const words = 'TOKENIZE_SHARE_LOCK_STATUS_UNLOCKED';
  const value = Buffer.concat([Buffer.from([10, words.length]), Buffer.from(words)]).toString('base64');
  return { response: { ...response, value } };
}

describe('R39, R42: our shares are locked before they are stake (protocol model)', () => {
  let harness: CosmosHarness;
  let adapter: CosmosAdapter;
  beforeEach(async () => {
    harness = await makeCosmosHarness({ treasuryLocked: false });
    adapter = harness.openWith({});
  });
  afterEach(async () => {
    await adapter?.close();
    await harness?.close();
  });

  const delegation = () =>
    ({ kind: 'delegate', validator: harness.validators[0], amount: atoms(5n * ONE_ATOM) }) as const;
  const lockNow = async (): Promise<string | undefined> => {
    const at = await finalNow(adapter);
    return (await adapter.parametersAt(at, patience(), harness.signer.account)).others['tokenizeShares'];
  };
  async function planned() {
    const at = await finalNow(adapter);
    const state = {
      parameters: await adapter.parametersAt(at, patience(), harness.signer.account),
      validators: await adapter.validatorsAt(at, patience()),
      positions: await adapter.positionsAt(at, harness.signer.account, patience()),
    };
    return adapter.plan('op', delegation(), state).map((step) => step.intent.kind);
  }

  it('chain-sync locks first, delegates once that is read back, and never locks twice', async () => {
    const books = await openAtomBooks('cosmos lock');
    const { treasury, identity } = harness.running;
    const chain = {
      url: harness.url,
      chainId: identity.chainId,
      signer: harness.signer,
      devKey: `0x${treasury.privateKey}`,
    };
    await harness.advancePeriod();
    const { runner, end } = await startChainSync(books, chain);
    try {
      for (let i = 0; i < 12; i += 1) {
        expect(await runner.look(never)).toMatchObject({ error: null });
        harness.driver.blocks(2);
      }
      const rows = await books.db.rows<{ kind: string; state: string; step: number; included_height: string }>(
        `SELECT intent->>'kind' AS kind, state, step, included_height FROM chain_operation ORDER BY lane_number`,
      );
      expect(rows.map(({ kind, state, step }) => `${kind} ${step} ${state}`)).toEqual([
        'lock-shares 0 EFFECT_VERIFIED',
        'delegate 1 EFFECT_VERIFIED',
        'delegate 0 EFFECT_VERIFIED',
        'delegate 0 EFFECT_VERIFIED',
      ]);
      expect(BigInt(rows[1]!.included_height)).toBeGreaterThan(BigInt(rows[0]!.included_height));
      await harness.advancePeriod();
      await runner.look(never);
      const [told] = await books.db.rows(`SELECT value FROM chain_parameter WHERE name = 'tokenizeShares'
        ORDER BY height DESC LIMIT 1`);
      expect(told).toEqual({ value: 'locked' });
    } finally {
      await end();
      await books.close();
    }
  });

  it('a delegation is planned behind the lock, and not built before it', async () => {
    expect(await lockNow()).toBe('unlocked');
    expect(await planned()).toEqual(['lock-shares', 'delegate']);
    const at = await finalNow(adapter);
    const lane = await adapter.nextLane(harness.signer.account, at, patience());
    const step = { operationId: 'early', index: 1, intent: delegation() };
    await expect(adapter.build(step, lane, at, patience())).rejects.toThrow('they are locked first');
    const located = await operate(harness, adapter, 'lock', LOCK);
    expect(located).toMatchObject({ flows: [], readBack: { tokenizeShares: 'locked' } });
    expect(located.feeAtoms).toBeGreaterThan(0n);
    expect(await planned()).toEqual(['delegate']);
    await operate(harness, adapter, 'delegate', delegation());
    await expect(prepare(harness, adapter, 'again', LOCK)).rejects.toThrow('locked already');
  });

  it('an unlocking that somebody began is an alarm, is undone by a lock, and is not success', async () => {
    const treasury = devKey('treasury');
    await operate(harness, adapter, 'lock', LOCK);
    harness.driver.unlockTokenizing(treasury);
    expect(await lockNow()).toBe('lock_expiring');
    expect(await planned()).toEqual(['lock-shares', 'delegate']);
    const { step, signed } = await prepare(harness, adapter, 'relock', LOCK);
    await adapter.broadcast(signed, patience());
    harness.driver.blocks(2);
    expect(adapter.verifyEffect(step, await adapter.locate(signed, patience()))).toEqual({ kind: 'verified' });
    harness.driver.unlockTokenizing(treasury);
    const undone = await adapter.locate(signed, patience());
    expect(undone).toMatchObject({ state: 'final', succeeded: true });
    expect(adapter.verifyEffect(step, undone)).toMatchObject({ kind: 'failed' });
    await harness.running.advanceTo(harness.driver.headMs + 22 * 86_400_000);
    expect(await lockNow()).toBe('unlocked');
  });

  it('a lock that the chain refused because somebody was first has its effect all the same', async () => {
    const { step, signed } = await prepare(harness, adapter, 'second', LOCK);
    const first = await operate(harness, adapter, 'first', LOCK);
    expect(first.succeeded).toBe(true);
    const located = { ...first, succeeded: false, failure: 'liquid 116: already disabled' };
    expect(adapter.verifyEffect(step, located)).toEqual({ kind: 'verified' });
    expect(await adapter.locate(signed, patience())).toMatchObject({ state: 'dead' });
  });

  it('one endpoint that calls it unlocked: not verified; two that differ: nobody is believed', async () => {
    const proxies = await Promise.all([FaultProxy.start(harness.url), FaultProxy.start(harness.url)]);
    const [liar, honest] = proxies;
    const alone = harness.openWith({ urls: [liar!.url] });
    const both = harness.openWith({ urls: [liar!.url, honest!.url] });
    try {
      const { step, signed } = await prepare(harness, both, 'lock', LOCK);
      expect(await both.broadcast(signed, patience())).toEqual({ kind: 'accepted' });
      harness.driver.blocks(2);
      expect(both.verifyEffect(step, await both.locate(signed, patience()))).toEqual({ kind: 'verified' });
      liar!.misbehave({ kind: 'alter', alterResult: saysUnlocked });
      expect(alone.verifyEffect(step, await alone.locate(signed, patience()))).toEqual({
        kind: 'failed',
        detail: 'our shares are not locked: unlocked',
      });
      await expect(both.locate(signed, patience())).rejects.toMatchObject({ code: 'ENDPOINTS_DISAGREE' });
    } finally {
      await Promise.all([alone.close(), both.close()]);
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  });
});

describe('R39: a chain without x/liquid', () => {
  it('has nothing to lock, and delegates', async () => {
    const harness = await makeCosmosHarness({ hasLiquid: false });
    const adapter = harness.openWith({});
    try {
      await expect(prepare(harness, adapter, 'lock', LOCK)).rejects.toMatchObject({ code: 'REFUSED' });
      const intent = { kind: 'delegate', validator: harness.validators[0], amount: atoms(ONE_ATOM) } as const;
      await operate(harness, adapter, 'plain', intent);
    } finally {
      await adapter.close();
      await harness.close();
    }
  });
});
