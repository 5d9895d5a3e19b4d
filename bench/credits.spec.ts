import { Database } from '@app/database';
import { openTestDatabase, type TestDatabase } from '@app/platform';
import { CoreStandIn } from './credits/core-stand-in.js';
import { owedHash, writeCreditDay } from './credits/credit-day.js';
import { ProductCredits } from './credits/product-credits.js';

const CREDITS = 20_000;

/** The benchmark of credits, small: what it asserts is what the core holds. Times are for `npm run bench`. */
describe('the credits of the benchmark', () => {
  let database: TestDatabase;
  let db: Database;
  const core = new CoreStandIn(CREDITS, 2);
  let url: string;

  beforeAll(async () => {
    database = await openTestDatabase('bench credits');
    db = await Database.open(database.url, { poolSize: 20 });
    url = await core.start();
  });
  afterAll(async () => {
    await core.stop();
    await db.close();
    await database.drop();
  });

  it('R23, R28: two senders at once credit each user once, and nobody who is held back', async () => {
    const due = await writeCreditDay(db, CREDITS);
    const [one, other] = [new ProductCredits(db, url), new ProductCredits(db, url)];
    await one.run('plan');
    await Promise.all([one.run('send'), other.run('send').catch(alreadySent)]);
    const { sha256, ...books } = core.report();
    expect(books).toMatchObject({ credits: due, duplicates: 0, conflicts: 0 });
    // Each sender asks the core to bear no more than its limit at once.
    expect(books.atOnce).toBeLessThanOrEqual(2 * one.inFlight);
    expect(books.atOnce).toBeGreaterThan(1);
    expect(sha256).toBe(await owedHash(db));
    await one.run('reconcile');
    const flips = await db.rows('SELECT 1 FROM credit_exception');
    expect(flips).toHaveLength(CREDITS - due);
  });
});

/** The slower of the two finds the day credited by the other. */
function alreadySent(error: unknown): void {
  if (!String(error).includes('"state":"credited"')) throw error;
}
