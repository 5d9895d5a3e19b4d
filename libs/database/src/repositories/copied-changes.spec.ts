import { openTestDatabase, type TestDatabase } from '@app/platform';
import { Database } from '../database.js';
import { copiedChanges } from './copied-changes.js';

/** What a reader is told, as the number that it stands for. */
async function read(db: Database, query: string): Promise<[user: string, ms: number, change: bigint][]> {
  const seen: [string, number, bigint][] = [];
  await db.transaction((tx) =>
    copiedChanges(tx, `COPY (${query}) TO STDOUT (FORMAT binary)`, (changes) => {
      for (let n = 0; n < changes.count; n += 1) {
        changes.open(n);
        let value = 0n;
        for (let group = 0; group < changes.groups; group += 1) {
          value +=
            BigInt(changes.bytes.readUInt16BE(changes.digits + 2 * group)) * 10_000n ** BigInt(changes.highest - group);
        }
        const user = changes.bytes.toString('utf8', changes.userFrom[n], changes.userTo[n]);
        seen.push([user, changes.ms, changes.negative ? -value : value]);
      }
    }),
  );
  return seen;
}

describe('changes in the binary format of COPY', () => {
  let test: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    test = await openTestDatabase('copied changes');
    db = await Database.open(test.url, { poolSize: 1 });
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  it('R1: every whole number comes as it is: of either sign, with zeros behind, of 78 digits', async () => {
    const numbers = [
      0n,
      1n,
      -1n,
      9_999n,
      10_000n,
      -10_001n,
      10n ** 18n,
      -(10n ** 20n) + 1n,
      10n ** 78n - 1n,
      -(10n ** 77n),
    ];
    const values = numbers.map((one, n) => `('u\t${n}ä', ${n === 3 ? -5 : n * 9_600_000}, ${one}::numeric(78,0))`);
    expect(await read(db, `SELECT * FROM (VALUES ${values.join()}) v`)).toEqual(
      numbers.map((one, n) => [`u\t${n}ä`, n === 3 ? -5 : n * 9_600_000, one]),
    );
  });

  it('many rows, however the socket cuts them, and none at all', async () => {
    const rows = await read(db, `SELECT 'u' || n, n, n * 1000003::numeric FROM generate_series(1, 20000) n`);
    expect(rows).toHaveLength(20_000);
    rows.forEach((row, at) => expect(row).toEqual([`u${at + 1}`, at + 1, BigInt(at + 1) * 1_000_003n]));
    expect(await read(db, `SELECT 'u', 1, 1::numeric WHERE false`)).toEqual([]);
  });

  it('R19: what is not a whole number, or not a change, is refused', async () => {
    await expect(read(db, `SELECT 'u', 1, 1.5::numeric`)).rejects.toThrow('whole number');
    await expect(read(db, `SELECT 'u', 1, 'NaN'::numeric`)).rejects.toThrow('whole number');
    await expect(read(db, `SELECT 'u', 1::bigint, 1::numeric`)).rejects.toThrow('millisecond');
    await expect(read(db, `SELECT 'u', 1, 1::numeric, 2`)).rejects.toThrow('three fields');
    await expect(read(db, `SELECT 'u', 1, 1::bigint`)).rejects.toThrow('whole number');
    await expect(
      db.transaction((tx) => copiedChanges(tx, `COPY (SELECT 'a long enough text', 1, 2) TO STDOUT`, () => undefined)),
    ).rejects.toThrow('no header');
  });

  it('a server that stops in the middle is an error, never the end', async () => {
    await expect(read(db, `SELECT 'u', 1, (1 / (1000 - n))::numeric FROM generate_series(1, 2000) n`)).rejects.toThrow(
      'division by zero',
    );
    expect(await read(db, `SELECT 'u', 1, 7::numeric`)).toEqual([['u', 1, 7n]]);
  });
});
