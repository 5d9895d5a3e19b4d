import { faultPoint, Problem } from '@app/platform';
import type pg from 'pg';
import { z } from 'zod';
import { parseAmount } from './amounts.js';
import { inTransaction, readBooks, type Connection } from './books.js';
import { addDays, dayStart, isDay, MINUTE_MS, instant } from './days.js';
import { movementOf, post } from './ledger.js';
import { atEdge, LISTED } from './tokens.js';

export const MAX_CREDITS_A_BATCH = 10_000;
const PAGE = 500;

const plain = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f]+$/, 'must be plain text');
const day = z
  .string()
  .refine(isDay, { message: 'must be an existing day, YYYY-MM-DD', params: { code: 'DATE_INVALID' } });

const creditBatch = z.strictObject({
  batch: plain(200),
  token: z.string().max(12),
  day,
  count: z.int().min(0),
  total: z.string().max(100),
  credits: z
    .array(
      z.strictObject({
        id: plain(200),
        user: plain(64),
        amount: z.string().max(100),
        kind: z.string().regex(/^[a-z-]{1,32}$/, 'must be a kind like reward, adjustment or boost'),
      }),
    )
    .min(1, { error: 'must hold at least one credit' })
    .max(MAX_CREDITS_A_BATCH),
});

interface Credit {
  readonly id: string;
  readonly user: string;
  readonly kind: string;
  readonly atoms: bigint;
}

/** A batch whose items, count and sum agree with one another. */
export interface CreditBatch {
  readonly batch: string;
  readonly token: string;
  readonly day: string;
  readonly credits: readonly Credit[];
  readonly total: bigint;
}

export type CreditResult =
  | { readonly id: string; readonly status: 'credited' | 'duplicate' }
  | {
      readonly id: string;
      readonly status: 'rejected';
      readonly reason: 'ID_CONFLICT' | 'ACCOUNT_UNKNOWN' | 'ACCOUNT_CLOSED';
    };

/**
 * Checks a batch as a whole before any item of it is looked at: a wrong unit or a lost item shows in count and sum.
 * @throws Problem 400 (shape, amounts), 422 (count or total wrong, an id twice, token not listed)
 */
export function checkBatch(body: unknown): CreditBatch {
  const parsed = creditBatch.parse(body);
  const token = LISTED.get(parsed.token);
  if (!token) {
    const detail = `${parsed.token} is not listed here; listed: ${[...LISTED.keys()].join(', ')}`;
    throw new Problem({ status: 422, code: 'TOKEN_UNKNOWN', detail });
  }
  const amount = (text: string, pointer: string): bigint => {
    const atoms = parseAmount(text, token.decimals);
    if (atoms !== undefined && atoms > 0n) return atoms;
    const message = `must be a decimal string above 0 with at most ${token.decimals} decimals`;
    throw new Problem({
      status: 400,
      code: 'AMOUNT_FORMAT',
      detail: `${pointer}: ${message}`,
      errors: [{ pointer, code: 'AMOUNT_FORMAT', message }],
    });
  };
  const total = amount(parsed.total, '/total');
  const credits = parsed.credits.map(({ id, user, kind, amount: text }, index) => ({
    id,
    user,
    kind,
    atoms: amount(text, `/credits/${index}/amount`),
  }));
  const sum = credits.reduce((running, { atoms }) => running + atoms, 0n);
  if (parsed.count !== credits.length || total !== sum) {
    const detail = `said ${parsed.count} credits of ${parsed.total}; they are ${credits.length} of ${atEdge(sum, token.symbol)}`;
    throw new Problem({ status: 422, code: 'BATCH_TOTAL', detail });
  }
  const ids = new Set<string>();
  for (const { id } of credits) {
    if (ids.has(id)) throw new Problem({ status: 422, code: 'BATCH_DUPLICATE', detail: `${id} is in the batch twice` });
    ids.add(id);
  }
  return { batch: parsed.batch, token: token.symbol, day: parsed.day, credits, total };
}

/**
 * Credits what is new, item by item, in one transaction. An id is remembered for ever (R23): the same again is a
 * duplicate, the same id with anything else in it is refused.
 * @param worldTimeMs when the sender says it is; default 00:05 after the credited day. Never before the core's own
 *   clock, and never on a day whose trading is over: the feed has told that day already.
 */
