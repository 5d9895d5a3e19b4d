import type { FlowObservation, Observation, Position, RewardObservation, SlashObservation } from '@app/chains';
import { atoms, utcDay } from '@app/staking-core';
import { reconcilePositions } from './reconcile-positions.js';

const FROM = { height: 10n, hash: '0x10', timeMs: Date.UTC(2026, 10, 18) };
const TO = { height: 20n, hash: '0x20', timeMs: Date.UTC(2026, 10, 19) };
const from = { ...FROM, timeMs: BigInt(FROM.timeMs) };
const to = { ...TO, timeMs: BigInt(TO.timeMs) };

const position = (key: string, active: bigint, exiting = 0n): Position => ({
  key,
  validator: key,
  active: atoms(active),
  activating: atoms(0n),
  exiting: [{ amount: atoms(exiting), readyAtMs: null, readyPeriod: null }],
  withdrawable: atoms(0n),
  claimable: atoms(0n),
});
const reward = (positionKey: string, amount: bigint, crossCheck = amount): RewardObservation => ({
  key: `reward ${positionKey}`,
  kind: 'protocol',
  positionKey,
  validator: positionKey,
  period: '2026-11-18',
  amount: atoms(amount),
  earnedFromMs: from.timeMs,
  earnedToMs: to.timeMs,
  at: to,
  txid: null,
  crossCheck: { amount: atoms(crossCheck), toleranceAtoms: atoms(2n) },
});
const flow = (key: string, positionKey: string, kind: FlowObservation['kind'], amount: bigint): FlowObservation => ({
  key,
  kind,
  positionKey,
  validator: positionKey,
  amount,
  activeChange: amount,
  feeAtoms: atoms(1n),
  atMs: from.timeMs + 1n,
  at: { ...to, height: 15n },
  txid: '0xt',
});
const slash = (state: SlashObservation['state'], amount: bigint): SlashObservation => ({
  key: 'slash',
  positionKey: 'a',
  validator: 'a',
  kind: 'downtime',
  state,
  amount: atoms(amount),
  atMs: from.timeMs + 1n,
  at: { ...to, height: 16n },
  txid: null,
});
const observation = (parts: Partial<Observation>): Observation => ({
  from,
  to,
  rewards: [],
  slashes: [],
  flows: [],
  positions: [],
  validators: [],
  parameters: { minimumDelegation: atoms(1n), unbondingMs: null, unbondingPeriods: null, others: {} },
  liquid: atoms(0n),
  days: [{ day: utcDay('2026-11-18'), averageStake: atoms(1n) }],
  ...parts,
});
const before = {
  cut: from,
  positions: [{ positionKey: 'a', total: 1_000n }],
  lastDay: '2026-11-17',
  finalTimeMs: to.timeMs,
};

describe('R41: positions between two cuts', () => {
  it('change by flows + rewards - applied slashes, to the atom', () => {
    const good = observation({
      positions: [position('a', 700n, 290n), position('b', 49n)],
      flows: [
        flow('1', 'a', 'redelegate-out', -50n),
        flow('2', 'b', 'redelegate-in', 49n),
        flow('3', 'a', 'delegate', 40n),
      ],
      rewards: [reward('a', 10n)],
      slashes: [slash('applied', 10n)],
    });
    expect(reconcilePositions(before, good)).toBeNull();
    for (const [key, active] of [
      ['a', 701n],
      ['a', 699n],
    ] as const) {
      const off = observation({ ...good, positions: [position(key, active, 290n), position('b', 49n)] });
      expect(reconcilePositions(before, off)).toMatchObject({ code: 'POSITIONS_DIFFER' });
    }
  });

  it('R18: a slash that is not applied explains nothing', () => {
    const good = observation({ positions: [position('a', 1_000n)], slashes: [slash('deferred', 10n)] });
    expect(reconcilePositions(before, good)).toBeNull();
    const cut = observation({ positions: [position('a', 990n)], slashes: [slash('deferred', 10n)] });
    expect(reconcilePositions(before, cut)).toMatchObject({ code: 'POSITIONS_DIFFER' });
  });

  it('a position that is gone, or one from nowhere, is a difference', () => {
    expect(reconcilePositions(before, observation({ positions: [] }))).toMatchObject({ code: 'POSITIONS_DIFFER' });
    const extra = observation({ positions: [position('a', 1_000n), position('z', 1n)] });
    expect(reconcilePositions(before, extra)).toMatchObject({ code: 'POSITIONS_DIFFER' });
  });

  it('R13: the second way of reading a reward must agree within its tolerance', () => {
    const within = observation({ positions: [position('a', 1_010n)], rewards: [reward('a', 10n, 12n)] });
    expect(reconcilePositions(before, within)).toBeNull();
    const beyond = observation({ positions: [position('a', 1_010n)], rewards: [reward('a', 10n, 13n)] });
    expect(reconcilePositions(before, beyond)).toMatchObject({ code: 'REWARD_CROSS_CHECK' });
  });

  it('R17: days follow each other, and none ends before it is over', () => {
    const positions = [position('a', 1_000n)];
    const days = (day: string) => [{ day: utcDay(day), averageStake: atoms(1n) }];
    expect(reconcilePositions({ ...before, lastDay: '2026-11-16' }, observation({ positions }))).toMatchObject({
      code: 'DAY_SKIPPED',
    });
    const early = observation({ positions, days: days('2026-11-19') });
    expect(reconcilePositions({ ...before, lastDay: null }, early)).toMatchObject({ code: 'DAY_NOT_OVER' });
  });

  it('R17, R19: a cut may be the last block of its day; the day is over when a final block of the next one shows it', () => {
    const lastBlock = { ...to, timeMs: to.timeMs - 4_000n };
    const days = [{ day: utcDay('2026-11-18'), averageStake: atoms(1n) }];
    const cut = { ...observation({ positions: [position('a', 1_000n)], days }), to: lastBlock };
    expect(reconcilePositions(before, cut)).toBeNull();
    const sameDay = { ...before, finalTimeMs: to.timeMs - 1n };
    expect(reconcilePositions(sameDay, cut)).toMatchObject({ code: 'DAY_NOT_OVER' });
    const beyond = { ...cut, to: { ...lastBlock, timeMs: lastBlock.timeMs - 86_400_000n } };
    expect(reconcilePositions(before, beyond)).toMatchObject({ code: 'DAY_NOT_OVER' });
  });

  it('facts of other blocks, or from another cut, are refused', () => {
    const positions = [position('a', 1_010n)];
    const late = { ...reward('a', 10n), at: { ...to, height: 21n } };
    expect(reconcilePositions(before, observation({ positions, rewards: [late] }))).toMatchObject({
      code: 'WRONG_BLOCK',
    });
    const elsewhere = { ...before, cut: { ...from, hash: '0xother' } };
    expect(reconcilePositions(elsewhere, observation({ positions: [position('a', 1_000n)] }))).toMatchObject({
      code: 'WRONG_BLOCK',
    });
  });

  it('one key twice in an observation is refused', () => {
    const twice = observation({ positions: [position('a', 1_020n)], rewards: [reward('a', 10n), reward('a', 10n)] });
    expect(reconcilePositions(before, twice)).toMatchObject({ code: 'DUPLICATE_KEY' });
  });
});
