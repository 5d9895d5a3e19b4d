import { atoms } from '@app/staking-core';

import type { BlockStamp, FlowObservation } from '../chain-adapter.js';
import type { Holding } from './cosmos.cut.js';
import { DEC_ONE } from './cosmos.decode.js';
import { rewardOfPeriod, split, type PositionPeriod, type SlashEvidence } from './cosmos.reward.js';

const VALIDATOR = 'cosmosvaloper1one';
const ACCOUNT = 'cosmos1us';
const stamp = (height: bigint): BlockStamp => ({ height, hash: `H${height}`, timeMs: height * 1_000n });
const holding = (active: bigint, pending: bigint, exits: readonly bigint[] = []): Holding => ({
  validator: VALIDATOR,
  shares: active * DEC_ONE,
  active: atoms(active),
  pending,
  exits: exits.map((balance) => ({ creationHeight: 5n, completionNs: 9n, balance: atoms(balance) })),
});
const flow = (kind: FlowObservation['kind'], amount: bigint, activeChange: bigint): FlowObservation => ({
  key: `${kind}:${amount}`,
  kind,
  positionKey: `atom:${ACCOUNT}:${VALIDATOR}`,
  validator: VALIDATOR,
  amount,
  activeChange,
  feeAtoms: atoms(0n),
  atMs: 15_000n,
  at: stamp(15n),
  txid: 'T',
});
const slash = (weight = 1n, direct = true): SlashEvidence => ({
  validator: VALIDATOR,
  kind: 'downtime',
  at: stamp(15n),
  weight,
  direct,
});
const period = (change: Partial<PositionPeriod>): PositionPeriod => ({
  account: ACCOUNT,
  from: stamp(10n),
  to: stamp(20n),
  earnedFromMs: 10_500n,
  before: holding(1_000n, 5n * DEC_ONE),
  after: holding(1_000n, 9n * DEC_ONE),
  flows: [],
  evidence: [],
  ...change,
});
const broken = (change: Partial<PositionPeriod>): void =>
  expect(() => rewardOfPeriod(period(change))).toThrow(expect.objectContaining({ code: 'IDENTITY_BROKEN' }));

describe('the reward of one position between two cuts', () => {
  it('R13: pending after, less pending before, and what was withdrawn, under a key of chain facts', () => {
    const { reward, slashes } = rewardOfPeriod(period({ flows: [flow('withdraw-reward', -70n, 0n)] }));
    expect(reward).toMatchObject({
      key: `atom:acc:${ACCOUNT}:${VALIDATOR}:10-20`,
      amount: 74n,
      earnedFromMs: 10_500n,
      earnedToMs: 20_000n,
    });
    expect(slashes).toEqual([]);
  });

  it('R13: fractions of an atom are dropped at both ends, as the chain pays them', () => {
    const change = { before: holding(1_000n, 5n * DEC_ONE + DEC_ONE - 1n), after: holding(1_000n, 6n * DEC_ONE) };
    expect(rewardOfPeriod(period(change)).reward.amount).toBe(1n);
  });

  it('R41: an exit moves inside the position; its credit leaves it', () => {
    const change = {
      before: holding(1_000n, 0n, [300n]),
      after: holding(900n, 0n, [100n]),
      flows: [flow('undelegate', 0n, -100n), flow('claim', -300n, 0n)],
    };
    expect(rewardOfPeriod(period(change)).reward.amount).toBe(0n);
  });

  it('R13: a movement that was not seen is never a reward', () => {
    broken({ after: holding(3_000n, 9n * DEC_ONE) });
    broken({ after: holding(900n, 9n * DEC_ONE) });
    broken({ after: holding(1_000n, 1n * DEC_ONE) });
  });

  it('R18: with its evidence a loss is a slash, in one piece with rewards that vanished', () => {
    const loss = rewardOfPeriod(period({ after: holding(990n, 2n * DEC_ONE), evidence: [slash()] }));
    expect(loss.reward.amount).toBe(0n);
    expect(loss.slashes).toMatchObject([{ state: 'applied', amount: 13n, kind: 'downtime' }]);
    expect(loss.activeLosses).toEqual([{ atMs: 15_000n, amount: 10n }]);
  });

  it('R18: two slashes share the loss by weight, to the atom', () => {
    expect(split(10n, [slash(1n), slash(2n)])).toEqual([3n, 7n]);
    expect(split(7n, [slash(0n), slash(0n)])).toEqual([7n, 0n]);
    const both = rewardOfPeriod(period({ after: holding(990n, 5n * DEC_ONE), evidence: [slash(1n), slash(2n)] }));
    expect(both.slashes.map((row) => row.amount)).toEqual([3n, 7n]);
  });

  it('R18: a slash that cost us nothing is observed; one of stake that left us is not even that', () => {
    const seen = rewardOfPeriod(period({ evidence: [slash(), slash(1n, false)] }));
    expect(seen.slashes).toMatchObject([{ state: 'observed', amount: 0n }]);
    expect(seen.reward.amount).toBe(4n);
  });

  it('R41: rounding of our own operations is bounded; it lowers the reward, and is a row where there is none', () => {
    const flows = [flow('delegate', 100n, 100n)];
    expect(rewardOfPeriod(period({ after: holding(1_098n, 9n * DEC_ONE), flows })).reward.amount).toBe(2n);
    const bare = rewardOfPeriod(period({ after: holding(1_098n, 5n * DEC_ONE), flows }));
    expect(bare.reward.amount).toBe(0n);
    expect(bare.slashes).toMatchObject([{ kind: 'rounding', state: 'applied', amount: 2n }]);
    broken({ after: holding(1_090n, 9n * DEC_ONE), flows });
  });
});
