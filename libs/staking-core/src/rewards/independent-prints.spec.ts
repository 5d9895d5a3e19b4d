import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { PENNY_RULES } from '../testing/samples.js';
import { decimalBytes } from './decimal-bytes.js';
import { IndependentRows, type IndependentRow } from './independent-day.js';
import { IndependentPrints } from './independent-prints.js';

interface Account {
  readonly average: bigint;
  readonly owner: string | null;
}

const OWNED = { o: 130n, p: 40n, q: null } as const;
const rules = { ...PENNY_RULES, minAtoms: atoms(5n), capAtoms: atoms(60n) };
const figures = { qualifyingAtoms: 977n, poolAtoms: 10_007n };

/** What SQL would have stored: worked out plainly, for any rules. */
function storedOf({ average, owner }: Account, using: typeof rules): IndependentRow['stored'] {
  const ownerAtoms = owner === null ? null : OWNED[owner as keyof typeof OWNED];
  const least = average < using.capAtoms ? average : using.capAtoms;
  const weightAtoms =
    average < using.minAtoms
      ? 0n
      : ownerAtoms !== null && ownerAtoms > using.capAtoms
        ? (using.capAtoms * average) / ownerAtoms
        : least;
  if (weightAtoms === 0n) return null;
  const exact = (weightAtoms * figures.poolAtoms) / figures.qualifyingAtoms;
  return { averageAtoms: average, weightAtoms, rewardAtoms: exact - (exact % 10n) };
}

function bothWays(accounts: readonly Account[], rows: readonly IndependentRow['stored'][], using = rules) {
  const prints = new IndependentPrints(using, figures);
  const compared = new IndependentRows(using, figures);
  accounts.forEach(({ average, owner }, index) => {
    const user = decimalBytes(BigInt(index));
    const digits = decimalBytes(average);
    const ownerAtoms = owner === null ? null : OWNED[owner as keyof typeof OWNED];
    if (owner === null) prints.expect(user, 0, user.length, digits, 0, digits.length);
    else prints.expectOwned(user, 0, user.length, average, { owner, ownerAtoms });
    const stored = rows[index] ?? null;
    compared.row({ user: () => `${index}`, averageAtoms: average, counts: true, owner, ownerAtoms, stored });
    if (stored === null) return;
    // As COPY has it: the weight is left out where it is the average.
    const name = `${index}\t`;
    const isAverage = stored.weightAtoms === stored.averageAtoms;
    const key = `${name}${stored.averageAtoms}${isAverage ? '' : `\t${stored.weightAtoms}`}`;
    const line = new TextEncoder().encode(`${key}\t${stored.rewardAtoms}`);
    const weightFrom = isAverage ? name.length : key.lastIndexOf('\t') + 1;
    prints.store(line, 0, key.length, weightFrom, key.length, key.length + 1, line.length);
  });
  return { prints: prints.findings(), compared: compared.findings() };
}

const anyAccount = fc.record({
  average: fc.oneof(fc.bigInt({ min: 0n, max: 200n }), fc.constantFrom(4n, 5n, 59n, 60n, 61n)),
  owner: fc.option(fc.constantFrom('o', 'p', 'q')),
});
const accounts = fc.array(anyAccount, { minLength: 1, maxLength: 12 });

describe('IndependentPrints', () => {
  it('R22: finds in right rows what the comparison row by row finds, for any minimum and cap', () => {
    const limits = fc.record({ min: fc.constantFrom(0n, 1n, 5n, 70n), cap: fc.constantFrom(0n, 1n, 60n, 500n) });
    fc.assert(
      fc.property(accounts, limits, (all, { min, cap }) => {
        const using = { ...rules, minAtoms: atoms(min), capAtoms: atoms(cap) };
        const found = bothWays(
          all,
          all.map((one) => storedOf(one, using)),
          using,
        );
        expect(found.compared.differences).toBe(0);
        expect(found.prints).toEqual(found.compared);
      }),
      { numRuns: 500 },
    );
  });

  it('R22: one wrong average, weight or reward, one row too few or too many, and it has no findings', () => {
    const wrong = fc.constantFrom('average', 'weight', 'reward up', 'reward down', 'penny', 'missing', 'more');
    fc.assert(
      fc.property(accounts, fc.nat(), wrong, (all, at, how) => {
        const rows = all.map((one) => storedOf(one, rules));
        const index = at % rows.length;
        const row = rows[index] ?? null;
        fc.pre((row === null) === (how === 'more'));
        const right = row ?? { averageAtoms: 1n, weightAtoms: 1n, rewardAtoms: 0n };
        rows[index] = {
          average: { ...right, averageAtoms: right.averageAtoms + 1n },
          weight: { ...right, weightAtoms: right.weightAtoms - 1n },
          'reward up': { ...right, rewardAtoms: right.rewardAtoms + 10n },
          'reward down': { ...right, rewardAtoms: right.rewardAtoms - 10n },
          penny: { ...right, rewardAtoms: right.rewardAtoms - 1n },
          missing: null,
          more: right,
        }[how];
        const found = bothWays(all, rows);
        expect(found.compared.differences).toBe(1);
        expect(found.prints).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
