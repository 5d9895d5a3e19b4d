import type { OperationAttempt } from '@app/database';
import { atoms } from '@app/staking-core';
import { CHAIN_SYNC_FAULT_POINTS } from '../fault-points.js';
import { Crash, ToyBooks, type Worker } from '../testing/toy-books.js';
import { COIN, ToyChain, type BroadcastMode } from '../testing/toy-chain.js';
import { advanceOperations } from './advance-operations.js';
import { keepStakeOnTarget } from './keep-stake-on-target.js';

jest.setTimeout(60_000);

const never = new AbortController().signal;
const POLICY = { shareBps: 8_000n, validators: 2, reserve: atoms(COIN / 10n) };
const OPERATE_POINTS = CHAIN_SYNC_FAULT_POINTS.slice(6);

describe('R40: an operation', () => {
  let books: ToyBooks;
  beforeAll(async () => {
    books = await ToyBooks.open('operations');
  });
  afterAll(() => books.close());
  beforeEach(() => books.wipe());

  const newChain = (): ToyChain => new ToyChain(1_000n * COIN).mineDays(1).mine(3);

  /** One visit of the worker: what is under way goes on, then the plan is looked at. */
  async function visit(worker: Worker): Promise<void> {
    const parts = await books.operating(worker);
    const { final } = worker.adapter.toy;
    await advanceOperations(parts, final, never);
    await keepStakeOnTarget(parts, POLICY, final, never);
    await advanceOperations(parts, final, never);
  }

  /** Visits and mines until nothing is under way. */
  async function settle(worker: Worker, toy: ToyChain, visits = 12): Promise<OperationAttempt[]> {
    for (let i = 0; i < visits; i += 1) {
      await visit(worker);
      toy.mine();
    }
    await advanceOperations(await books.operating(worker), toy.final, never);
    return books.allAttempts();
  }

  /** Exactly one effect for each: 400 coins with each of two validators, whatever happened on the way. */
  function expectOneEffect(toy: ToyChain): void {
    const staked = [...toy.head.state.stake].map(([validator, amount]) => [validator, amount - (amount % COIN)]).sort();
    expect(staked).toEqual([
      ['val-a', 400n * COIN],
      ['val-b', 400n * COIN],
    ]);
    const delegations = [];
    for (let height = 0n; height <= toy.head.height; height += 1n) delegations.push(...toy.block(height)!.transactions);
    expect(
      delegations.filter(({ transaction, succeeded }) => succeeded && transaction.kind === 'delegate'),
    ).toHaveLength(2);
  }

  const statesOf = (attempts: readonly OperationAttempt[]): string[] => attempts.map(({ state }) => state);

  it('R36: brings custody to its share, evenly, and stays there', async () => {
    const toy = newChain();
    const worker = books.worker(toy, 'one');
    const attempts = await settle(worker, toy);
    expect(statesOf(attempts)).toEqual(['EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
    expect(attempts.map(({ operationId, laneNumber }) => [operationId, laneNumber])).toEqual([
      ['bnb.2026-11-18.val-a.delegate', 0n],
      ['bnb.2026-11-18.val-b.delegate', 1n],
    ]);
    expectOneEffect(toy);
    // Same bytes only, however often they were sent.
    expect(new Set(toy.received).size).toBe(2);
    for (const attempt of attempts) expect(attempt.includedHeight).not.toBeNull();
  });

  it('goes through its states one by one, and is final only when the chain says so', async () => {
    const toy = newChain();
    const worker = books.worker(toy, 'one');
    toy.stallFinality();
    await visit(worker);
    expect(statesOf(await books.allAttempts())).toEqual(['BROADCAST', 'BROADCAST']);
    toy.mine(5);
    await visit(worker);
    expect(statesOf(await books.allAttempts())).toEqual(['INCLUDED', 'INCLUDED']);
    toy.resumeFinality();
    await visit(worker);
    expect(statesOf(await books.allAttempts())).toEqual(['EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
  });

  it.each<BroadcastMode>(['drop-after-accept', 'answer-lost', 'never-arrives', 'reject'])(
    'broadcast %s: the same bytes again, one effect',
    async (mode) => {
      const toy = newChain();
      toy.broadcasts.push(mode, mode, 'accept', mode);
      const worker = books.worker(toy, 'one');
      const attempts = await settle(worker, toy);
      expect(statesOf(attempts)).toEqual(['EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
      expectOneEffect(toy);
      expect(new Set(toy.received).size).toBe(2);
    },
  );

  it.each(OPERATE_POINTS.filter((point) => point !== 'chain-sync.dead-stored'))(
    'a crash at %s and another process: exactly one effect',
    async (point) => {
      for (const hit of [1, 2]) {
        const toy = newChain();
        let passed = 0;
        const crashing = books.worker(toy, 'crashes', {
          reach: (at) => {
            if (at === point && (passed += 1) === hit) throw new Crash(point);
          },
        });
        // Left to itself until it falls; then the process is gone and only the database is left.
        for (let i = 0; i < 12 && passed < hit; i += 1) {
          await visit(crashing).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
          if (passed < hit) toy.mine();
        }
        // Planning is one transaction for both operations: it is passed once.
        if (point === 'chain-sync.operations-planned') expect(passed).toBeGreaterThanOrEqual(1);
        else expect(passed).toBe(hit);
        await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');
        const attempts = await settle(books.worker(toy, 'goes on'), toy);
        expect(statesOf(attempts)).toEqual(['EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
        expectOneEffect(toy);
        await books.wipe();
      }
    },
  );

  it('a crash after signing and before storing may sign again: those bytes were never sent', async () => {
    const toy = newChain();
    const crashing = books.worker(toy, 'crashes', {
      reach: (at) => {
        if (at === 'chain-sync.bytes-signed') throw new Crash(at);
      },
    });
    await expect(visit(crashing)).rejects.toBeInstanceOf(Crash);
    expect(toy.received).toEqual([]);
    expect(statesOf(await books.allAttempts())).toEqual(['PLANNED', 'PLANNED']);
  });

  it('a reorg takes it out again: the same bytes go back in', async () => {
    const toy = newChain();
    const worker = books.worker(toy, 'one');
    await visit(worker);
    toy.mine();
    await visit(worker);
    expect(statesOf(await books.allAttempts())).toEqual(['INCLUDED', 'INCLUDED']);
    toy.reorg(1, true);
    await visit(worker);
    expect(statesOf(await books.allAttempts())).toEqual(['BROADCAST', 'BROADCAST']);
    const attempts = await settle(worker, toy);
    expect(statesOf(attempts)).toEqual(['EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
    expectOneEffect(toy);
    expect(new Set(toy.received).size).toBe(2);
  });

  it('signs again only after proof of death, under the same id', async () => {
    const toy = newChain();
    toy.broadcasts.push('never-arrives', 'never-arrives', 'never-arrives', 'never-arrives', 'never-arrives');
    const worker = books.worker(toy, 'one');
    await visit(worker);
    expect(statesOf(await books.allAttempts())).toEqual(['UNKNOWN', 'PLANNED']);
    // Its number is used elsewhere, but not finally: not dead yet.
    toy.useNumberElsewhere();
    toy.mine(2);
    await visit(worker);
    expect(statesOf(await books.allAttempts())).toEqual(['UNKNOWN', 'PLANNED']);
    toy.mine(1);
    const attempts = await settle(worker, toy);
    expect(
      attempts.map(({ operationId, attempt, state, laneNumber }) => [
        operationId.split('.')[2],
        attempt,
        state,
        laneNumber,
      ]),
    ).toEqual([
      ['val-a', 1, 'DEAD', 0n],
      ['val-a', 2, 'EFFECT_VERIFIED', expect.any(BigInt)],
      ['val-b', 1, 'EFFECT_VERIFIED', expect.any(BigInt)],
    ]);
    expectOneEffect(toy);
  });

  it('a crash right after the burial: the next attempt is planned already', async () => {
    const toy = newChain();
    toy.broadcasts.push('never-arrives');
    let crash = true;
    const worker = books.worker(toy, 'one', {
      reach: (at) => {
        if (crash && at === 'chain-sync.dead-stored') throw new Crash(at);
      },
    });
    await visit(worker);
    toy.useNumberElsewhere();
    toy.mine(3);
    await expect(visit(worker)).rejects.toBeInstanceOf(Crash);
    const val = (await books.allAttempts()).filter(({ operationId }) => operationId.includes('val-a'));
    expect(statesOf(val)).toEqual(['DEAD', 'PLANNED']);
    crash = false;
    expect(statesOf(await settle(worker, toy))).toEqual(['DEAD', 'EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
    expectOneEffect(toy);
  });

  it('what the chain would refuse ends unsigned, and its number stays free', async () => {
    const toy = newChain();
    const worker = books.worker(toy, 'one');
    const parts = await books.operating(worker);
    await keepStakeOnTarget(parts, POLICY, toy.final, never);
    toy.jailed.add('val-a');
    await advanceOperations(parts, toy.final, never);
    const attempts = await books.allAttempts();
    expect(attempts.map(({ state, laneNumber, bytes }) => [state, laneNumber, bytes !== null])).toEqual([
      ['FAILED', null, false],
      ['BROADCAST', 0n, true],
    ]);
  });

  it('is judged by what moved: included and reverted is FAILED', async () => {
    const toy = newChain();
    const worker = books.worker(toy, 'one');
    await visit(worker);
    toy.jailed.add('val-a');
    toy.mine(4);
    await advanceOperations(await books.operating(worker), toy.final, never);
    const attempts = await books.allAttempts();
    expect(statesOf(attempts)).toEqual(['FAILED', 'EFFECT_VERIFIED']);
    expect(attempts[0]!.detail).toBe('moved 0 of 400000000000000000000');
  });

  it('R36: two processes that plan at once plan once', async () => {
    const toy = newChain();
    const one = await books.operating(books.worker(toy, 'one'));
    await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');
    const two = await books.operating(books.worker(toy, 'two'));
    const outcomes = await Promise.allSettled([
      keepStakeOnTarget(one, POLICY, toy.final, never),
      keepStakeOnTarget(two, POLICY, toy.final, never),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(await books.allAttempts()).toHaveLength(2);
  });

  it('R36: plans nothing while anything is under way, nor before the chain shows the last operation', async () => {
    const toy = newChain();
    const worker = books.worker(toy, 'one');
    toy.broadcasts.push('never-arrives');
    await visit(worker);
    const parts = await books.operating(worker);
    expect(await keepStakeOnTarget(parts, POLICY, toy.final, never)).toBe(0);
    await settle(worker, toy);
    const included = (await books.operations.highestIncluded('bnb'))!;
    const older = toy.block(included - 1n)!;
    // Before the delegations, all custody is liquid: a third validator would seem to have room.
    expect(await keepStakeOnTarget(parts, { ...POLICY, validators: 3 }, older, never)).toBe(0);
    toy.mineDays(1);
    expect(await keepStakeOnTarget(parts, { ...POLICY, shareBps: 9_000n }, toy.final, never)).toBe(2);
  });
});
