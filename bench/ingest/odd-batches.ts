import { Readable } from 'node:stream';
import type { Database } from '@app/database';
import { dayAt, instantAt } from '../generate/calendar.js';
import { LiveFeed } from '../generate/live-feed.js';
import { DAY_LENGTH } from '../generate/population.js';
import type { ApiProcess } from '../measure/api-process.js';
import { type FeedAnswer, postFeed } from '../measure/post-feed.js';
import { seconds } from '../measure/statistics.js';

export interface OddFigures {
  /** Lines about a day that is closed: they move the balance at 00:00 of the open day and are kept (R27). */
  readonly latePerSecond: number;
  /** Lines with a hole before them, sent again whole: nothing after the hole is taken before it is filled (R26). */
  readonly gappedPerSecond: number;
  /** Lines whose balance is not what their change makes of it: taken, and the account's day is set aside (R26). */
  readonly mismatchedPerSecond: number;
  /** Every line was answered as what it was, and the balances are what was said last. */
  readonly oddOk: boolean;
}

const ACCOUNTS = 5_000;

/** Batches as they should not be, one long request each, at full speed. The measured day must be compared before. */
export async function oddBatches(db: Database, api: ApiProcess, seed: number, lines: number): Promise<OddFigures> {
  const feed = await LiveFeed.over(db, dayAt(1), ACCOUNTS, seed);
  const open = instantAt(DAY_LENGTH * 1.9)!;
  const post = (some: readonly string[]): Promise<FeedAnswer> =>
    postFeed(api, Readable.from([some.join('')], { objectMode: false }));
  const timed = async (some: readonly string[], each: (answer: FeedAnswer) => boolean) => {
    let ok = false;
    const took = await seconds(async () => (ok = each(await post(some))));
    return { perSecond: Math.round(some.length / took), ok };
  };
  const late = await timed(feed.lines(lines, instantAt(DAY_LENGTH / 2)!), (answer) => answer.late === lines);
  let holes = false;
  const next = feed.lines(lines, open);
  const took = await seconds(async () => {
    // Without the first line, everything after it on its shard waits.
    const first = await post(next.slice(1));
    const again = await post(next);
    holes = Array.isArray(first.gaps) && first.gaps.length === 1 && first.accepted + again.accepted === lines;
  });
  const mismatched = await timed(feed.lines(lines, open, 'mismatched'), (answer) => answer.accepted === lines);
  return {
    latePerSecond: late.perSecond,
    gappedPerSecond: Math.round((2 * lines) / took),
    mismatchedPerSecond: mismatched.perSecond,
    oddOk: late.ok && holes && mismatched.ok && (await agrees(db, feed)),
  };
}

/** Every account's stored balance is what the feed said last. */
async function agrees(db: Database, feed: LiveFeed): Promise<boolean> {
  const said = feed.balances();
  const [row] = await db.rows<{ same: number }>(
    `SELECT count(*)::int AS same FROM unnest($1::text[], $2::text[], $3::numeric[]) AS said(user_id, token, free)
     JOIN spot_balance s ON s.user_id = said.user_id AND s.token = said.token AND s.free = said.free`,
    [said.map((one) => one.user), said.map((one) => one.token), said.map((one) => one.free.toString())],
  );
  return row?.same === said.length;
}
