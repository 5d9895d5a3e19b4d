import { finalNow, patience, sumOf, totalOf, expectIdentity } from '@app/chains/testing';
import { atoms, dayOf } from '@app/staking-core';
import {
  PublicKey,
  StakeAuthorizationLayout,
  StakeProgram,
  SystemProgram,
  Transaction,
  TransactionInstruction,
} from '@solana/web3.js';

import { reconcilePositions } from '../../../apps/chain-sync/src/observe/reconcile-positions.js';
import { devKey, LAMPORTS_PER_SOL } from '../../../devnet/chains/solana/index.js';
import type { BlockStamp, Observation, Position } from '@app/chains';
import type { SolanaAdapter } from '../../../libs/chains/src/solana/solana.adapter.js';
import { makeSolanaHarness, strangersStake, type SolanaHarness } from './solana-harness.js';

jest.setTimeout(120_000);

const SOL = LAMPORTS_PER_SOL;
const RENT = 2_282_880n;

/** One account's life over many epochs; each test goes on where the one before ended. */
describe('Solana, epoch by epoch', () => {
  let harness: SolanaHarness;
  let adapter: SolanaAdapter;
  let at: BlockStamp;
  let books: { positions: readonly Position[]; liquid: bigint; lastDay: string | null };

  const account = (): string => harness.signer.account;
  const validator = (i: number): string => harness.validators[i] ?? '';

  beforeAll(async () => {
    harness = await makeSolanaHarness({ bare: true });
    adapter = harness.openWith({});
    await harness.advancePeriod();
    const first = await adapter.firstCut(await finalNow(adapter), patience());
    if (first === null) throw new Error('there is no cut');
    at = first;
    books = { positions: [], liquid: await adapter.liquidAt(at, account(), patience()), lastDay: null };
  });
  afterAll(async () => {
    await adapter.close();
    await harness.close();
  });

  /** Lives to the next cut, observes it, and holds it against the books as chain-sync does; liquid money too. */
  async function nextEpoch(): Promise<Observation> {
    await harness.advancePeriod();
    const to = await adapter.nextCut(at, await finalNow(adapter), patience());
    if (to === null) throw new Error('an epoch has passed without a cut');
    const seen = await adapter.observe(at, to, account(), patience());
    const totals = books.positions.map((one) => ({ positionKey: one.key, total: totalOf([one]) }));
    expect(
      reconcilePositions({ cut: at, positions: totals, lastDay: books.lastDay, finalTimeMs: to.timeMs }, seen),
    ).toBeNull();
    expectIdentity(books.positions, seen);
    const fees = seen.flows.reduce((sum, one) => sum + one.feeAtoms, 0n);
    const rents = RENT * BigInt((await openAccounts(to)) - (await openAccounts(at)));
    expect(seen.liquid - books.liquid).toBe(-sumOf(seen.flows) - fees - rents);
    books = { positions: seen.positions, liquid: seen.liquid, lastDay: seen.days.at(-1)?.day ?? books.lastDay };
    at = to;
    return seen;
  }

  async function openAccounts(stamp: BlockStamp): Promise<number> {
    const ledger = harness.running.chain.ledger;
    return ledger.addresses().filter((address) => {
      const state = ledger.accountAt(address, stamp.height);
      return state?.data.length === 200 && new PublicKey(state.data.subarray(12, 44)).toBase58() === account();
    }).length;
  }

  it('R13: stake earns from the epoch after its delegation on, in whole epochs', async () => {
    await harness.carryOut('life-1', { kind: 'delegate', validator: validator(0), amount: atoms(100n * SOL + 1n) });
    await harness.carryOut('life-2', { kind: 'delegate', validator: validator(0), amount: atoms(200n * SOL) });
    await harness.carryOut('life-3', { kind: 'delegate', validator: validator(1), amount: atoms(300n * SOL + 7n) });
    expect(await adapter.positionsAt(await finalNow(adapter), account(), patience())).toEqual(
      expect.arrayContaining([expect.objectContaining({ active: 0n, activating: 200n * SOL })]),
    );
    const warming = await nextEpoch();
    expect(warming.rewards).toEqual([]);
    expect(warming.positions.map((one) => one.active).sort()).toEqual(
      [100n * SOL + 1n, 200n * SOL, 300n * SOL + 7n].sort(),
    );
    const paid = await nextEpoch();
    expect(paid.rewards).toHaveLength(3);
    for (const reward of paid.rewards) {
      expect(reward.period).toBe('16');
      expect(reward.amount).toBeGreaterThan(0n);
      expect(reward.crossCheck).toEqual({ amount: reward.amount, toleranceAtoms: 0n });
      expect(reward.earnedToMs - reward.earnedFromMs).toBe(174_960_000n);
    }
    // Twice the stake with the same validator earns twice as much, to the rounding of points.
    const of = (stake: bigint): bigint => {
      const before = warming.positions.find((one) => one.active === stake)?.key;
      return paid.rewards.find((one) => one.positionKey === before)?.amount ?? 0n;
    };
    const off = of(200n * SOL) - 2n * of(100n * SOL + 1n);
    expect(off >= -2n && off <= 2n).toBe(true);
  });

  it('R16: the stake of a day is what was effective, weighed by time', async () => {
    const seen = await nextEpoch();
    const before = seen.positions.reduce((sum, one) => sum + one.active, 0n) - sumOf(seen.rewards);
    const lastWhole = seen.days.at(-1);
    expect(lastWhole?.averageStake).toBe(before);
    expect(lastWhole?.day).toBe(dayOf(at.timeMs - 86_400_000n));
  });

  it('R19: while the payout runs there is no cut, and a reward that is not there yet is not zero', async () => {
    const { chain } = harness.running;
    await chain.nextEpoch();
    // The boundary and the payout are there, but not final.
    const final = await finalNow(adapter);
    expect(await adapter.nextCut(at, final, patience())).toBeNull();
    await chain.passSlots(64n);
    expect(await adapter.nextCut(at, final, patience())).toBeNull();
    const to = await adapter.nextCut(at, await finalNow(adapter), patience());
    if (to === null) throw new Error('no cut');
    // The first block of the epoch, one before the payout ends, is none.
    const early = {
      height: to.height - 1n,
      hash: chain.ledger.blockhash(to.height - 1n),
      timeMs: chain.ledger.blockTime(to.height - 1n) * 1000n,
    };
    await expect(adapter.observe(at, early, account(), patience())).rejects.toMatchObject({ code: 'REFUSED' });
    const seen = await adapter.observe(at, to, account(), patience());
    expectIdentity(books.positions, seen);
    books = { positions: seen.positions, liquid: seen.liquid, lastDay: seen.days.at(-1)?.day ?? books.lastDay };
    at = to;
  });

  it('tips are income of their own kind, no stake, and can be withdrawn by the cold key without leaving', async () => {
    const [position] = books.positions.filter((one) => one.validator === validator(1));
    const stake = (position?.key ?? '').slice(4);
    const tips = devKey('tips');
    const tip = SystemProgram.transfer({
      fromPubkey: tips.publicKey,
      toPubkey: new PublicKey(stake),
      lamports: 12_345_678,
    });
    const txid = await harness.act(new Transaction().add(tip), tips);
    const seen = await nextEpoch();
    const row = seen.rewards.find((one) => one.kind === 'mev');
    expect(row).toMatchObject({
      key: `sol:mev:${txid}:${stake}`,
      amount: 12_345_678n,
      txid,
      positionKey: position?.key,
    });
    expect(row?.earnedToMs).toBeLessThanOrEqual(row?.at.timeMs ?? 0n);
    const now = seen.positions.find((one) => one.key === position?.key);
    expect(now?.claimable).toBe(12_345_678n);
    await harness.carryOut('life-tips', { kind: 'claim', validator: validator(1) });
    const after = await nextEpoch();
    expect(after.flows).toEqual([
      expect.objectContaining({ kind: 'withdraw-reward', amount: -12_345_678n, activeChange: 0n }),
    ]);
    expect(after.positions.find((one) => one.key === position?.key)?.claimable).toBe(0n);
  });

  it('a part leaves by a split under the id of its operation, is ready after the boundary and withdrawn with its rent', async () => {
    const part = atoms(50n * SOL + 3n);
    await harness.carryOut('life-part', { kind: 'undelegate', validator: validator(1), amount: part });
    const leaving = await adapter.positionsAt(await finalNow(adapter), account(), patience());
    const epoch = 14n + (harness.running.chain.ledger.headSlot - 524_256n) / 432_000n;
    expect(leaving.flatMap((one) => one.exiting)).toEqual([{ amount: part, readyAtMs: null, readyPeriod: epoch + 1n }]);
    const seen = await nextEpoch();
    expect(seen.flows.filter((one) => one.kind === 'undelegate').reduce((sum, one) => sum + one.activeChange, 0n)).toBe(
      -part,
    );
    const ready = seen.positions.find((one) => one.withdrawable > 0n);
    // It earned to the end of the epoch in which it was told to leave.
    expect(ready?.withdrawable).toBe(part + (seen.rewards.find((one) => one.positionKey === ready?.key)?.amount ?? 0n));
    const liquid = books.liquid;
    await harness.carryOut('life-out', { kind: 'claim', validator: validator(1) });
    const after = await nextEpoch();
    expect(after.positions.find((one) => one.key === ready?.key)).toBeUndefined();
    expect(after.liquid - liquid).toBe((ready?.withdrawable ?? 0n) + RENT - 2n * 5_000n - 300n);
  });

  it('more than one stake account holds leaves in one transaction: merged, split, deactivated', async () => {
    const held = books.positions.filter((one) => one.validator === validator(0));
    expect(held).toHaveLength(2);
    const most = held.reduce((a, b) => (a.active > b.active ? a : b)).active;
    const amount = atoms(most + 20n * SOL);
    expect(await harness.carryOut('life-merge', { kind: 'undelegate', validator: validator(0), amount })).toBe(1);
    const seen = await nextEpoch();
    expect(seen.flows.map((one) => one.kind).sort()).toEqual(['redelegate-in', 'redelegate-out', 'undelegate']);
    expect(seen.positions.find((one) => one.validator === validator(0) && one.active > 0n)?.claimable).toBe(RENT);
    expect(seen.positions.find((one) => one.withdrawable > 0n)?.withdrawable).toBeGreaterThanOrEqual(amount);
  });

  it('a whole account leaves without a split, with what was left in it', async () => {
    const [one] = books.positions.filter((each) => each.validator === validator(1));
    await harness.carryOut('life-whole', {
      kind: 'undelegate',
      validator: validator(1),
      amount: atoms(one?.active ?? 0n),
    });
    const seen = await nextEpoch();
    expect(seen.flows).toEqual([
      expect.objectContaining({
        kind: 'undelegate',
        positionKey: one?.key,
        amount: 0n,
        activeChange: -(one?.active ?? 0n),
      }),
    ]);
    expect(seen.positions.find((each) => each.key === one?.key)).toMatchObject({ active: 0n, exiting: [] });
  });

  it('R18: a delinquent validator pays zero, which is read, and takes no delegation', async () => {
    await harness.running.chain.setDelinquent(0, true);
    const seen = await nextEpoch();
    const rewards = seen.rewards.filter((one) => one.validator === validator(0));
    expect(rewards.length).toBeGreaterThan(0);
    for (const reward of rewards) expect(reward).toMatchObject({ amount: 0n, crossCheck: null });
    expect(seen.validators.find((one) => one.validator === validator(0))).toMatchObject({
      health: 'inactive',
      earning: false,
    });
    const state = { parameters: seen.parameters, validators: seen.validators, positions: seen.positions };
    const intent = { kind: 'delegate', validator: validator(0), amount: atoms(10n * SOL) } as const;
    expect(() => adapter.plan('life-refused', intent, state)).toThrow(/does not vote/);
    await harness.running.chain.setDelinquent(0, false);
    expect(sumOf((await nextEpoch()).rewards)).toBeGreaterThan(0n);
  });

  it('a raised commission shows with the validators and in what is paid', async () => {
    await harness.running.chain.setCommission(0, 60);
    const before = sumOf((await nextEpoch()).rewards);
    expect(
      (await adapter.validatorsAt(at, patience())).find((one) => one.validator === validator(0))?.commissionBps,
    ).toBe(6_000n);
    await harness.running.chain.setCommission(0, 5);
    const after = sumOf((await nextEpoch()).rewards);
    // 40 % was left of it, then 95 %; the stake had grown a little.
    const off = (before * 95n) / 40n - after;
    expect((off < 0n ? -off : off) * 1_000n).toBeLessThan(after);
  });

  it('R13: observed over all epochs at once, and by a fresh instance: the same rows', async () => {
    const first = await adapter.firstCut({ ...at }, patience());
    expect(first).toEqual(at);
    const other = harness.openWith({});
    const twoBack = await cutBefore(other, 3n);
    const whole = await other.observe(twoBack, at, account(), patience());
    expect(await adapter.observe(twoBack, at, account(), patience())).toEqual(whole);
    await other.close();
  });

  async function cutBefore(reader: SolanaAdapter, epochs: bigint): Promise<BlockStamp> {
    const ledger = harness.running.chain.ledger;
    const slot = at.height - epochs * 432_000n - 100n;
    const live = slot % 23n === 11n ? slot + 1n : slot;
    const found = await reader.firstCut(
      { height: live, hash: ledger.blockhash(live), timeMs: ledger.blockTime(live) * 1000n },
      patience(),
    );
    if (found === null) throw new Error('no cut there');
    return found;
  }

  it('R19: validators of an epoch that is over cannot be known any more; its rewards can', async () => {
    const [from, to] = [await cutBefore(adapter, 2n), await cutBefore(adapter, 1n)];
    await expect(adapter.validatorsAt(to, patience())).rejects.toMatchObject({
      code: 'STATE_PRUNED',
      retryable: false,
    });
    const seen = await adapter.observe(from, to, account(), patience());
    expect(seen.validators).toEqual([]);
    expect(seen.rewards.length).toBeGreaterThan(0);
  });

  it('R40: bytes whose blockhash has expired are dead with proof; one endpoint that does not answer is no proof', async () => {
    const now = await finalNow(adapter);
    const step = {
      operationId: 'life-late',
      index: 0,
      intent: { kind: 'delegate', validator: validator(0), amount: atoms(5n * SOL) },
    } as const;
    const lane = await adapter.nextLane(account(), now, patience());
    const signed = await harness.signer.sign(await adapter.build(step, lane, now, patience()));
    expect(signed.expiresAtHeight).not.toBeNull();
    await harness.running.chain.passSlots(100n);
    expect(await adapter.locate(signed, patience())).toEqual({ state: 'pending' });
    await harness.running.chain.passSlots(200n);
    const half = harness.openWith({ urls: [harness.url, 'http://127.0.0.1:9'], timeoutMs: 500 });
    expect(await half.locate(signed, patience())).toEqual({ state: 'pending' });
    await half.close();
    expect(await adapter.locate(signed, patience())).toMatchObject({
      state: 'dead',
      reason: expect.stringContaining('blockhash') as string,
    });
    expect((await adapter.broadcast(signed, patience())).kind).not.toBe('accepted');
    // A second signature for the same step meets the same address: it can only ever happen once.
    await harness.carryOut('life-late', step.intent);
    await expect(harness.carryOut('life-late', step.intent)).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('anybody may deactivate stake with a validator that has not voted for five epochs: it shows as leaving', async () => {
    const { chain, validators } = harness.running;
    const [late, voting] = [validators[3] ?? '', validators[0] ?? ''];
    await harness.carryOut('life-late-validator', { kind: 'delegate', validator: late, amount: atoms(40n * SOL) });
    await nextEpoch();
    await chain.setDelinquent(3, true);
    for (let i = 0; i < 6; i += 1) await nextEpoch();
    const position = books.positions.find((one) => one.validator === late);
    const stranger = devKey('stranger');
    const keys = [(position?.key ?? '').slice(4), late, voting].map((key, i) => ({
      pubkey: new PublicKey(key),
      isSigner: false,
      isWritable: i === 0,
    }));
    await chain.castVotes(0, 1_000n);
    const instruction = { keys, programId: StakeProgram.programId, data: Buffer.from([14, 0, 0, 0]) };
    await harness.act(new Transaction().add(new TransactionInstruction(instruction)), stranger);
    const seen = await nextEpoch();
    expect(seen.flows).toEqual([
      expect.objectContaining({
        kind: 'undelegate',
        positionKey: position?.key,
        amount: 0n,
        activeChange: -(position?.active ?? 0n),
        feeAtoms: 0n,
      }),
    ]);
    expect(seen.positions.find((one) => one.key === position?.key)?.withdrawable).toBe(position?.active);
    await chain.setDelinquent(3, false);
  });

  it('R42: a changed withdraw authority shows in the parameters of the next cut', async () => {
    const seen = await nextEpoch();
    expect(seen.parameters.others['authorities']).toBe(
      `staker ${account()}, withdrawer ${devKey('withdrawer').publicKey.toBase58()}`,
    );
    const stake = (seen.positions[0]?.key ?? '').slice(4);
    const thief = devKey('stranger');
    const change = StakeProgram.authorize({
      stakePubkey: new PublicKey(stake),
      authorizedPubkey: devKey('withdrawer').publicKey,
      newAuthorizedPubkey: thief.publicKey,
      stakeAuthorizationType: StakeAuthorizationLayout.Withdrawer,
    });
    await harness.act(change, thief, devKey('withdrawer'));
    const after = await nextEpoch();
    expect(after.parameters.others['authorities']).toBe(
      `${stake}: staker ${account()}, withdrawer ${thief.publicKey.toBase58()}`,
    );
  });

  it('a mass of stake warms up over several epochs, and the buckets follow the chain', async () => {
    // A tenth of the cluster's stake and more asks to become active at once: 9 % a boundary is the limit.
    const { chain } = harness.running;
    const { fund } = await import('../../../devnet/chains/solana/index.js');
    fund(chain, devKey('stranger').publicKey.toBase58(), 2_000_000n * SOL);
    await chain.include();
    await harness.act(strangersStake('mass', 1_500_000, validator(1)), devKey('stranger'));
    await harness.carryOut('life-mass', {
      kind: 'delegate',
      validator: validator(1),
      amount: atoms(10_000n * SOL + 11n),
    });
    const [first, second] = [await nextEpoch(), await nextEpoch()];
    const ours = (seen: Observation): Position | undefined =>
      seen.positions.find((one) => one.active + one.activating >= 10_000n * SOL);
    const [a, b] = [ours(first), ours(second)];
    expect(a?.activating).toBeGreaterThan(0n);
    expect(a?.active).toBeGreaterThan(0n);
    expect(b?.active).toBeGreaterThan(a?.active ?? 0n);
    await expectClusterActivating(second);
  });

  /** All stake that is waiting, ours and the stranger's, as the Bank itself has added it up in StakeHistory. */
  async function expectClusterActivating(seen: Observation): Promise<void> {
    const { ledger } = harness.running.chain;
    const data = ledger.accountAt('SysvarStakeHistory1111111111111111111111111', at.height)?.data;
    const waiting = data?.readBigUInt64LE(8 + 16) ?? 0n;
    const before = ((10_000n * SOL + 11n) * 10n ** 18n) / (1_510_000n * SOL + 11n);
    const previous = await adapter.positionsAt(await cutBefore(adapter, 0n), account(), patience());
    const left = previous.find((one) => one.activating > 0n)?.activating ?? 0n;
    // Our part of what waits is the same as at the beginning: everybody warms up at one rate.
    const share = (left * 10n ** 18n) / waiting;
    const off = share > before ? share - before : before - share;
    expect(off).toBeLessThan(10n ** 8n);
    expect(seen.positions.length).toBeGreaterThan(0);
  }
});
