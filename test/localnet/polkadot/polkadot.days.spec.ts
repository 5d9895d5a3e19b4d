import { expectIdentity, finalNow, operate, patience, prepare } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { ToyBooks } from '../../../apps/chain-sync/src/testing/toy-books.js';
import type { OperateParts } from '../../../apps/chain-sync/src/operate/advance-operation.js';
import { advanceOperations } from '../../../apps/chain-sync/src/operate/advance-operations.js';
import { claimWhatIsDue } from '../../../apps/chain-sync/src/operate/claim-what-is-due.js';
import { devAccount, DOT, missingForRealChain } from '../../../devnet/chains/polkadot/index.js';
import type { BlockStamp, Observation } from '../../../libs/chains/src/chain-adapter.js';
import { PolkadotDevSigner } from '../../../libs/chains/src/polkadot/polkadot-dev-signer.js';
import type { PolkadotAdapter } from '../../../libs/chains/src/polkadot/polkadot.adapter.js';
import { makePolkadotHarness, type PolkadotHarness } from './polkadot-harness.js';

const missing = missingForRealChain();
const SET_UP_MS = 600_000;

/** What only Polkadot does, on a real runtime: payouts by anyone, eras in waiting, chunks, a proxy. */
(missing === null ? describe : describe.skip)(`Polkadot day by day (${missing ?? 'on a real runtime'})`, () => {
  let harness: PolkadotHarness;
  let adapter: PolkadotAdapter;
  let cut: BlockStamp;
  let books: ToyBooks;
  const account = devAccount('treasury').address;
  const stake = 3_000_000n * DOT + 123_456_789n;

  const toNextCut = async (): Promise<Observation> => {
    const next = await adapter.nextCut(cut, await finalNow(adapter), patience());
    if (next === null) throw new Error('there is no next cut');
    const seen = await adapter.observe(cut, next, account, patience());
    expectIdentity(await adapter.positionsAt(cut, account, patience()), seen);
    cut = next;
    return seen;
  };

  /** The parts of chain-sync's own job, on a real database. */
  const jobOf = async (name: string): Promise<OperateParts> => {
    const worker = books.workerOn(adapter, account, name, { ttlMs: SET_UP_MS });
    const held = await worker.leadership.hold();
    if (held === null) throw new Error('the worker does not lead');
    return { ...worker, signer: harness.signer, operations: books.operations, lease: held.lease };
  };

  /** Everything under way goes on, block by block, until it has ended. */
  const finish = async (parts: OperateParts): Promise<void> => {
    for (let block = 0; block < 5; block++) {
      await advanceOperations(parts, await finalNow(adapter), patience());
      if ((await books.operations.open('polkadot')).length === 0) return;
      await harness.include();
    }
    throw new Error('it does not end');
  };

  beforeAll(async () => {
    books = await ToyBooks.open('dot_payouts');
    await books.db.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ('DOT', 'DOT', 'polkadot', 10, 8, '2026-01-01')`,
    );
    harness = await makePolkadotHarness();
    adapter = harness.openWith({});
    await harness.advancePeriod();
    const first = await adapter.firstCut(await finalNow(adapter), patience());
    if (first === null) throw new Error('there is no cut');
    cut = first;
    const [validator] = harness.validators;
    await operate(harness, adapter, 'days-bond', { kind: 'delegate', validator, amount: atoms(stake) });
    await harness.endEra();
    await harness.endEra();
    await harness.endEra();
  }, SET_UP_MS);

  afterAll(async () => {
    await adapter?.close();
    await harness?.close();
    await books?.close();
  });

  it('R19: an era that nobody has paid out is not yet, and its day stays open', async () => {
    await harness.nextDay();
    const seen = await toNextCut();
    expect(seen.rewards).toEqual([]);
    expect(seen.days).toEqual([]);
    expect(await adapter.duePayouts(cut, account, patience())).toEqual([
      { era: expect.any(BigInt), validator: harness.validators[0], page: 0n },
    ]);
  });

  it('R13, R14: paid out by our own job a day later, the reward keeps the interval of its era, and the day closes', async () => {
    const [validator] = harness.validators;
    const due = await adapter.duePayouts(cut, account, patience());
    const job = await jobOf('pays out');
    expect(await claimWhatIsDue(job, await finalNow(adapter), patience())).toBe(1);
    await finish(job);
    const [paid, ...others] = await books.allAttempts();
    const operationId = `polkadot.${due[0]?.era}.${validator}.due-claim`;
    expect(paid).toMatchObject({ operationId, state: 'EFFECT_VERIFIED', detail: null });
    expect(others).toEqual([]);
    const later = await finalNow(adapter);
    expect(await claimWhatIsDue(job, later, patience())).toBe(0);
    expect(await adapter.duePayouts(later, account, patience())).toEqual([]);
    await expect(prepare(harness, adapter, 'days-again', { kind: 'claim', validator })).rejects.toMatchObject({
      code: 'REFUSED',
    });
    harness.unpaid = [];
    await harness.nextDay();
    const seen = await toNextCut();
    expect(seen.rewards).toHaveLength(1);
    const [reward] = seen.rewards;
    expect(reward?.key).toBe(`dot:${due[0]?.era}:${validator}:0:${account}`);
    expect(reward?.crossCheck?.amount).toBe(reward?.amount);
    expect(reward?.earnedToMs).toBeLessThan(cut.timeMs - 86_400_000n);
    expect(seen.days).toHaveLength(2);
    for (const day of seen.days) expect(day.averageStake).toBeGreaterThan(0n);
  });

  it('R40: withdrawUnbonded too early succeeds, does nothing, and is judged a failure', async () => {
    const [validator] = harness.validators;
    const half = atoms(stake / 2n);
    await operate(harness, adapter, 'days-unbond', { kind: 'undelegate', validator, amount: half });
    const at = await finalNow(adapter);
    const [position] = await adapter.positionsAt(at, account, patience());
    const exit = position?.exiting[0];
    expect(exit).toMatchObject({ amount: half, readyAtMs: null });
    expect(position?.withdrawable).toBe(0n);
    // The plan refuses it; the step is made by hand.
    const step = { operationId: 'days-early', index: 0, intent: { kind: 'claim', validator: account } as const };
    const lane = await adapter.nextLane(account, at, patience());
    const signed = await harness.signer.sign(await adapter.build(step, lane, at, patience()));
    await adapter.broadcast(signed, patience());
    await harness.include();
    await harness.finalize();
    const located = await adapter.locate(signed, patience());
    expect(located).toMatchObject({ state: 'final', succeeded: true, flows: [] });
    expect(adapter.verifyEffect(step, located)).toMatchObject({ kind: 'failed' });
  });

  it('R41: a rebond calls an exit back: the ledger takes nothing in', async () => {
    const back = stake / 8n;
    const { chain, driver } = harness.world;
    await driver.act([['treasury', chain.call('staking', 'rebond', back)]]);
    await harness.nextDay();
    const seen = await toNextCut();
    const rebond = seen.flows.filter((one) => one.kind === 'delegate');
    expect(rebond).toMatchObject([{ amount: 0n, activeChange: back }]);
  });

  it('the exit is ready after the bonding duration, and is withdrawn to the planck', async () => {
    const at = await finalNow(adapter);
    const { unbondingPeriods } = await adapter.parametersAt(at, patience());
    expect(unbondingPeriods).toBe(7n);
    const [waiting] = await adapter.positionsAt(at, account, patience());
    const amount = waiting?.exiting.reduce((sum, one) => sum + one.amount, 0n) ?? 0n;
    expect(amount).toBeGreaterThan(0n);
    for (let era = 0; era < 7; era++) await harness.endEra();
    await harness.world.driver.payOut(harness.unpaid.splice(0));
    await harness.world.driver.include();
    const [ready] = await adapter.positionsAt(await finalNow(adapter), account, patience());
    expect(ready).toMatchObject({ exiting: [], withdrawable: amount });
    const liquid = await adapter.liquidAt(await finalNow(adapter), account, patience());
    const located = await operate(harness, adapter, 'days-withdraw', { kind: 'claim', validator: account });
    expect(located.flows).toMatchObject([{ kind: 'claim', amount: -amount }]);
    const after = await adapter.liquidAt(await finalNow(adapter), account, patience());
    expect(after).toBe(liquid + amount - located.feeAtoms);
    await harness.nextDay();
    const seen = await toNextCut();
    expect(seen.rewards.length).toBeGreaterThan(0);
    expect(seen.positions[0]?.withdrawable).toBe(0n);
  });

  it('R39: the hot key acts as the Staking proxy of the cold stash, and a new proxy shows in the parameters (R42)', async () => {
    const { chain, driver } = harness.world;
    const hot = devAccount('hot');
    const cold = harness.openWith({ stash: account });
    const before = await cold.parametersAt(await finalNow(cold), patience());
    expect(before.others).toMatchObject({ proxies: 'none', payee: 'Stash', controller: account });
    await driver.act([['treasury', chain.call('proxy', 'addProxy', { Id: hot.id }, 'Staking', 0)]]);
    await driver.include();
    const { others } = await cold.parametersAt(await finalNow(cold), patience());
    expect(others['proxies']).toBe(`Staking:${hot.address}:0`);

    const options = { url: harness.url, genesisHash: harness.genesisHash, stash: account };
    const signer = new PolkadotDevSigner({ ...options, privateKey: hot.privateKey });
    const [, validator] = harness.validators;
    const at = await finalNow(cold);
    const intent = { kind: 'delegate', validator, amount: atoms(777n * DOT) } as const;
    const step = { operationId: 'days-proxy', index: 0, intent };
    const signed = await signer.sign(
      await cold.build(step, await cold.nextLane(hot.address, at, patience()), at, patience()),
    );
    expect(await cold.broadcast(signed, patience())).toEqual({ kind: 'accepted' });
    await harness.include();
    await harness.finalize();
    const located = await cold.locate(signed, patience());
    expect(cold.verifyEffect(step, located)).toEqual({ kind: 'verified' });
    await signer.close();
    await cold.close();
    await harness.nextDay();
    const seen = await toNextCut();
    expect(seen.flows).toContainEqual(expect.objectContaining({ kind: 'delegate', amount: 777n * DOT }));
  });

  it('R40: bytes whose mortality has passed are dead, with proof, though nobody took their place', async () => {
    const [validator] = harness.validators;
    const short = harness.openWith({ mortalityBlocks: 4 });
    const intent = { kind: 'delegate', validator, amount: atoms(DOT) } as const;
    const { signed } = await prepare(harness, short, 'days-mortal', intent);
    expect(await short.locate(signed, patience())).toEqual({ state: 'pending' });
    for (let block = 0; block < 5; block++) await harness.include();
    const dead = await short.locate(signed, patience());
    expect(dead).toMatchObject({ state: 'dead', reason: expect.stringContaining('is unused at final block') });
    expect((await short.broadcast(signed, patience())).kind).toBe('rejected');
    await short.close();
  });

  it('R17: days in which no era ends are complete with nothing earned', async () => {
    await harness.nextDay();
    await harness.nextDay();
    const days: string[] = [];
    for (let i = 0; i < 2; i++) {
      const seen = await toNextCut();
      expect(seen.rewards).toEqual([]);
      days.push(...seen.days.map((one) => one.day));
    }
    expect(days).toHaveLength(2);
  });

  it('R40: a stranger has it paid out while ours is on its way: ours is needless, and the reward came once', async () => {
    await books.tamper('TRUNCATE chain_operation, lease CASCADE');
    await harness.endEra();
    await harness.include();
    const job = await jobOf('comes late');
    const at = await finalNow(adapter);
    const due = await adapter.dueClaims(at, account, patience());
    expect(due.length).toBeGreaterThan(0);
    expect(await claimWhatIsDue(job, at, patience())).toBe(due.length);
    await advanceOperations(job, at, patience());
    await harness.world.driver.payOut(harness.unpaid.splice(0));
    await finish(job);
    const needless: unknown = expect.stringMatching(/^needless: .*staking.AlreadyClaimed/);
    const attempts = await books.allAttempts();
    expect(attempts.map(({ state, detail }) => [state, detail])).toEqual(due.map(() => ['FAILED', needless]));
    expect(await adapter.dueClaims(await finalNow(adapter), account, patience())).toEqual([]);
    await harness.nextDay();
    expect((await toNextCut()).rewards).toHaveLength(due.length);
  });
});
