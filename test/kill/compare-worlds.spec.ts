import { compareWorlds } from '../../scripts/kill/compare-worlds.js';
import { CHAIN_POINTS, scheduleFaults, SETTLEMENT_POINTS } from '../../scripts/kill/fault-schedule.js';
import type { WorldBooks } from '../../scripts/kill/world-result.js';

const books = (
  received: Record<string, string>,
  sections: Record<string, Record<string, string>> = { reward: received },
): WorldBooks => ({
  result: new Map(Object.entries(sections).map(([name, lines]) => [name, new Map(Object.entries(lines))])),
  received: new Map(Object.entries(received)),
  violations: [],
});

describe('the comparison of two worlds', () => {
  it('R23: equal worlds have no difference, and nothing is lost or doubled', () => {
    const world = books({ 'ann BNB 2026-03-10': '7', 'bob BNB 2026-03-10': '5' });
    expect(compareWorlds(world, world)).toEqual({ lost: 0n, doubled: 0n, sameInputs: true, differences: [] });
  });

  it('R23: what one user got too little of does not make up for what another got too much of', () => {
    const compared = compareWorlds(books({ ann: '7', bob: '5', cid: '3' }), books({ ann: '14', bob: '4', dot: '1' }));
    expect(compared).toMatchObject({ lost: 4n, doubled: 8n });
    expect(compared.differences.map(({ key }) => key).sort()).toEqual(['ann', 'bob', 'cid', 'dot']);
  });

  it('a line that is missing on either side is a difference, in any section', () => {
    const compared = compareWorlds(
      books({}, { 'journal line': { a: '1', b: '2' } }),
      books({}, { 'journal line': { a: '1' }, quarantine: { u1: 'GAP' } }),
    );
    expect(compared.differences).toEqual([
      { section: 'journal line', key: 'b', expected: '2', got: undefined },
      { section: 'quarantine', key: 'u1', expected: undefined, got: 'GAP' },
    ]);
    expect(compared.sameInputs).toBe(true);
  });

  it('worlds that saw another chain are not comparable, and that is said', () => {
    const compared = compareWorlds(books({}, { 'chain day': { d: '1' } }), books({}, { 'chain day': { d: '2' } }));
    expect(compared.sameInputs).toBe(false);
  });
});

describe('the schedule of faults', () => {
  const request = { seed: 1, days: 2, workers: 4, wanted: new Set<string>() };

  it('is decided by seed and run alone', () => {
    expect(scheduleFaults({ ...request, run: 3 })).toEqual(scheduleFaults({ ...request, run: 3 }));
    expect(scheduleFaults({ ...request, run: 4 })).not.toEqual(scheduleFaults({ ...request, run: 3 }));
    expect(scheduleFaults({ ...request, run: 3, seed: 2 })).not.toEqual(scheduleFaults({ ...request, run: 3 }));
  });

  it('what was not reached yet comes first: a few runs arm every named point', () => {
    const wanted = new Set([...SETTLEMENT_POINTS, ...CHAIN_POINTS]);
    for (let run = 0; run < 5; run += 1) {
      const { opening, days } = scheduleFaults({ ...request, run, wanted: new Set(wanted) });
      for (const point of [...opening.points, ...days.flatMap(({ points }) => points)]) wanted.delete(point);
    }
    expect([...wanted]).toEqual([]);
  });
});
