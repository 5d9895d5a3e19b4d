import type { JournalKind, LedgerAccount } from '@app/staking-core';
import type { Sql, Transaction } from '../database.js';
import type { TokenDay } from './settlement.repository.js';

/** R25: one movement between two accounts of a token. Users' accounts are control accounts here: who got what is in
 *  the reward leaf, whose sum this line carries. */
export interface JournalMove {
  /** Natural key within the day: the same movement has the same key and is booked once. */
  readonly key: string;
  readonly kind: JournalKind;
  readonly from: LedgerAccount;
  readonly to: LedgerAccount;
  readonly atoms: bigint;
}

/** Append-only double entry. The database refuses a statement whose entries do not add up to zero. */
export class JournalRepository {
  /** All moves in one statement; moves of zero say nothing and are left out. A key booked twice is a violation. */
  async book(tx: Transaction, unit: TokenDay, moves: readonly JournalMove[]): Promise<void> {
    const real = moves.filter((move) => move.atoms !== 0n);
    if (real.length === 0) return;
    await tx.affected(
      `INSERT INTO journal_line (day, entry_id, line, token, kind, account, amount)
       SELECT $1::date, m.entry_id, side.line, $2, m.kind, CASE side.line WHEN 1 THEN m.source ELSE m.target END,
              CASE side.line WHEN 1 THEN -m.amount ELSE m.amount END
       FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[]) AS m(entry_id, kind, source, target, amount)
       CROSS JOIN (VALUES (1), (2)) AS side(line)`,
      [
        unit.day,
        unit.token,
        real.map((move) => entryId(unit, move.key)),
        real.map((move) => move.kind),
        real.map((move) => move.from),
        real.map((move) => move.to),
        real.map((move) => move.atoms.toString()),
      ],
    );
  }

  /** What the day's own entries leave on each account of the token. */
  async dayBalances(sql: Sql, unit: TokenDay): Promise<ReadonlyMap<string, bigint>> {
    const rows = await sql.rows<{ account: string; amount: string }>(
      `SELECT account, sum(amount)::text AS amount FROM journal_line WHERE day = $1::date AND token = $2 GROUP BY account`,
      [unit.day, unit.token],
    );
    return new Map(rows.map((row) => [row.account, BigInt(row.amount)]));
  }

  /** Balance of one account of the token over all days up to this one. */
  async balance(sql: Sql, unit: TokenDay, account: LedgerAccount): Promise<bigint> {
    const [row] = await sql.rows<{ amount: string }>(
      `SELECT coalesce(sum(amount), 0)::text AS amount FROM journal_line WHERE day <= $1::date AND token = $2 AND account = $3`,
      [unit.day, unit.token, account],
    );
    return BigInt(row?.amount ?? '0');
  }
}

/** `2026-11-19.BNB.released` */
export function entryId(unit: TokenDay, key: string): string {
  return `${unit.day}.${unit.token}.${key}`;
}
