import { openTestDatabase, type TestDatabase } from '@app/platform';
import { Database } from '../database.js';
import { DayPartitionRepository } from '../repositories/day-partition.repository.js';
import { lintSchema, SCHEMA_RULES, type SchemaRule } from './schema-rules.js';

/** DDL that puts one fault into a migrated schema, and the rule that must see it. */
const PLANTED: readonly (readonly [SchemaRule, string])[] = [
  ['not-placed', 'CREATE TABLE somebody_forgot (user_id text)'],
  ['placed-but-gone', 'DROP TABLE reconciliation'],
  ['no-user-column', 'ALTER TABLE late_event ALTER COLUMN user_id TYPE varchar(40)'],
  ['no-user-column', 'ALTER TABLE credit_exception RENAME COLUMN user_id TO owner_id'],
  ['key-without-user', 'CREATE UNIQUE INDEX late_event_line ON late_event (shard, seq)'],
  ['key-without-user', 'ALTER TABLE quarantine ADD UNIQUE (token, day, seq)'],
  ['exclusion', 'ALTER TABLE consent ADD EXCLUDE USING gist (tstzrange(at, recorded_at) WITH &&)'],
  ['foreign-key', 'ALTER TABLE late_event ADD FOREIGN KEY (shard) REFERENCES feed_shard'],
  ['foreign-key', 'ALTER TABLE lease ADD FOREIGN KEY (holder) REFERENCES account'],
  ['foreign-key-action', 'ALTER TABLE late_event ADD FOREIGN KEY (user_id) REFERENCES account ON UPDATE CASCADE'],
  ['foreign-key-outside', 'ALTER TABLE lease ADD FOREIGN KEY (holder) REFERENCES token'],
  [
    'truncate-trigger',
    'CREATE TRIGGER late_event_kept BEFORE DELETE OR TRUNCATE ON late_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
  ],
  [
    'transition-table',
    'CREATE TRIGGER late_event_sum AFTER INSERT ON late_event REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_entry()',
  ],
  ['extension-trigger', 'ALTER TRIGGER consent_append_only ON consent DEPENDS ON EXTENSION plpgsql'],
  [
    'nested-partitions',
    "CREATE TABLE reward_20300101 PARTITION OF reward FOR VALUES FROM ('2030-01-01', '') TO ('2030-01-02', '') PARTITION BY LIST (token)",
  ],
  ['leaf-name', "CREATE TABLE of_may PARTITION OF reward FOR VALUES FROM ('2030-05-01', '') TO ('2030-06-01', '')"],
  ['generated-number', 'ALTER TABLE late_event ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY'],
  ['generated-number', 'ALTER TABLE consent ADD COLUMN number bigserial'],
  [
    'generated-user',
    `ALTER TABLE credit_exception RENAME COLUMN user_id TO user_name;
     ALTER TABLE credit_exception ADD COLUMN user_id text COLLATE "C" NOT NULL GENERATED ALWAYS AS (user_name) STORED`,
  ],
  ['rules-or-policies', 'ALTER TABLE account ENABLE ROW LEVEL SECURITY'],
];

describe('the schema as Citus sees it', () => {
  let test: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    test = await openTestDatabase('citus-rules');
    db = await Database.open(test.url, { poolSize: 2 });
    await db.migrate();
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  it('can be distributed as the migrations make it, with leaves of days', async () => {
    const leaves = new DayPartitionRepository(db);
    await leaves.ensure('balance_event', ['2026-11-19']);
    await leaves.ensure('journal_line', ['2026-11-19']);
    expect(await lintSchema(db)).toEqual([]);
  });

  it.each(PLANTED)('%s: %s', async (rule, ddl) => {
    const undo = new Error('planted');
    const found: string[] = [];
    await db
      .transaction(async (tx) => {
        for (const statement of ddl.split(';')) await tx.rows(statement);
        found.push(...(await lintSchema(tx)).map((finding) => finding.rule));
        throw undo;
      })
      .catch((error: unknown) => {
        if (error !== undo) throw error;
      });
    expect(found).toContain(rule);
  });

  it('every rule has a fault that breaks it', () => {
    const planted = new Set(PLANTED.map(([rule]) => rule));
    expect(Object.keys(SCHEMA_RULES).filter((rule) => !planted.has(rule as SchemaRule))).toEqual([]);
  });
});
