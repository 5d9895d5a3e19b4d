import { ChainError } from '@app/chains';
import { CursorMoved, LeaseLost, LeaseRepository } from '@app/database';
import { CHAIN_SYNC_FAULT_POINTS } from '../fault-points.js';
import { COIN, ToyChain } from '../testing/toy-chain.js';
import { Crash, ToyBooks, type Worker } from '../testing/toy-books.js';
import { observeChain } from './observe-chain.js';

jest.setTimeout(60_000);

const never = new AbortController().signal;
const observe = (worker: Worker) => observeChain(worker, never);

/** A week with stake on two validators; `days` of it final. */
function chainOf(days: number): ToyChain {
  return new ToyChain(1_000n * COIN, { 'val-a': 300n * COIN, 'val-b': 500n * COIN }).mineDays(days).mine(3);
}

describe('following a chain', () => {
  let books: ToyBooks;
  beforeAll(async () => {
    books = await ToyBooks.open('observe chain');
  });
  afterAll(() => books.close());
  beforeEach(() => books.wipe());

  it('R13: stores each reward once, with its day, block and interval', async () => {
    const toy = chainOf(0);
    const worker = books.worker(toy, 'one');
    expect(await observe(worker)).toMatchObject({ kind: 'observed', cuts: 0 });
    toy.mineDays(3);
    expect(await observe(worker)).toMatchObject({ kind: 'observed', cuts: 3 });
    expect(await observe(worker)).toMatchObject({ kind: 'observed', cuts: 0 });

    const rewards = await books.db.rows(
      'SELECT period, validator, amount, earned_from, earned_to, height FROM chain_reward ORDER BY key',
    );
    expect(rewards).toHaveLength(6);
    expect(rewards[0]).toEqual({
      period: '2026-11-17',
      validator: 'val-a',
      // 300 coins + the reward of the day before, a ten-thousandth, and the toy chain's oddity.
      amount: toy.block(5n)!.rewards.get('val-a')!.toString(),
      earned_from: new Date('2026-11-17T00:00:00.000Z'),
      earned_to: new Date('2026-11-18T00:00:00.000Z'),
      height: '5',
    });
    const days = await books.db.rows('SELECT day, average_stake FROM chain_day ORDER BY day');
    expect(days.map((row) => (row as { day: string }).day)).toEqual(['2026-11-17', '2026-11-18', '2026-11-19']);
  });

  it('R19: what the opening cut needs later is kept before the books open at it', async () => {
    const toy = chainOf(1);
    const worker = books.worker(toy, 'one');
    const kept: string[] = [];
    let full = true;
    const adapter = Object.assign(worker.adapter, {
      keepCut: async ({ hash }: { readonly hash: string }): Promise<void> => {
        expect(await books.observations.cursor('bnb')).toBeNull();
        if (full) throw new ChainError('UNREACHABLE', 'bnb', 'no room to keep it');
        kept.push(hash);
      },
    });
    await expect(observe(worker)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(await books.observations.cursor(adapter.chain)).toBeNull();
    full = false;
    await observe(worker);
    await observe(worker);
    expect(kept).toEqual([(await books.observations.cursor(adapter.chain))!.cut.hash]);
  });

  it('R2: one look or many, from any cursor: the same rows', async () => {
    const toy = chainOf(0);
    const one = books.worker(toy, 'bit by bit');
    await observe(one);
    for (let day = 0; day < 5; day += 1) {
      toy.mineDays(1);
      await observe(one);
    }
    const bitByBit = await books.contents();

    // A person sets the cursor back; everything is read again and nothing changes.
    for (const height of [1n, 9n, 17n]) {
      await books.db.affected('UPDATE chain_cursor SET height = $1, hash = $2, at = $3', [
        height,
        toy.block(height)!.hash,
        new Date(Number(toy.block(height)!.timeMs)),
      ]);
      expect(await observe(one)).toMatchObject({ kind: 'observed' });
      expect(await books.contents()).toEqual(bitByBit);
    }

    // Other books, opened at the same cut, read it all in one look.
    await books.wipe();
    const later = books.worker(toy, 'all at once');
    later.adapter.firstCut = () => Promise.resolve(toy.block(1n)!);
    await observe(later);
    expect(await books.contents()).toEqual(bitByBit);
  });

  it.each(CHAIN_SYNC_FAULT_POINTS.slice(0, 6))(
    'R13: a crash at %s and another process: the same rows',
    async (point) => {
      const toy = chainOf(0);
      const opener = books.worker(toy, 'opener');
      await observe(opener);
      await opener.leadership.release();
      toy.mineDays(4);
      const expected = await (async () => {
        await observe(opener);
        return books.contents();
      })();
      expect(expected.filter((line) => line.startsWith('chain_reward'))).toHaveLength(8);
      await books.wipe();

      for (const hit of [1, 2, 4]) {
        let passed = 0;
        const crashing = books.worker(toy, `crashes at ${hit}`, {
          reach: (at) => {
            if (at === point && (passed += 1) === hit) throw new Crash(point);
          },
        });
        crashing.adapter.firstCut = () => Promise.resolve(toy.block(1n)!);
        for (let look = 0; look < hit; look += 1) await observe(crashing).catch(expectCrash);
        expect(passed).toBeGreaterThanOrEqual(1);
        // The process is gone; its lease runs out.
        await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');
        const next = books.worker(toy, `goes on after ${hit}`);
        next.adapter.firstCut = () => Promise.resolve(toy.block(1n)!);
        await observe(next);
        expect(await books.contents()).toEqual(expected);
        await books.wipe();
      }
    },
  );

  it('R19: a failed read moves nothing and writes no zero', async () => {
    const toy = chainOf(2);
    const worker = books.worker(toy, 'one');
    await observe(worker);
    toy.mineDays(2);
    const before = await books.contents();
    const facts = before.filter((line) => !line.startsWith('chain_cursor'));
    for (const call of ['identity', 'finalStamp', 'isCanonical', 'nextCut', 'observe'] as const) {
      worker.adapter.before = (name) => {
        if (name === call) throw new ChainError('UNREACHABLE', 'bnb', 'cable cut');
      };
      await expect(observe(worker)).rejects.toMatchObject({ code: 'UNREACHABLE' });
      const now = await books.contents();
      expect(now.filter((line) => !line.startsWith('chain_cursor'))).toEqual(facts);
      expect((await books.observations.cursor('bnb'))!.cut.height).toBe(9n);
    }
    worker.adapter.before = () => undefined;
    expect(await observe(worker)).toMatchObject({ cuts: 2 });
  });

  it('R13: a reorg above finality leaves no trace', async () => {
    const toy = chainOf(2);
    const worker = books.worker(toy, 'one');
    await observe(worker);
    toy.mineDays(1);
    toy.reorg(2);
    toy.mineDays(1).reorg(1);
    toy.mineDays(1);
    await observe(worker);
    const seen = (await books.contents()).filter((line) => !line.startsWith('chain_cursor'));
    for (const line of seen) {
      const { height, hash } = JSON.parse(line.slice(line.indexOf('{'))) as { height?: number; hash?: string };
      if (hash !== undefined) expect(toy.block(BigInt(height!))!.hash).toBe(hash);
    }
    expect(await books.count('chain_day')).toBe(3);
  });

  it('halts when the last cut is no longer on the chain, and stays so until a person resumes it', async () => {
    const toy = chainOf(2);
    const worker = books.worker(toy, 'one');
    await observe(worker);
    const before = await books.contents();
    const original = toy.block(5n)!.hash;
    toy.reorg(Number(toy.head.height) - 3).mineDays(2);
    expect(toy.block(5n)!.hash).not.toBe(original);

    const outcome = await observe(worker);
    expect(outcome).toMatchObject({ kind: 'halted', reason: expect.stringContaining('HASH_DISCONTINUITY') as string });
    const after = await books.contents();
    expect(after.slice(0, -1)).toEqual(before.slice(0, -1));
    expect(await observe(worker)).toEqual(outcome);
    // Another process obeys as well.
    await worker.leadership.release();
    expect(await observe(books.worker(toy, 'two'))).toEqual(outcome);

    const { reason } = outcome as { reason: string };
    expect(await books.observations.resume('bnb', 'something else')).toBe(false);
    expect(await books.observations.resume('bnb', reason)).toBe(true);
    expect((await books.observations.cursor('bnb'))!.halted).toBeNull();
  });

  it('halts when the newest final block was taken back, though the last cut is still there', async () => {
    const toy = chainOf(2);
    const worker = books.worker(toy, 'one');
    toy.mine(2);
    await observe(worker);
    const { cut, final } = (await books.observations.cursor('bnb'))!;
    expect(final.height).toBeGreaterThan(cut.height);
    toy.reorg(Number(toy.head.height - cut.height)).mine(4);
    expect(await observe(worker)).toMatchObject({
      kind: 'halted',
      reason: expect.stringContaining(final.hash) as string,
    });
  });

  it('does not follow an endpoint of another chain, and halts nothing for it', async () => {
    const toy = chainOf(2);
    const worker = books.worker(toy, 'one');
    await observe(worker);
    worker.adapter.chainId = '97';
    await expect(observe(worker)).rejects.toMatchObject({ code: 'WRONG_CHAIN', retryable: false });
    worker.adapter.chainId = '56';
    expect(await observe(worker)).toMatchObject({ kind: 'observed' });
  });

  it('waits while finality stalls, and goes on by itself', async () => {
    const toy = chainOf(2);
    const worker = books.worker(toy, 'one');
    await observe(worker);
    toy.stallFinality();
    toy.mineDays(3);
    expect(await observe(worker)).toMatchObject({ kind: 'observed', cuts: 0 });
    expect(worker.metrics.finalityAlarm('bnb')).toBe('FINALITY_LAGS');
    toy.resumeFinality();
    expect(await observe(worker)).toMatchObject({ kind: 'observed', cuts: 3 });
  });

  it('R41: one atom that nothing explains halts the chain: no day, no reward, no cursor', async () => {
    const toy = chainOf(2);
    const worker = books.worker(toy, 'one');
    await observe(worker);
    const before = await books.contents();
    toy.mineDays(1);
    worker.adapter.distort = (observation) => ({
      ...observation,
      positions: observation.positions.map((position, index) =>
        index === 0 ? { ...position, active: (position.active + 1n) as typeof position.active } : position,
      ),
    });
    expect(await observe(worker)).toMatchObject({
      kind: 'halted',
      reason: expect.stringMatching(/^POSITIONS_DIFFER: bnb:val-a:.*1 atoms off/) as string,
    });
    expect((await books.contents()).slice(0, -1)).toEqual(before.slice(0, -1));

    // Looked into, put right, resumed: the same day is read again.
    worker.adapter.distort = (observation) => observation;
    const { halted } = (await books.observations.cursor('bnb'))!;
    await books.observations.resume('bnb', halted!);
    expect(await observe(worker)).toMatchObject({ kind: 'observed', cuts: 1 });
  });

  it('R13: another amount under a key that is stored halts the chain', async () => {
    const toy = chainOf(0);
    const worker = books.worker(toy, 'one');
    await observe(worker);
    toy.mineDays(1);
    await observe(worker);
    const [stored] = await books.db.rows<{ amount: string }>(
      `SELECT amount FROM chain_reward WHERE validator = 'val-a'`,
    );
    await books.tamper(`UPDATE chain_reward SET amount = amount + 1 WHERE validator = 'val-a'`);
    await books.db.affected('UPDATE chain_cursor SET height = 1, hash = $1', [toy.block(1n)!.hash]);
    expect(await observe(worker)).toMatchObject({
      kind: 'halted',
      reason: expect.stringContaining('FACT_CONTRADICTION') as string,
    });
    const [now] = await books.db.rows<{ amount: string }>(`SELECT amount FROM chain_reward WHERE validator = 'val-a'`);
    expect(BigInt(now!.amount)).toBe(BigInt(stored!.amount) + 1n);
  });

  it('one leads, the other stands by; after release the other leads with a higher fence', async () => {
    const toy = chainOf(2);
    const one = books.worker(toy, 'one');
    const two = books.worker(toy, 'two');
    const first = await observe(one);
    expect(await observe(two)).toEqual({ kind: 'standby' });
    await one.leadership.release();
    const second = await observe(two);
    if (first.kind !== 'observed' || second.kind !== 'observed') throw new Error('both observed');
    expect(second.lease.fence).toBe(first.lease.fence + 1n);
  });

  it('a leader that slept through its expiry writes nothing', async () => {
    const toy = chainOf(1);
    const sleeper = books.worker(toy, 'sleeper');
    await observe(sleeper);
    toy.mineDays(2);
    const awake = books.worker(toy, 'awake');
    sleeper.adapter.before = async (call) => {
      if (call !== 'observe') return;
      // As long as the observation takes, the lease runs out and another process takes over and finishes.
      sleeper.adapter.before = () => undefined;
      await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');
      expect(await observe(awake)).toMatchObject({ kind: 'observed', cuts: 2 });
    };
    await expect(observe(sleeper)).rejects.toBeInstanceOf(LeaseLost);
    expect((await books.observations.cursor('bnb'))!.fence).toBe(2n);
  });

  it('two processes with leases that run out all the time: the same rows, each once', async () => {
    const toy = chainOf(0);
    const expected = await (async () => {
      const opener = books.worker(toy, 'opener');
      await observe(opener);
      toy.mineDays(8);
      await observe(opener);
      return books.contents();
    })();
    await books.wipe();

    const seed = { value: 7 };
    const random = (): number => (seed.value = (seed.value * 48_271) % 2_147_483_647) / 2_147_483_647;
    const fences: string[] = [];
    const errors: string[] = [];
    const until = Date.now() + 20_000;
    const done = async (): Promise<boolean> => (await books.observations.cursor('bnb'))?.cut.height === 33n;
    // Most renewals get lost on the way, so that the lease runs out under work again and again.
    const leases = new LeaseRepository(books.db);
    const renew = leases.renew.bind(leases);
    leases.renew = (lease, ttlMs) => (random() < 0.8 ? Promise.reject(new Error('lost')) : renew(lease, ttlMs));
    const runner = async (name: string): Promise<void> => {
      const worker = books.worker(toy, name, { ttlMs: 60, leases });
      worker.adapter.firstCut = () => Promise.resolve(toy.block(1n)!);
      worker.adapter.before = () => new Promise((resolve) => setTimeout(resolve, random() * 25));
      while (Date.now() < until && !(await done())) {
        try {
          const outcome = await observe(worker);
          if (outcome.kind === 'observed') fences.push(`${name}:${outcome.lease.fence}`);
        } catch (error) {
          if (error instanceof LeaseLost) worker.leadership.drop();
          else if (!(error instanceof CursorMoved)) throw error;
          errors.push((error as Error).name);
        }
        // Lets go at random moments, as a process does that is restarted.
        if (random() < 0.5) await worker.leadership.release();
      }
      worker.leadership.drop();
    };
    await Promise.all([runner('one'), runner('two')]);
    const last = books.worker(toy, 'last');
    await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');
    await observe(last);
    expect(await books.contents()).toEqual(expected);
    const [{ fence }] = (await books.db.rows<{ fence: string }>('SELECT fence FROM lease')) as [{ fence: string }];
    expect(Number(fence)).toBeGreaterThan(5);
    expect(errors).toContain('LeaseLost');
  }, 40_000);
});

function expectCrash(error: unknown): void {
  expect(error).toBeInstanceOf(Crash);
}
