import { Problem } from '@app/platform';
import type pg from 'pg';
import { appendFeed, inTransaction, queueCalls, readBooks } from './books.js';
import type { Books, Connection, FeedLine } from './books.js';
import { HOUR_MS, addDays, dayStart, instant } from './days.js';
import { HOUSE_ACCOUNTS, movementOf, post } from './ledger.js';
import { castOf, FEED_SHARDS, type Person } from './people.js';
import { optsInBeforehand, switchOn, tellPrices, tellUser, type OutgoingCall } from './switches.js';
import { atEdge, LISTED, pricesAt } from './tokens.js';

/** The exchange's own coins to trade with: a fifth of what its users own, so that they can own more for a while. */
const MARKET_STOCK_PART = 5n;

export interface Opening {
  readonly users: number;
  readonly seed: number;
  readonly firstDay: string;
  /** Symbols of what this exchange lists; all that it can when absent. */
  readonly tokens?: readonly string[];
}

/**
 * Opens the books: accounts, opening balances, the snapshot lines of the feed and the calls that tell the service who
 * there is, in one transaction. Opening again with the same words changes nothing.
 */
export async function openBooks(pool: pg.Pool, opening: Opening): Promise<{ fresh: boolean }> {
  const tokens = opening.tokens ?? [...LISTED.keys()];
  return inTransaction(pool, async (db) => {
    const { rowCount } = await db.query(
      `INSERT INTO sample_core.book (id, seed, users, first_day, now_ms, open_day, next_movement, tokens)
       VALUES (1, $1, $2, $3, $4, $3, 1, $5) ON CONFLICT (id) DO NOTHING`,
      [opening.seed, opening.users, opening.firstDay, dayStart(opening.firstDay), tokens],
    );
    const books = (await readBooks(db, true))!;
    if (rowCount === 0) {
      const sameTokens = books.tokens.join() === tokens.join();
      const same =
        books.seed === opening.seed &&
        books.users === opening.users &&
        books.firstDay === opening.firstDay &&
        sameTokens;
      if (same) return { fresh: false };
      const detail = `the books are open already: seed ${books.seed}, ${books.users} users, first day ${books.firstDay}, ${books.tokens.join(', ')}`;
      throw new Problem({ status: 409, code: 'BOOKS_OPEN', detail });
    }
    const cast = castOf(opening.seed, opening.users, tokens);
    await writeOpening(db, books, cast);
    await queueCalls(db, opening.firstDay, openingCalls(books, cast));
    return { fresh: true };
  });
}

async function writeOpening(db: Connection, books: Books, cast: readonly Person[]): Promise<void> {
  const atMs = dayStart(books.firstDay);
  await db.query(
    `INSERT INTO sample_core.account SELECT account, CASE WHEN account LIKE 'house:%' THEN 'house' ELSE 'active' END
     FROM unnest($1::text[]) AS a(account)`,
    [[...HOUSE_ACCOUNTS, ...cast.map(({ id }) => id)]],
  );
  await db.query(
    `INSERT INTO sample_core.balance SELECT a.account, t.token, 0, 0
     FROM sample_core.account a, unnest($1::text[]) AS t(token)`,
    [books.tokens],
  );
  for (let shard = 0; shard < FEED_SHARDS; shard += 1) {
    await db.query('INSERT INTO sample_core.feed_shard VALUES ($1, 0, 0)', [shard]);
  }
  const held = cast.flatMap((person) => person.holdings.map((holding) => ({ person, ...holding })));
  await post(
    db,
    books,
    held.map(({ person, token, free, locked }) =>
      movementOf({ user: person.id, token, atMs, cause: 'opening', free, locked }),
    ),
  );
  const stocked = (await readBooks(db))!;
  const stock = books.tokens.map((token) => {
    const owned = held.filter((one) => one.token === token).reduce((sum, { free, locked }) => sum + free + locked, 0n);
    return movementOf({
      user: 'house:market',
      token,
      atMs,
      cause: 'opening',
      free: owned / MARKET_STOCK_PART,
      locked: 0n,
    });
  });
  await post(db, stocked, stock);
  const snapshots = held.map(({ person, token, free, locked }): FeedLine => {
    const balance = { free: atEdge(free, token), locked: atEdge(locked, token) };
    return {
      shard: person.shard,
      content: { user: person.id, token, at: instant(atMs), ...balance, cause: 'snapshot' },
    };
  });
  await appendFeed(db, books.firstDay, snapshots);
}

/** Registered at 08:00 of the eve, switched on from 09:00 on, so that the first day counts whole (R4). */
function openingCalls(books: Books, cast: readonly Person[]): OutgoingCall[] {
  const eveMs = dayStart(addDays(books.firstDay, -1));
  return [
    ...cast.map((person) => tellUser(person, eveMs + 8 * HOUR_MS, 'active')),
    ...cast
      .filter(optsInBeforehand)
      .map((person, index) => switchOn(person, eveMs + 9 * HOUR_MS + (index % 50_000) * 1000 + (index % 997))),
    tellPrices(dayStart(books.firstDay), pricesAt(books.tokens, books.seed, -1)),
  ];
}
