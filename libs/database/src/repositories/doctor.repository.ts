import type { Database } from '../database.js';
import { MIGRATIONS } from '../migrations/index.js';

export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'wrong';
  readonly detail: string;
}

const SAFE_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  data_checksums: 'on',
};

/** What `npm run doctor` asks the database: is it safe, is it ours, do the books hold. Reads only. */
export class DoctorRepository {
  constructor(private readonly db: Database) {}

  async findings(): Promise<Finding[]> {
    const server = await this.server();
    const schema = await this.schema();
    if (schema.state === 'wrong') return [...server, schema];
    return [...server, schema, ...(await this.books())];
  }

  private async server(): Promise<Finding[]> {
    const [version] = await this.db.rows<{ number: string; text: string; zone: string; skew_ms: string }>(
      `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS text,
              current_setting('TimeZone') AS zone, round(abs(extract(epoch FROM (clock_timestamp() - $1::timestamptz))) * 1000)::text AS skew_ms`,
      [new Date()],
    );
    const settings = await this.db.rows<{ name: string; setting: string }>(
      'SELECT name, setting FROM pg_settings WHERE name = ANY($1)',
      [Object.keys(SAFE_SETTINGS)],
    );
    const unsafe = settings.filter((s) => SAFE_SETTINGS[s.name] !== s.setting);
    const tooOld = BigInt(version?.number ?? '0') < 150_000n;
    const skewed = BigInt(version?.skew_ms ?? '0') > 2_000n;
    return [
      {
        name: 'PostgreSQL',
        state: tooOld ? 'wrong' : 'ok',
        detail: tooOld ? `${version?.text}: 15 or newer is needed` : `${version?.text}`,
      },
      {
        name: 'durability',
        state: unsafe.length === 0 ? 'ok' : 'warning',
        detail:
          unsafe.length === 0
            ? Object.keys(SAFE_SETTINGS).join(', ') + ' are on'
            : unsafe.map((s) => `${s.name} is ${s.setting}; production refuses that`).join('; '),
      },
      {
        name: 'session time zone',
        state: version?.zone === 'UTC' ? 'ok' : 'wrong',
        detail: version?.zone ?? 'unknown',
      },
      {
        name: 'clock skew',
        state: skewed ? 'wrong' : 'ok',
        detail: `${version?.skew_ms} ms between this host and the database`,
      },
    ];
  }

  private async schema(): Promise<Finding> {
    const [table] = await this.db.rows<{ found: string | null }>(`SELECT to_regclass('migrations')::text AS found`);
    const ran =
      table?.found == null ? [] : await this.db.rows<{ name: string }>('SELECT name FROM migrations ORDER BY id');
    const known = MIGRATIONS.map((migration) => migration.name);
    const foreign = ran.filter((row) => !known.includes(row.name));
    if (foreign.length > 0) {
      return {
        name: 'schema',
        state: 'wrong',
        detail: `the database is newer than this code (${foreign[0]?.name}); update the code`,
      };
    }
    const missing = known.length - ran.length;
    return missing === 0
      ? { name: 'schema', state: 'ok', detail: `${ran.length} migrations` }
      : {
          name: 'schema',
          state: 'wrong',
          detail: `${missing} of ${known.length} migrations are missing; run \`npm run db:migrate\``,
        };
  }

  private async books(): Promise<Finding[]> {
    return [
      await this.none(
        'journal',
        'every entry adds up to zero',
        'entries do not add up to zero',
        'SELECT 1 FROM journal_line GROUP BY day, entry_id, token HAVING sum(amount) <> 0',
      ),
      await this.none(
        'clearing accounts',
        'nothing is left in released, pool or credits-sent of a paid day',
        'clearing accounts of paid days are not empty',
        `SELECT 1 FROM journal_line j JOIN settlement s ON s.day = j.day AND s.token = j.token AND s.state = 'paid'
         WHERE j.account IN ('released', 'pool', 'credits-sent') GROUP BY j.day, j.token, j.account HAVING sum(j.amount) <> 0`,
      ),
      await this.none(
        'pools',
        'pool = paid + leftover in every settled day',
        'settled days whose rewards do not add up',
        `SELECT 1 FROM settlement s LEFT JOIN (SELECT day, token, sum(amount) AS paid FROM reward GROUP BY day, token) r
           ON r.day = s.day AND r.token = s.token
         WHERE s.paid IS NOT NULL AND s.paid <> coalesce(r.paid, 0) AND NOT EXISTS (
           SELECT 1 FROM archived_day a WHERE a.subject = 'rewards' AND a.day = s.day AND a.state = 'dropped')`,
      ),
      await this.none(
        'leftovers',
        'each day opens with the leftover of the day before',
        'days that open with another leftover',
        `SELECT 1 FROM settlement s JOIN settlement b ON b.token = s.token AND b.day = s.day - 1
         WHERE s.leftover_before IS NOT NULL AND s.leftover_before <> coalesce(b.leftover, 0)`,
      ),
      await this.none(
        'credits',
        'every planned credit batch of a paid day is done',
        'paid days with open credit batches',
        `SELECT 1 FROM settlement s JOIN credit_batch c ON c.day = s.day AND c.token = s.token WHERE s.state = 'paid' AND c.state <> 'done'`,
      ),
      await this.none(
        'reconciliation',
        'the core agrees on every reconciled day',
        'days on which the core says something else',
        `SELECT 1 FROM reconciliation WHERE differences <> '[]'::jsonb OR ours_total <> core_total`,
        'wrong',
      ),
      await this.none(
        'held days',
        'no day is held',
        'days are held for two people',
        `SELECT 1 FROM settlement WHERE state = 'held'`,
        'warning',
      ),
      await this.none(
        'chains',
        'no chain is halted',
        'chains are halted',
        'SELECT 1 FROM chain_cursor WHERE halted IS NOT NULL',
      ),
    ];
  }

  private async none(
    name: string,
    good: string,
    bad: string,
    query: string,
    state: 'wrong' | 'warning' = 'wrong',
  ): Promise<Finding> {
    const [found] = await this.db.rows<{ count: string }>(`SELECT count(*)::text AS count FROM (${query}) AS broken`);
    const count = found?.count ?? '0';
    return count === '0' ? { name, state: 'ok', detail: good } : { name, state, detail: `${count} ${bad}` };
  }
}