export async function creditUsers(pool: pg.Pool, batch: CreditBatch, worldTimeMs?: number): Promise<CreditResult[]> {
  return inTransaction(pool, async (db) => {
    const books = await readBooks(db, true);
    if (!books) throw new Problem({ status: 503, code: 'BOOKS_CLOSED', detail: 'the books are not open yet' });
    const asked = worldTimeMs ?? dayStart(addDays(batch.day, 1)) + 5 * MINUTE_MS;
    const atMs = Math.max(asked, books.nowMs, dayStart(books.openDay));
    const known = await knownCredits(db, batch);
    const accounts = await accountStates(db, batch);
    const results = batch.credits.map((credit) =>
      judge(batch, credit, known.get(credit.id), accounts.get(credit.user)),
    );
    const fresh = batch.credits.filter((_unused, index) => results[index]!.status === 'credited');
    await writeCredits(db, batch, fresh, atMs);
    await post(
      db,
      books,
      fresh.map(({ id, user, atoms }) =>
        movementOf({
          user,
          token: batch.token,
          atMs,
          cause: 'soft-staking-reward',
          free: atoms,
          locked: 0n,
          creditId: id,
        }),
      ),
    );
    faultPoint('core.credits.written');
    return results;
  });
}

interface KnownRow {
  id: string;
  token: string;
  day: string;
  user_id: string;
  kind: string;
  atoms: string;
}

async function knownCredits(db: Connection, batch: CreditBatch): Promise<Map<string, KnownRow>> {
  const { rows } = await db.query<KnownRow>(
    'SELECT id, token, day::text, user_id, kind, atoms::text FROM sample_core.credit WHERE id = ANY($1)',
    [batch.credits.map(({ id }) => id)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function accountStates(db: Connection, batch: CreditBatch): Promise<Map<string, string>> {
  const { rows } = await db.query<{ account: string; status: string }>(
    `SELECT account, status FROM sample_core.account WHERE account = ANY($1) AND status <> 'house'`,
    [batch.credits.map(({ user }) => user)],
  );
  return new Map(rows.map((row) => [row.account, row.status]));
}

function judge(
  batch: CreditBatch,
  credit: Credit,
  known: KnownRow | undefined,
  account: string | undefined,
): CreditResult {
  const { id } = credit;
  if (known) {
    const same =
      known.token === batch.token &&
      known.day === batch.day &&
      known.user_id === credit.user &&
      known.kind === credit.kind &&
      BigInt(known.atoms) === credit.atoms;
    return same ? { id, status: 'duplicate' } : { id, status: 'rejected', reason: 'ID_CONFLICT' };
  }
  // What a banned user earned before is theirs; only an account that is gone, or never was, cannot be credited.
  if (account === undefined) return { id, status: 'rejected', reason: 'ACCOUNT_UNKNOWN' };
  if (account === 'closed') return { id, status: 'rejected', reason: 'ACCOUNT_CLOSED' };
  return { id, status: 'credited' };
}

async function writeCredits(
  db: Connection,
  batch: CreditBatch,
  credits: readonly Credit[],
  atMs: number,
): Promise<void> {
  await db.query(
    `INSERT INTO sample_core.credit (id, batch, token, day, user_id, kind, atoms, credited_ms)
     SELECT id, $1, $2, $3::date, user_id, kind, atoms, $4::bigint
     FROM unnest($5::text[], $6::text[], $7::text[], $8::numeric[]) AS c(id, user_id, kind, atoms)`,
    [
      batch.batch,
      batch.token,
      batch.day,
      atMs,
      credits.map(({ id }) => id),
      credits.map(({ user }) => user),
      credits.map(({ kind }) => kind),
      credits.map(({ atoms }) => String(atoms)),
    ],
  );
}

interface CreditRow extends KnownRow {
  credited_ms: string;
}

const COLUMNS = 'id, token, day::text, user_id, kind, atoms::text, credited_ms::text';

/** One credit as the books have it; undefined when no such id was ever credited. */
export async function findCredit(db: Connection, id: string) {
  const { rows } = await db.query<CreditRow>(`SELECT ${COLUMNS} FROM sample_core.credit WHERE id = $1`, [id]);
  const row = rows[0];
  return row && { ...shown(row), token: row.token, day: row.day };
}

/** A page of a day's credits in the order of their ids, for the comparison of both sides' books. */
export async function listCredits(db: Connection, query: { day: string; token: string; after?: string | undefined }) {
  const { rows } = await db.query<CreditRow>(
    `SELECT ${COLUMNS} FROM sample_core.credit WHERE day = $1 AND token = $2 AND id > $3 ORDER BY id LIMIT $4`,
    [query.day, query.token, query.after ?? '', PAGE + 1],
  );
  const items = rows.slice(0, PAGE).map(shown);
  return { items, next: rows.length > PAGE ? Buffer.from(items.at(-1)!.id).toString('base64url') : null };
}

const shown = (row: CreditRow) => ({
  id: row.id,
  user: row.user_id,
  amount: atEdge(BigInt(row.atoms), row.token),
  kind: row.kind,
  creditedAt: instant(Number(row.credited_ms)),
});
