import { toBech32 } from '@cosmjs/encoding';
import { atoms } from '@app/staking-core';

import type { Position, StakeIntent, ValidatorState } from '../chain-adapter.js';
import { effectOf, planIntent, type PlanState } from './cosmos.plan.js';

const name = (n: number): string => toBech32('cosmosvaloper', new Uint8Array(20).fill(n));
const [ONE, TWO, THREE] = [name(1), name(2), name(3)];

const position = (validator: string, active: bigint, exits: number, change: Partial<Position> = {}): Position => ({
  key: `atom:us:${validator}`,
  validator,
  active: atoms(active),
  activating: atoms(0n),
  exiting: Array.from({ length: exits }, (_, i) => ({
    amount: atoms(1n),
    readyAtMs: 1_794_700_800_000n + BigInt(i),
    readyPeriod: null,
  })),
  withdrawable: atoms(0n),
  claimable: atoms(0n),
  ...change,
});
const validator = (key: string, health: ValidatorState['health'] = 'active'): ValidatorState => ({
  validator: key,
  moniker: 'x',
  commissionBps: 500n,
  health,
  jailedUntilMs: null,
  earning: health === 'active',
  totalStake: atoms(1n),
});
const state = (positions: readonly Position[], others: Record<string, string> = {}): PlanState => ({
  parameters: {
    minimumDelegation: atoms(1n),
    unbondingMs: 1n,
    unbondingPeriods: null,
    others: { maxEntries: '7', ...others },
  },
  positions,
  validators: [validator(ONE), validator(TWO), validator(THREE, 'jailed')],
});
const plan = (intent: StakeIntent, given: PlanState, requireTokenizeLock = true) =>
  planIntent('op', intent, given, { requireTokenizeLock });
const leave = (amount: bigint): StakeIntent => ({ kind: 'undelegate', validator: ONE, amount: atoms(amount) });
const refused = (work: () => unknown, words: string): void => {
  expect(work).toThrow(expect.objectContaining({ code: 'REFUSED' }));
  expect(work).toThrow(words);
};

