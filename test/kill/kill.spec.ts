import type { FaultSchedule } from '../../scripts/kill/fault-schedule.js';
import type { WorldBooks } from '../../scripts/kill/world-result.js';
import { TestWorlds } from '../support/world.js';

jest.setTimeout(240_000);

/**
 * A short slice of the campaign (`npm run test:kill`), for every run of the tests: one day, one of each kind of fault.
 * The campaign reaches every named point, and kills at random.
 */
const FAULTS: FaultSchedule = {
  fall: 'together',
  stealLane: false,
  opening: { points: ['chain-sync.bytes-stored'], kills: [], coreFaults: [] },
  days: [
    {
      points: [
        'chain-sync.rows-written',
        'settlement.split.before-commit',
        'settlement.plan.committed',
        'settlement.send.posted',
        'settlement.acknowledge.before-commit',
      ],
      kills: [{ worker: 2, afterMs: 400 }],
      killPostgresAfterMs: 1_500,
      coreFaults: ['half'],
    },
  ],
};

describe('R21, R23, R25: a day under fire', () => {
  let worlds: TestWorlds;
  let reference: WorldBooks;

  beforeAll(async () => {
    worlds = await TestWorlds.open('kill-spec');
    const peace = await worlds.inPeace();
    expect(peace.failures).toEqual([]);
    if (peace.books === undefined) throw new Error('the reference has no books');
    reference = peace.books;
  });
  afterAll(() => worlds.close());

  it('the reference is a day on which something happened', () => {
    expect(reference.received.size).toBeGreaterThan(20);
    expect(reference.result.get('journal line')?.size).toBeGreaterThan(10);
    expect(reference.result.get('chain reward')?.size).toBeGreaterThan(0);
  });

  it('R21, R23: ends by itself with exactly the same books, nothing lost and nothing doubled', async () => {
    const run = await worlds.underFire(FAULTS, reference);
    expect({ failures: run.failures, differences: run.differences }).toEqual({ failures: [], differences: [] });
    expect(run).toMatchObject({ ok: true, lost: 0n, doubled: 0n, sameInputs: true, postgresKills: 1 });
    // It has really been under fire.
    expect([...run.hits.keys()].sort()).toEqual(
      [...(FAULTS.opening.points ?? []), ...(FAULTS.days[0]?.points ?? [])].sort(),
    );
    expect(run.kills).toBeGreaterThanOrEqual(6);
  });
});
