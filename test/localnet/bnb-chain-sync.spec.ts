import { openChainAdapter, openDevSigner, type ChainAdapter, type TransactionSigner } from '@app/chains';
import { atoms } from '@app/staking-core';
import { CHAIN_SYNC_FAULT_POINTS } from '../../apps/chain-sync/src/fault-points.js';
import { ChainRunner } from '../../apps/chain-sync/src/run-chain.js';
import { Crash, ToyBooks, type WorkerOptions } from '../../apps/chain-sync/src/testing/toy-books.js';
import {
  BNB_CHAIN_ID,
  devAccount,
  liveDay,
  ONE_BNB,
  startTemporaryBnbChain,
  utcDay,
  type RunningBnbChain,
} from '../../devnet/chains/bnb/index.js';

jest.setTimeout(60_000);

const never = new AbortController().signal;
const POLICY = { shareBps: 8_000n, validators: 3, reserve: atoms(ONE_BNB / 10n) };
const CUSTODY = 10_000n * ONE_BNB;

describe('chain-sync on a real local chain', () => {
  const treasury = devAccount('treasury');
  const account = treasury.address.toLowerCase();
  let books: ToyBooks;
  let running: RunningBnbChain;
  let signer: TransactionSigner;
  const adapters: ChainAdapter[] = [];

  beforeAll(async () => {
    signer = await openDevSigner({ chain: 'bnb', privateKey: treasury.privateKey, chainId: BigInt(BNB_CHAIN_ID) });
  });
  beforeEach(async () => {
    [books, running] = await Promise.all([
      ToyBooks.open('bnb chain-sync'),
      startTemporaryBnbChain({ treasuryBalance: CUSTODY }),
    ]);
  });
  afterEach(async () => {
    for (const adapter of adapters.splice(0)) await adapter.close();
    await Promise.all([books.close(), running.stop()]);
  });

  /** A process of its own, as `main.ts` puts it together. */
  async function process(name: string, options: WorkerOptions & { operates?: boolean } = {}): Promise<ChainRunner> {
    const adapter = await openChainAdapter({ chain: 'bnb', urls: [running.url], chainId: BigInt(BNB_CHAIN_ID) });
    adapters.push(adapter);
    const parts = books.workerOn(adapter, account, name, options);
    const operating = options.operates === false ? null : { signer, operations: books.operations, policy: POLICY };
    return new ChainRunner(parts, operating, 50);
  }

  /** Looks that must go well. */
  async function look(runner: ChainRunner): Promise<void> {
    expect(await runner.look(never)).toMatchObject({ error: null });
  }

  /** From genesis over the first midnight, so that books can open; then our delegations until they are verified. */
  async function delegated(runner: ChainRunner): Promise<void> {
    await running.driver.breathe();
    await running.driver.finalize();
    for (let i = 0; i < 4; i += 1) {
      await look(runner);
      await running.driver.mine();
      await running.driver.finalize();
    }
    await look(runner);
  }

  async function liveDays(count: number, after: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      await liveDay(running.driver, utcDay((await running.chain.head()).timestamp));
      await after();
    }
  }

  const states = async (): Promise<string[]> => (await books.allAttempts()).map(({ state }) => state);

  it('R13, R36, R41: delegates, and reads the rewards of each day to the atom', async () => {
    const runner = await process('one');
    await delegated(runner);
    expect(await states()).toEqual(['EFFECT_VERIFIED', 'EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
    await liveDays(3, () => look(runner));

    const days = await books.db.rows<{ day: string; average_stake: string }>(
      'SELECT day, average_stake FROM chain_day ORDER BY day',
    );
    expect(days.map(({ day }) => day)).toEqual(['2026-11-14', '2026-11-15', '2026-11-16']);
    const stake = (CUSTODY * POLICY.shareBps) / 10_000n;
    expect(BigInt(days[2]!.average_stake) > stake).toBe(true);
    expect(BigInt(days[2]!.average_stake) < stake + 10n * ONE_BNB).toBe(true);
    const rewards = await books.db.rows<{ period: string; amount: string; cross_check: string }>(
      'SELECT period, amount, cross_check FROM chain_reward ORDER BY key',
    );
    expect(rewards).toHaveLength(9);
    for (const { amount, cross_check } of rewards) {
      expect(BigInt(amount)).toBeGreaterThan(0n);
      expect(cross_check).not.toBeNull();
    }
    expect(await books.count('chain_flow')).toBe(3);
    expect(runner.status).toMatchObject({ outcome: 'observed', haltedReason: null });
  });

  it('R2: read day by day with crashes at every point, or in one go by two at once: the same rows', async () => {
    const first = await process('first');
    await delegated(first);
    await first.parts.leadership.release();
    const opening = (await books.observations.cursor('bnb'))!.cut;
    const points = CHAIN_SYNC_FAULT_POINTS.slice(0, 6);
    for (const point of points) {
      await liveDays(1);
      let crashed = false;
      const reach = (at: string): void => {
        if (at === point && !crashed) {
          crashed = true;
          throw new Crash(point);
        }
      };
      const falling = await process(`falls at ${point}`, { reach, operates: false });
      expect((await falling.look(never)).error).toBe('UNEXPECTED');
      expect(crashed).toBe(true);
      falling.parts.leadership.drop();
      await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');
      const next = await process(`goes on after ${point}`, { operates: false });
      await look(next);
      await next.parts.leadership.release();
    }
    const withCrashes = await books.contents();
    expect(await books.count('chain_day')).toBe(points.length);

    await books.wipe();
    const pair = await Promise.all([process('left', { operates: false }), process('right', { operates: false })]);
    for (const runner of pair) runner.parts.adapter.firstCut = () => Promise.resolve(opening);
    const done = async () => (await books.count('chain_day')) === points.length;
    for (let i = 0; i < 20 && !(await done()); i += 1) await Promise.all(pair.map((runner) => runner.look(never)));
    await Promise.all(pair.map((runner) => runner.look(never)));
    expect(await books.contents()).toEqual(withCrashes);
  });

  it.each(CHAIN_SYNC_FAULT_POINTS.slice(6, -1))('R40: a crash at %s: each delegation happens once', async (point) => {
    await running.driver.breathe();
    await running.driver.finalize();
    let crashed = false;
    const reach = (at: string): void => {
      if (at === point && !crashed) {
        crashed = true;
        throw new Crash(point);
      }
    };
    const falling = await process('falls', { reach });
    for (let i = 0; i < 6 && !crashed; i += 1) {
      await falling.look(never);
      await running.driver.mine();
      await running.driver.finalize();
    }
    expect(crashed).toBe(true);
    falling.parts.leadership.drop();
    await books.db.affected('UPDATE lease SET expires_at = clock_timestamp()');
    await delegated(await process('goes on'));
    expect(await states()).toEqual(['EFFECT_VERIFIED', 'EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
    await expectThreeDelegations();
  });

  it('R40: a reorg drops our transactions: the same bytes go in again, once', async () => {
    await running.driver.breathe();
    await running.driver.finalize();
    const runner = await process('one');
    await look(runner);
    const sent = (await books.allAttempts()).map(({ txid }) => txid);
    await running.driver.mine();
    await look(runner);
    expect(await states()).toEqual(['INCLUDED', 'INCLUDED', 'INCLUDED']);
    await running.driver.reorg(1);
    await look(runner);
    expect(await states()).toEqual(['BROADCAST', 'BROADCAST', 'BROADCAST']);
    await running.driver.mine();
    await running.driver.finalize();
    await look(runner);
    const attempts = await books.allAttempts();
    expect(attempts.map(({ state }) => state)).toEqual(['EFFECT_VERIFIED', 'EFFECT_VERIFIED', 'EFFECT_VERIFIED']);
    expect(attempts.map(({ txid }) => txid)).toEqual(sent);
    await expectThreeDelegations();
  });

  it('halts when final blocks were replaced; R19: an endpoint that is down moves nothing', async () => {
    const runner = await process('one');
    await delegated(runner);
    await liveDays(1, () => look(runner));
    const before = await books.contents();

    running.driver.rpcDown();
    await liveDays(1);
    expect((await runner.look(never)).error).toBe('UNREACHABLE');
    expect(await books.contents()).toEqual(before);
    running.driver.rpcUp();
    await look(runner);
    expect(await books.count('chain_day')).toBe(2);

    const facts = (await books.contents()).filter((line) => !line.startsWith('chain_cursor'));
    await running.driver.reorg(6, { beyondFinality: true });
    await liveDays(1);
    expect(await runner.look(never)).toMatchObject({
      outcome: 'halted',
      haltedReason: expect.stringContaining('HASH_DISCONTINUITY') as string,
    });
    expect((await books.contents()).filter((line) => !line.startsWith('chain_cursor'))).toEqual(facts);
  });

  it('a stalled finality brings no day and raises the alarm', async () => {
    const runner = await process('one');
    await delegated(runner);
    await running.driver.stallFinality();
    await liveDays(1, () => look(runner));
    expect(await books.count('chain_day')).toBe(0);
    expect(runner.parts.metrics.finalityAlarm('bnb')).toBe('FINALITY_LAGS');
    await running.driver.resumeFinality();
    await look(runner);
    expect(await books.count('chain_day')).toBe(1);
  });

  /** What the chain itself says: 8,000 of 10,000 BNB with three validators, and as many transactions as operations. */
  async function expectThreeDelegations(): Promise<void> {
    const probe = await process('probe', { operates: false });
    const { adapter } = probe.parts;
    const final = await adapter.finalStamp(never);
    const positions = await adapter.positionsAt(final, account, never);
    const staked = positions.reduce((sum, position) => sum + position.active, 0n);
    const target = (CUSTODY * POLICY.shareBps) / 10_000n;
    expect(positions).toHaveLength(3);
    // Buying shares rounds down by an atom each.
    expect(target - staked >= 0n && target - staked < 10n).toBe(true);
    expect((await adapter.nextLane(account, final, never)).number).toBe(3n);
  }
});
