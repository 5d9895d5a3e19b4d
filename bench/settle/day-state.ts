import type { Database } from '@app/database';
import { DAY } from '../generate/calendar.js';
import { hashOf, overallHash } from '../oracle/day-oracle.js';

/** Undoes steps 1 to 5, as if the day had never been looked at. The product itself refuses to forget: so it is asked not to look. */
export async function forgetSettlement(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.affected("SET LOCAL session_replication_role = 'replica'");
    const leaves = await tx.rows<{ leaf: string }>(
      `SELECT relname AS leaf FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '^reward_[0-9]{8}_'`,
    );
    // One may be a part of another, and gone already.
    for (const { leaf } of leaves) await tx.affected(`DROP TABLE IF EXISTS ${leaf} CASCADE`);
    await tx.affected(
      'TRUNCATE settlement, settlement_check, reward_release, partial_balance, owner_average, journal_line CASCADE',
    );
  });
}

/** sha256 over the rewards as they are stored, token by token. */
export async function storedHash(db: Database, tokens: readonly string[]): Promise<string> {
  const hashes: { token: string; hash: string }[] = [];
  for (const token of tokens) {
    const lines: string[] = [];
    await db.transaction(async (tx) => {
      const out = await tx.copyOut(
        `COPY (SELECT user_id || '|' || token || '|' || amount FROM reward WHERE day = '${DAY}' AND token = '${token}') TO STDOUT`,
      );
      let rest = '';
      out.setEncoding('utf8');
      for await (const chunk of out as AsyncIterable<string>) {
        const parts = (rest + chunk).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) lines.push(part);
      }
    });
    hashes.push({ token, hash: hashOf(lines) });
  }
  return overallHash(hashes);
}

/** As a server in daily use would be: statistics known, nothing to clean up. */
export async function settleDown(db: Database): Promise<void> {
  await db.affected('VACUUM (ANALYZE)');
}