describe('planning on the Cosmos Hub', () => {
  it('an exit takes the wanted validator while it has a slot', () => {
    expect(plan(leave(50n), state([position(ONE, 100n, 6), position(TWO, 100n, 0)]))).toEqual([
      { operationId: 'op', index: 0, intent: leave(50n) },
    ]);
  });

  it('with all seven taken, others give: most free slots first, then most stake, each its own step', () => {
    const held = [position(ONE, 100n, 7), position(TWO, 30n, 2), position(name(4), 20n, 2), position(name(5), 9n, 0)];
    const steps = plan(leave(50n), state(held));
    expect(steps.map((step) => step.index)).toEqual([0, 1, 2]);
    expect(steps.map(({ intent }) => (intent.kind === 'undelegate' ? [intent.validator, intent.amount] : []))).toEqual([
      [name(5), 9n],
      [TWO, 30n],
      [name(4), 11n],
    ]);
    refused(() => plan(leave(60n), state(held)), 'hold 1 uatom too little');
    refused(() => plan(leave(60n), state([position(ONE, 100n, 7)])), 'until 2026-11-15T00:00:00.000Z');
  });

  it('the number of slots is the chain’s, not ours', () => {
    expect(plan(leave(1n), state([position(ONE, 100n, 7)], { maxEntries: '8' }))).toHaveLength(1);
    refused(() => plan(leave(1n), state([position(ONE, 100n, 0)], { maxEntries: '' })), 'do not say how many exits');
  });

  it('stake that arrived by redelegation stays; a pair of validators has as many entries as exits have', () => {
    const move: StakeIntent = { kind: 'redelegate', from: ONE, to: TWO, amount: atoms(5n) };
    const arrived = (from: string, count: number) =>
      Array.from({ length: count }, () => ({ from, heldUntilMs: 1_794_700_800_000n }));
    expect(plan(move, state([position(ONE, 100n, 7)]))).toHaveLength(1);
    refused(() => plan(move, state([position(ONE, 100n, 0, { arrived: arrived(TWO, 1) })])), 'before 2026-11-15');
    const full = position(TWO, 9n, 0, { arrived: arrived(ONE, 7) });
    refused(() => plan(move, state([position(ONE, 100n, 0), full])), 'under way already');
    refused(() => plan({ ...move, to: THREE }, state([position(ONE, 100n, 0)])), 'is jailed');
  });

  it('R39: shares that can be tokenized are locked before a delegation; a chain without that module is no obstacle', () => {
    const give: StakeIntent = { kind: 'delegate', validator: ONE, amount: atoms(5n) };
    const kinds = (others: Record<string, string>, required = true): string[] =>
      plan(give, state([], others), required).map((step) => `${step.index} ${step.intent.kind}`);
    for (const said of ['unlocked', 'lock_expiring']) {
      expect(kinds({ tokenizeShares: said })).toEqual(['0 lock-shares', '1 delegate']);
    }
    for (const said of ['locked', 'absent']) expect(kinds({ tokenizeShares: said })).toEqual(['0 delegate']);
    expect(kinds({})).toEqual(['0 delegate']); // not told: `build` asks the chain itself
    expect(kinds({ tokenizeShares: 'unlocked' }, false)).toEqual(['0 delegate']);
    refused(() => plan({ ...give, validator: THREE }, state([], { tokenizeShares: 'unlocked' })), 'is jailed');
  });

  it('R39: a lock by itself is one step, where there is something to lock', () => {
    const lock: StakeIntent = { kind: 'lock-shares' };
    expect(plan(lock, state([], { tokenizeShares: 'lock_expiring' }))).toEqual([
      { operationId: 'op', index: 0, intent: lock },
    ]);
    refused(() => plan(lock, state([], { tokenizeShares: 'locked' })), 'locked already');
    refused(() => plan(lock, state([], { tokenizeShares: 'absent' })), 'no x/liquid');
  });

  it('rewards are claimed only where there is a whole uatom', () => {
    const claim: StakeIntent = { kind: 'claim', validator: ONE };
    refused(() => plan(claim, state([position(ONE, 100n, 0)])), 'no whole uatom');
    expect(plan(claim, state([position(ONE, 100n, 0, { claimable: atoms(1n) })]))).toHaveLength(1);
  });

  it('stopping without leaving is nothing that Cosmos has', () => {
    refused(() => plan({ kind: 'chill', validator: ONE }, state([position(ONE, 100n, 0)])), 'this chain has no chill');
  });

  it('R40: an effect is what moved: a delegation exactly, an exit to two uatom', () => {
    const at = { height: 1n, hash: 'H', timeMs: 1n };
    const located = (activeChange: bigint) =>
      ({
        state: 'final',
        at,
        succeeded: true,
        failure: null,
        feeAtoms: atoms(1n),
        flows: [
          {
            key: 'k',
            kind: activeChange > 0n ? 'delegate' : 'undelegate',
            positionKey: 'p',
            validator: ONE,
            amount: activeChange > 0n ? activeChange : 0n,
            activeChange,
            feeAtoms: atoms(1n),
            atMs: 1n,
            at,
            txid: 'T',
          },
        ],
      }) as const;
    const step = { operationId: 'op', index: 0, intent: leave(50n) };
    expect(effectOf(step, located(-48n))).toEqual({ kind: 'verified' });
    expect(effectOf(step, located(-47n)).kind).toBe('failed');
    const give = { ...step, intent: { kind: 'delegate', validator: ONE, amount: atoms(50n) } as StakeIntent };
    expect(effectOf(give, located(50n))).toEqual({ kind: 'verified' });
    expect(effectOf(give, located(49n)).kind).toBe('failed');
    expect(effectOf(step, { ...located(-50n), succeeded: false, failure: 'sdk 11' }).kind).toBe('failed');
  });

  it('R40: a lock has its effect when the state says so, whatever became of the transaction', () => {
    const at = { height: 1n, hash: 'H', timeMs: 1n };
    const included = { state: 'final', at, succeeded: true, failure: null, feeAtoms: atoms(1n), flows: [] } as const;
    const step = { operationId: 'op', index: 0, intent: { kind: 'lock-shares' } as const };
    const judge = (located: Parameters<typeof effectOf>[1]): string => effectOf(step, located).kind;
    expect(judge({ ...included, readBack: { tokenizeShares: 'locked' } })).toBe('verified');
    expect(judge({ ...included, succeeded: false, readBack: { tokenizeShares: 'locked' } })).toBe('verified');
    expect(judge({ ...included, state: 'included', readBack: { tokenizeShares: 'locked' } })).toBe('failed');
    for (const said of ['unlocked', 'lock_expiring', 'absent']) {
      expect(judge({ ...included, readBack: { tokenizeShares: said } })).toBe('failed');
    }
    expect(judge(included)).toBe('failed');
  });
});
