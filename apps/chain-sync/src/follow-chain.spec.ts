import { ChainError, type ChainName } from '@app/chains';
import { ConfigError, createLogger, HealthChecks } from '@app/platform';
import { addChainChecks } from './chain-health.js';
import { FollowedChain } from './follow-chain.js';
import { ChainRunner } from './run-chain.js';
import { ToyAdapter } from './testing/toy-adapter.js';
import { ToyBooks } from './testing/toy-books.js';
import { COIN, ToyChain, TREASURY } from './testing/toy-chain.js';

jest.setTimeout(60_000);

const TICK_MS = 10;

/** Polls until it holds; the test's own time limit ends it. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((wake) => setTimeout(wake, 20));
}

describe('R19: a failing chain delays its own token alone', () => {
  let books: ToyBooks;
  let shutdown: AbortController;
  let running: Promise<unknown>[];
  beforeAll(async () => {
    books = await ToyBooks.open('follow chain');
    await books.db.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ('SOL', 'Solana', 'solana', 18, 8, '2026-01-01')`,
    );
  });
  afterAll(() => books.close());
  beforeEach(async () => {
    await books.wipe();
    shutdown = new AbortController();
    running = [];
  });
  afterEach(async () => {
    shutdown.abort();
    await Promise.all(running);
  });

  const chainOf = (): ToyChain => new ToyChain(1_000n * COIN, { 'val-a': 300n * COIN }).mineDays(1).mine(3);

  function follow(name: ChainName, open: () => Promise<ChainRunner>): FollowedChain {
    const { metrics } = books.worker(chainOf(), 'metrics of this process');
    const log = createLogger({ app: 'follow-chain-test', level: 'silent' });
    const chain = new FollowedChain(name, open, { metrics, log, tickMs: TICK_MS });
    return chain;
  }

  function run(chain: FollowedChain): void {
    running.push(chain.run(shutdown.signal));
  }

  function runnerOn(adapter: ToyAdapter): ChainRunner {
    return new ChainRunner(books.workerOn(adapter, TREASURY, `follows ${adapter.chain}`), null, TICK_MS);
  }

  const rewardsOf = async (token: string): Promise<number> => {
    const rows = await books.db.rows<{ n: number }>('SELECT count(*)::int AS n FROM chain_reward WHERE token = $1', [
      token,
    ]);
    return rows[0]!.n;
  };
  const checksOf = async (...chains: FollowedChain[]) =>
    (await addChainChecks(new HealthChecks(), books.db, chains).report()).checks;

  it('one endpoint is dead at start: the process starts, the other chain goes on, and the dead one joins when it is back', async () => {
    const [bnbChain, solChain] = [chainOf(), chainOf()];
    let dead = true;
    const bnb = follow('bnb', () => Promise.resolve(runnerOn(new ToyAdapter(bnbChain))));
    const sol = follow('solana', () =>
      dead
        ? Promise.reject(new ChainError('UNREACHABLE', 'solana', 'nobody listens'))
        : Promise.resolve(runnerOn(new ToyAdapter(solChain, 'solana'))),
    );
    await Promise.all([bnb.prepare(), sol.prepare()]);
    expect(sol.status).toMatchObject({ outcome: 'starting', error: 'UNREACHABLE' });
    for (const chain of [bnb, sol]) run(chain);
    await until(() => bnb.status.outcome === 'observed');
    bnbChain.mineDays(2);
    await until(async () => (await rewardsOf('BNB')) === 2);
    expect(await rewardsOf('SOL')).toBe(0);
    await until(() => sol.status.failures >= 3);
    expect(await checksOf(bnb, sol)).toMatchObject({
      'chain.bnb': { status: 'ok' },
      'chain.solana': { status: 'failing', detail: expect.stringContaining('UNREACHABLE') as string },
    });

    dead = false;
    await until(() => sol.status.outcome === 'observed');
    solChain.mineDays(2);
    await until(async () => (await rewardsOf('SOL')) === 2);
    expect(await checksOf(sol)).toMatchObject({ 'chain.solana': { status: 'ok' } });
  });

  it('one endpoint dies on the way: its days wait, unknown and never zero, and the other chain has all of its own', async () => {
    const [bnbChain, solChain] = [chainOf(), chainOf()];
    const solAdapter = new ToyAdapter(solChain, 'solana');
    const bnb = follow('bnb', () => Promise.resolve(runnerOn(new ToyAdapter(bnbChain))));
    const sol = follow('solana', () => Promise.resolve(runnerOn(solAdapter)));
    for (const chain of [bnb, sol]) run(chain);
    await until(() => bnb.status.outcome === 'observed' && sol.status.outcome === 'observed');
    solAdapter.before = () => {
      throw new ChainError('TIMEOUT', 'solana', 'cable cut');
    };
    for (const chain of [bnbChain, solChain]) chain.mineDays(3);
    await until(async () => (await rewardsOf('BNB')) === 3);
    await until(() => sol.status.error === 'TIMEOUT');
    const days = await books.db.rows<{ token: string; n: number }>(
      'SELECT token, count(*)::int AS n FROM chain_day GROUP BY token',
    );
    expect(days).toEqual([{ token: 'BNB', n: 3 }]);

    solAdapter.before = () => undefined;
    await until(async () => (await rewardsOf('SOL')) === 3);
  });

  it('a halted chain halts no other', async () => {
    const [bnbChain, solChain] = [chainOf(), chainOf()];
    const wrong = new ToyAdapter(solChain, 'solana');
    wrong.distort = (observation) => ({ ...observation, rewards: [] });
    const bnb = follow('bnb', () => Promise.resolve(runnerOn(new ToyAdapter(bnbChain))));
    const sol = follow('solana', () => Promise.resolve(runnerOn(wrong)));
    for (const chain of [bnb, sol]) run(chain);
    await until(() => bnb.status.outcome === 'observed' && sol.status.outcome === 'observed');
    for (const chain of [bnbChain, solChain]) chain.mineDays(2);
    await until(() => sol.status.haltedReason !== null);
    expect(sol.status.haltedReason).toContain('POSITIONS_DIFFER');
    await until(async () => (await rewardsOf('BNB')) === 2);
    expect(bnb.status.haltedReason).toBeNull();
  });

  it('an endpoint that never answers holds up neither the start of the others nor the end of the process', async () => {
    const sol = follow('solana', () => new Promise(() => undefined));
    const bnb = follow('bnb', () => Promise.resolve(runnerOn(new ToyAdapter(chainOf()))));
    for (const chain of [sol, bnb]) run(chain);
    await until(() => bnb.status.outcome === 'observed');
    shutdown.abort();
    await Promise.all(running);
    expect(sol.status.outcome).toBe('starting');
  });

  it('wrong configuration is told before anything runs', async () => {
    const wrong = new ConfigError(['SOL_TREASURY_ADDRESS: is not the account of SOL_DEV_KEY']);
    await expect(follow('solana', () => Promise.reject(wrong)).prepare()).rejects.toThrow(wrong);
  });
});
