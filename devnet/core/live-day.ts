import { createHash } from 'node:crypto';
import { faultPoint, Problem } from '@app/platform';
import type pg from 'pg';
import { appendFeed, creditsArriving, fedPurses, inTransaction, moveClock, queueCalls, readBooks } from './books.js';
import type { Books, Connection, FeedLine } from './books.js';
import { DAY_MS, addDays, dayStart, daysBetween, instant } from './days.js';
import { movementOf, post } from './ledger.js';
import { castOf, FEED_SHARDS } from './people.js';
import { switchesOf, tellPrices, type OutgoingCall } from './switches.js';
import { atEdge, pricesAt } from './tokens.js';
import { tradingDay, type SpotEvent } from './trading-day.js';

export interface LivedDay {
  readonly day: string;
  readonly events: number;
  /** SHA-256 over the day's feed lines: the same day lived twice has the same one. */
  readonly digest: string;
  /** False when the day had been lived through before and was only looked up. */
  readonly fresh: boolean;
}

const digestOf = (lines: readonly string[]): string => createHash('sha256').update(lines.join('\n')).digest('hex');

/**
 * Lives through one day: its movements, balances, feed lines (both shards end with the day's mark) and calls in one
 * transaction. A day lived through already is only looked up.
 */
export async function liveDay(pool: pg.Pool, day: string): Promise<LivedDay> {
  return inTransaction(pool, async (db) => {
    const books = await readBooks(db, true);
    if (!books)
      throw new Problem({ status: 409, code: 'BOOKS_CLOSED', detail: 'open the books first: POST /dev/open' });
    const lived = await db.query<{ events: number; digest: string }>(
      'SELECT events, digest FROM sample_core.trading_day WHERE day = $1',
      [day],
    );
    if (lived.rows[0]) return { day, ...lived.rows[0], fresh: false };
    if (day !== books.openDay) {
      const detail = `days follow one another: the next one is ${books.openDay}, not ${day}`;
      throw new Problem({ status: 409, code: 'DAY_ORDER', detail });
    }
    const events = await writeDay(db, books, day);
    faultPoint('core.day.written');
    return events;
  });
}

async function writeDay(db: Connection, books: Books, day: string): Promise<LivedDay> {
  const startMs = dayStart(day);
  const endMs = startMs + DAY_MS;
  const dayIndex = daysBetween(books.firstDay, day);
  const people = castOf(books.seed, books.users, books.tokens);
  const credits = await creditsArriving(db, day, endMs);
  const events = tradingDay({ seed: books.seed, dayIndex, people, purses: await fedPurses(db), credits });
  await post(
    db,
    books,
    events.filter(({ creditId }) => creditId === undefined).map((event) => toMovement(event, startMs)),
  );
  await db.query('UPDATE sample_core.credit SET fed_day = $2 WHERE id = ANY($1)', [credits.map(({ id }) => id), day]);

  const marks = Array.from({ length: FEED_SHARDS }, (_unused, shard): FeedLine => ({
    shard,
    content: { endOfDay: day },
  }));
  const lines = await appendFeed(db, day, [...events.map((event) => toLine(event, startMs)), ...marks]);
  const switches = people.flatMap((person) => switchesOf(person, day, dayIndex));
  await queueCalls(db, day, [...switches, tellPrices(endMs - 1, pricesAt(books.tokens, books.seed, dayIndex))]);
  await closeAccounts(db, switches);

  const digest = digestOf(lines);
  await db.query('INSERT INTO sample_core.trading_day VALUES ($1, $2, $3)', [day, events.length, digest]);
  await db.query('UPDATE sample_core.book SET open_day = $1 WHERE id = 1', [addDays(day, 1)]);
  await moveClock(db, endMs);
  return { day, events: events.length, digest, fresh: true };
}

/** What the core tells about an account it also knows itself. */
async function closeAccounts(db: Connection, calls: readonly OutgoingCall[]): Promise<void> {
  for (const { lane, body } of calls) {
    if (typeof body['status'] !== 'string') continue;
    await db.query('UPDATE sample_core.account SET status = $2 WHERE account = $1', [lane, body['status']]);
  }
}

function toMovement(event: SpotEvent, startMs: number) {
  const { user, token, cause, freeDelta: free, lockedDelta: locked } = event;
  return movementOf({ user, token, atMs: startMs + event.msOfDay, cause, free, locked });
}

function toLine(event: SpotEvent, startMs: number): FeedLine {
  const { user, token, cause } = event;
  return {
    shard: event.shard,
    content: {
      user,
      token,
      at: instant(startMs + event.msOfDay),
      delta: atEdge(event.freeDelta, token),
      free: atEdge(event.free, token),
      locked: atEdge(event.locked, token),
      cause,
    },
  };
}
