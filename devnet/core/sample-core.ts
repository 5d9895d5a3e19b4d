import { faultPoint, Problem } from '@app/platform';
import type pg from 'pg';
import { auditLedger, balancesHash, creditedFor, custodyHoldings } from './audit.js';
import { inTransaction, moveClock, openStore, readBooks } from './books.js';
import { CallDelivery, type CallsDelivery } from './calls.js';
import { checkBatch, creditUsers } from './credits.js';
import { instant } from './days.js';
import { FeedDelivery, type ShardDelivery } from './feed.js';
import { liveDay, type LivedDay } from './live-day.js';
import { openBooks, type Opening } from './opening.js';
import { castOf } from './people.js';
import { Patience } from './patience.js';
import { ServiceClient } from './service-client.js';
import { atEdge } from './tokens.js';

export interface SampleCoreOptions {
  readonly databaseUrl: string;
  /** Base URL of the staking service. */
  readonly apiUrl: string;
  readonly apiKey: string;
  /** How long one request to the service may take; default 15 s. */
  readonly requestTimeoutMs?: number;
  /** How long delivery goes on without progress before it is given up for now; default 60 s. */
  readonly patienceMs?: number;
}

export interface Delivered {
  readonly calls: CallsDelivery;
  readonly feed: readonly ShardDelivery[];
}

/** The exchange core without its HTTP face: books, trading days, delivery. One per process. */
export class SampleCore {
  private readonly stopping = new AbortController();
  private queue: Promise<unknown> = Promise.resolve();
  private readonly calls: CallDelivery;
  private readonly feed: FeedDelivery;

  private constructor(
    readonly pool: pg.Pool,
    options: SampleCoreOptions,
  ) {
    const timeoutMs = options.requestTimeoutMs ?? 15_000;
    const patienceMs = options.patienceMs ?? 60_000;
    const service = new ServiceClient({
      baseUrl: options.apiUrl,
      apiKey: options.apiKey,
      timeoutMs,
      stopping: this.stopping.signal,
    });
    const newPatience = (): Patience => new Patience(patienceMs, this.stopping.signal);
    this.calls = new CallDelivery(pool, service, newPatience);
    this.feed = new FeedDelivery(pool, service, newPatience);
  }

  static async open(options: SampleCoreOptions): Promise<SampleCore> {
    return new SampleCore(await openStore(options.databaseUrl), options);
  }

  /** Opens the books if they are not, and tells the service all it has not been told yet. */
  open(opening: Opening): Promise<{ fresh: boolean } & Delivered> {
    return this.inTurn(async () => {
      const opened = await openBooks(this.pool, opening);
      return { ...opened, ...(await this.deliverAll()) };
    });
  }

  /**
   * One day of the exchange: trades, switches, prices, and the feed with its end-of-day marks, delivered when this
   * resolves. Safe to repeat after any failure or crash: what is written stays as it is, what is untold is told.
   */
  runTradingDay(day: string): Promise<LivedDay & Delivered> {
    return this.inTurn(async () => {
      const lived = await liveDay(this.pool, day);
      faultPoint('core.day.committed');
      return { ...lived, ...(await this.deliverAll()) };
    });
  }

  /** Tells what is left to tell, without a new day. */
  deliver(): Promise<Delivered> {
    return this.inTurn(() => this.deliverAll());
  }

  creditUsers(body: unknown, worldTimeMs?: number) {
    return creditUsers(this.pool, checkBatch(body), worldTimeMs);
  }

  /** Moves the core's clock on; it refuses to go back. */
  async setTime(nowMs: number): Promise<{ now: string }> {
    return inTransaction(this.pool, async (db) => {
      const books = await readBooks(db, true);
      if (!books)
        throw new Problem({ status: 409, code: 'BOOKS_CLOSED', detail: 'open the books first: POST /dev/open' });
      if (nowMs < books.nowMs) {
        throw new Problem({
          status: 409,
          code: 'CLOCK_BACKWARDS',
          detail: `it is ${instant(books.nowMs)} here already`,
        });
      }
      await moveClock(db, nowMs);
      return { now: instant(nowMs) };
    });
  }

  /** What the ledger credited for the day, and whether it is sound; one snapshot of the database. */
  async books(day: string) {
    return inTransaction(this.pool, async (db) => {
      await db.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const token = await creditedFor(db, day);
      return { day, token, balancesHash: await balancesHash(db), invariants: await auditLedger(db) };
    });
  }

  async state() {
    const books = await readBooks(this.pool);
    if (!books) return { open: false as const };
    const { rows: feed } = await this.pool.query<{ shard: number; lastSeq: string; toldSeq: string }>(
      'SELECT shard, last_seq::int AS "lastSeq", told_seq::int AS "toldSeq" FROM sample_core.feed_shard ORDER BY shard',
    );
    const { rows: untold } = await this.pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM sample_core.outgoing_call WHERE state <> 'done'`,
    );
    const { seed, users, firstDay, openDay, nowMs, tokens } = books;
    return {
      open: true as const,
      seed,
      users,
      firstDay,
      tokens,
      openDay,
      now: instant(nowMs),
      holdings: await custodyHoldings(this.pool),
      feed,
      untoldCalls: untold[0]!.n,
    };
  }

  /** Who is who, so that a test or a reader can pick the whale without guessing. */
  async people() {
    const books = await readBooks(this.pool);
    const cast = books ? castOf(books.seed, books.users, books.tokens) : [];
    return cast.map(({ id, role, region, owner, shard }) => ({ id, role, region, owner: owner ?? null, shard }));
  }

  /** Balances of one account; undefined when there is none of that name. */
  async account(id: string) {
    const { rows } = await this.pool.query<{ token: string; free: string; locked: string; status: string }>(
      `SELECT token, free::text, locked::text, status FROM sample_core.account JOIN sample_core.balance USING (account)
       WHERE account = $1 ORDER BY token`,
      [id],
    );
    if (!rows[0]) return undefined;
    const balances = rows.map((row) => ({
      token: row.token,
      free: atEdge(BigInt(row.free), row.token),
      locked: atEdge(BigInt(row.locked), row.token),
    }));
    return { user: id, status: rows[0].status, balances };
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.queue.catch(() => undefined);
    await this.pool.end();
  }

  /** Switches before the feed: its marks close the day, and a switch told after that would count a day later. */
  private async deliverAll(): Promise<Delivered> {
    const calls = await this.calls.deliver();
    return { calls, feed: await this.feed.deliver() };
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work, work);
    this.queue = turn.catch(() => undefined);
    return turn;
  }
}
