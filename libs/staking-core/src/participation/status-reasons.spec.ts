import { atoms } from '../money/atoms.js';
import { BNB_RULES, END, START, bnb } from '../testing/samples.js';
import { stakedAmount, statusReasons } from './status-reasons.js';
import type { CutReason } from './counting-intervals.js';
import type { StandingOfToken } from './status-reasons.js';

const fine: StandingOfToken = {
  active: true,
  countsFromMs: START,
  nowMs: START,
  cuts: [],
  countedAtoms: bnb(2n),
  movedByAutoSubscribe: false,
  rules: BNB_RULES,
};
const codes = (change: Partial<StandingOfToken>): string[] =>
  statusReasons({ ...fine, ...change }).reasons.map((reason) => reason.code);
const statusOf = (change: Partial<StandingOfToken>): string => statusReasons({ ...fine, ...change }).status;

describe('statusReasons', () => {
  it('R32: nothing is wrong, nothing is said', () => {
    expect(statusReasons(fine)).toEqual({ status: 'counting', reasons: [] });
  });

  it('R32: below the minimum by how much', () => {
    expect(statusReasons({ ...fine, countedAtoms: bnb(1n, 5n) })).toEqual({
      status: 'not-counting',
      reasons: [{ code: 'BELOW_MINIMUM', detail: '0.3 BNB short of the minimum.', amountAtoms: bnb(3n, 10n) }],
    });
    expect(codes({ countedAtoms: bnb(1n, 2n) })).toEqual([]);
  });

  it('R32: capped by how much, and still counting', () => {
    expect(statusReasons({ ...fine, countedAtoms: bnb(1_250n) })).toEqual({
      status: 'counting',
      reasons: [{ code: 'CAPPED', detail: '250 BNB above the cap do not count.', amountAtoms: bnb(250n) }],
    });
    expect(codes({ countedAtoms: bnb(1_000n) })).toEqual([]);
  });

  it('R11: names Auto-Subscribe when the core says it moved the balance', () => {
    expect(codes({ countedAtoms: atoms(0n), movedByAutoSubscribe: true })).toEqual(['BELOW_MINIMUM', 'AUTO_SUBSCRIBE']);
    expect(codes({ movedByAutoSubscribe: true })).toEqual([]);
  });

  it.each<CutReason>(['TOKEN_OFF', 'TERMS', 'REGION', 'BANNED', 'CLOSED', 'PAUSED', 'DELISTED', 'QUARANTINED'])(
    'R32: %s has a code and a sentence',
    (cut) => {
      const status = statusReasons({ ...fine, cuts: [cut, cut] });
      expect(status).toMatchObject({ status: 'not-counting', reasons: [{ code: cut }] });
      expect(status.reasons).toHaveLength(1);
      expect(status.reasons[0]?.detail).toMatch(/^[A-Z].*\.$/);
    },
  );

  it('R32: not active, several at once in a fixed order', () => {
    expect(codes({ active: false, countsFromMs: null, cuts: ['REGION', 'BANNED'], countedAtoms: atoms(0n) })).toEqual([
      'NOT_ACTIVE',
      'BANNED',
      'REGION',
      'BELOW_MINIMUM',
    ]);
    expect(statusOf({ active: false, countsFromMs: null })).toBe('not-counting');
  });

  it('R4: waits until the next 00:00 after switching on', () => {
    expect(statusReasons({ ...fine, countsFromMs: END, nowMs: END - 1n })).toEqual({
      status: 'waiting',
      reasons: [{ code: 'STARTS_LATER', detail: 'Counts from 2026-11-20T00:00:00.000Z.' }],
    });
    expect(statusOf({ countsFromMs: END, nowMs: END })).toBe('counting');
    expect(statusOf({ countsFromMs: END, nowMs: START, countedAtoms: atoms(0n) })).toBe('not-counting');
    expect(codes({ active: false, countsFromMs: END, nowMs: START })).toEqual(['NOT_ACTIVE']);
    expect(statusOf({ countsFromMs: END, nowMs: START, countedAtoms: bnb(2_000n) })).toBe('waiting');
  });

  it('R26: an unknown balance is said to be unknown, not zero', () => {
    expect(codes({ countedAtoms: null })).toEqual(['BALANCE_UNKNOWN']);
    expect(statusOf({ countedAtoms: null })).toBe('not-counting');
  });
});

describe('stakedAmount', () => {
  it('R31: min(balance, cap) from the minimum on, else 0', () => {
    expect(stakedAmount(atoms(bnb(1n, 2n) - 1n), BNB_RULES)).toBe(0n);
    expect(stakedAmount(bnb(1n, 2n), BNB_RULES)).toBe(bnb(1n, 2n));
    expect(stakedAmount(bnb(999n), BNB_RULES)).toBe(bnb(999n));
    expect(stakedAmount(bnb(1_001n), BNB_RULES)).toBe(bnb(1_000n));
  });
});
