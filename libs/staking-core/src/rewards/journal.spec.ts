import fc from 'fast-check';
import { atoms, signedAtoms } from '../money/atoms.js';
import { D, PENNY_RULES, anyAtoms } from '../testing/samples.js';
import {
  adjustmentEntry,
  assertBalanced,
  boostEntry,
  creditConfirmedEntry,
  creditSentEntry,
  leftoverInEntry,
  leftoverOutEntry,
  observedEntry,
  poolPartEntry,
  releasedEntry,
  rewardsEntry,
  slashEntry,
  treasuryPartEntry,
} from './journal.js';
import type { JournalEntry } from './journal.js';
import { absorbSlash } from './slash.js';
import { splitDay } from './split-day.js';

const name = { token: 'PENNY', day: D, key: 'k' };
const shown = (entry: JournalEntry): string[] =>
  entry.lines.map((line) => `${line.account}${line.user === null ? '' : `/${line.user}`} ${line.amountAtoms}`);
const balances = (entries: readonly JournalEntry[]): Record<string, bigint> => {
  const sums: Record<string, bigint> = {};
  for (const line of entries.flatMap((entry) => entry.lines))
    sums[line.account] = (sums[line.account] ?? 0n) + line.amountAtoms;
  return sums;
};

describe('journal', () => {
  it('R25: every movement is one entry between two accounts', () => {
    expect(observedEntry(name, atoms(5n))).toEqual({
      kind: 'observed',
      ...name,
      lines: [
        { account: 'chain-rewards', user: null, amountAtoms: -5n },
        { account: 'unreleased', user: null, amountAtoms: 5n },
      ],
    });
    expect(
      [releasedEntry, poolPartEntry, treasuryPartEntry, leftoverInEntry, boostEntry, leftoverOutEntry].map((make) => {
        const entry = make(name, atoms(5n));
        return [entry.kind, ...shown(entry)];
      }),
    ).toEqual([
      ['released', 'unreleased -5', 'released 5'],
      ['pool-part', 'released -5', 'pool 5'],
      ['treasury-part', 'released -5', 'treasury 5'],
      ['leftover-in', 'leftover -5', 'pool 5'],
      ['boost', 'treasury -5', 'pool 5'],
      ['leftover-out', 'pool -5', 'leftover 5'],
    ]);
    const credit = { user: 'u', amountAtoms: atoms(5n) };
    expect(creditSentEntry(name, credit).kind).toBe('credit-sent');
    expect(shown(creditSentEntry(name, credit))).toEqual(['user-rewards/u -5', 'credits-sent/u 5']);
    expect(creditConfirmedEntry(name, credit).kind).toBe('credit-confirmed');
    expect(shown(creditConfirmedEntry(name, credit))).toEqual(['credits-sent/u -5', 'credits-confirmed/u 5']);
  });

  it('R25: the rewards of a day are one entry: a pool line and a line for each user, zeros left out', () => {
    const entry = rewardsEntry(name, [
      { user: 'a', amountAtoms: atoms(3n) },
      { user: 'b', amountAtoms: atoms(0n) },
      { user: 'c', amountAtoms: atoms(4n) },
    ]);
    expect([entry.kind, ...shown(entry)]).toEqual(['rewards', 'pool -7', 'user-rewards/a 3', 'user-rewards/c 4']);
    expect(rewardsEntry(name, []).lines).toEqual([]);
  });

  it('R18: an applied slash never has a line of a user', () => {
    const cover = {
      amountAtoms: atoms(100n),
      unreleasedAtoms: atoms(30n),
      reserveAtoms: atoms(50n),
      treasuryAtoms: atoms(90n),
      fromUnreleased: true,
    };
    const entry = slashEntry(name, absorbSlash(cover));
    expect([entry.kind, ...shown(entry)]).toEqual([
      'slash',
      'unreleased -30',
      'reserve -50',
      'treasury -20',
      'chain-slashes 100',
    ]);
  });

  it('R27: an adjustment runs against the reserve', () => {
    expect(shown(adjustmentEntry(name, 'u', signedAtoms(3n)))).toEqual(['reserve -3', 'user-rewards/u 3']);
    expect(shown(adjustmentEntry(name, 'u', signedAtoms(-3n)))).toEqual(['reserve 3', 'user-rewards/u -3']);
    expect(adjustmentEntry(name, 'u', signedAtoms(3n)).kind).toBe('adjustment');
  });

  it('R25: lines that do not add up to zero are refused', () => {
    const [line] = observedEntry(name, atoms(5n)).lines;
    expect(() => assertBalanced({ kind: 'observed', key: 'k', lines: [line!] })).toThrow(/add up to zero.*sum=-5/);
  });

  it('R25: a whole day booked: zero in sum, pool and released empty again, users have what they were paid', () => {
    const anyAccounts = fc.array(fc.bigInt({ min: 0n, max: 90n }), { maxLength: 6 });
    fc.assert(
      fc.property(anyAccounts, anyAtoms(10n ** 77n), anyAtoms(99n), (averages, releasedAtoms, stakeAtoms) => {
        const accounts = averages.map((average, n) => ({ user: `u${n}`, owner: null, averageAtoms: atoms(average) }));
        const carried = atoms(7n);
        const split = splitDay({
          rules: PENNY_RULES,
          releasedAtoms,
          stakeAtoms,
          leftoverBeforeAtoms: carried,
          boostAtoms: atoms(0n),
          accounts,
        });
        const credits = split.rewards.map((one) => ({ user: one.user, amountAtoms: one.rewardAtoms }));
        const entries = [
          observedEntry(name, releasedAtoms),
          releasedEntry(name, releasedAtoms),
          poolPartEntry(name, split.pool.poolPartAtoms),
          treasuryPartEntry(name, atoms(split.pool.treasuryPartAtoms + split.pool.feeAtoms)),
          leftoverInEntry(name, carried),
          rewardsEntry(name, credits),
          leftoverOutEntry(name, split.leftoverAtoms),
          ...credits.map((credit) => creditSentEntry(name, credit)),
          ...credits.map((credit) => creditConfirmedEntry(name, credit)),
        ];
        const sums = balances(entries);
        expect(Object.values(sums).reduce((sum, one) => sum + one, 0n)).toBe(0n);
        expect([
          sums['released'] ?? 0n,
          sums['pool'] ?? 0n,
          sums['unreleased'] ?? 0n,
          sums['user-rewards'] ?? 0n,
          sums['credits-sent'] ?? 0n,
        ]).toEqual([0n, 0n, 0n, 0n, 0n]);
        expect(sums['credits-confirmed'] ?? 0n).toBe(split.paidAtoms);
        expect(sums['leftover'] ?? 0n).toBe(split.leftoverAtoms - carried);
      }),
    );
  });
});
