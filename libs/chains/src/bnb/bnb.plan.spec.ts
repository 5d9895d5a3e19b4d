import { atoms } from '@app/staking-core';

import type { FlowObservation, Located, StakeIntent } from '../chain-adapter.js';
import { effectOf, planIntent, type PlanState } from './bnb.plan.js';

const ONE = `0x${'11'.repeat(20)}`;
const TWO = `0x${'22'.repeat(20)}`;
const JAILED = `0x${'33'.repeat(20)}`;
const HASH = `0x${'cd'.repeat(32)}`;
const BNB = 10n ** 18n;

const validator = (operator: string, health: 'active' | 'jailed') => ({
  validator: operator,
  moniker: 'Aster',
  commissionBps: 500n,
  health,
  jailedUntilMs: null,
  earning: health === 'active',
  totalStake: atoms(BNB),
});
const position = (operator: string, active: bigint, withdrawable = 0n) => ({
  key: operator,
  validator: operator,
  active: atoms(active),
  activating: atoms(0n),
  exiting: [],
  withdrawable: atoms(withdrawable),
  claimable: atoms(0n),
});
const state = (others: Record<string, string> = {}): PlanState => ({
  parameters: {
    minimumDelegation: atoms(BNB),
    unbondingMs: 1n,
    unbondingPeriods: null,
    others: { paused: 'false', ...others },
  },
  positions: [position(ONE, 10n * BNB), position(JAILED, 5n * BNB, 1n)],
  validators: [validator(ONE, 'active'), validator(TWO, 'active'), validator(JAILED, 'jailed')],
});

describe('planning on BNB', () => {
  it.each<[string, StakeIntent]>([
    ['delegating the minimum exactly', { kind: 'delegate', validator: TWO, amount: atoms(BNB) }],
    ['undelegating all', { kind: 'undelegate', validator: ONE, amount: atoms(10n * BNB) }],
    ['undelegating from a jailed validator', { kind: 'undelegate', validator: JAILED, amount: atoms(BNB) }],
    ['leaving a jailed validator by redelegation', { kind: 'redelegate', from: JAILED, to: TWO, amount: atoms(BNB) }],
    ['claiming what is ready', { kind: 'claim', validator: JAILED }],
  ])('%s is one step', (_, intent) => {
    expect(planIntent('op-1', intent, state())).toEqual([{ operationId: 'op-1', index: 0, intent }]);
  });

  it.each<[string, StakeIntent, string]>([
    [
      'a wei below the minimum',
      { kind: 'delegate', validator: TWO, amount: atoms(BNB - 1n) },
      'minimum of 1000000000000000000',
    ],
    ['to a jailed validator', { kind: 'delegate', validator: JAILED, amount: atoms(BNB) }, 'is jailed'],
    ['to a stranger', { kind: 'delegate', validator: `0x${'99'.repeat(20)}`, amount: atoms(BNB) }, 'is no validator'],
    ['to no address', { kind: 'delegate', validator: 'Aster', amount: atoms(BNB) }, 'is no address'],
    ['more than is there', { kind: 'undelegate', validator: ONE, amount: atoms(10n * BNB + 1n) }, 'is more than the'],
    ['nothing', { kind: 'undelegate', validator: ONE, amount: atoms(0n) }, 'more than zero'],
    ['from where nothing is', { kind: 'undelegate', validator: TWO, amount: atoms(1n) }, 'more than the 0 wei'],
    ['stopping without leaving', { kind: 'chill', validator: ONE }, 'this chain has no chill'],
    ['redelegating to itself', { kind: 'redelegate', from: ONE, to: ONE, amount: atoms(BNB) }, 'another validator'],
    ['redelegating to a jailed one', { kind: 'redelegate', from: ONE, to: JAILED, amount: atoms(BNB) }, 'is jailed'],
    ['claiming nothing', { kind: 'claim', validator: ONE }, 'nothing is ready'],
    ['locking shares', { kind: 'lock-shares' }, 'made transferable'],
  ])('refused: %s', (_, intent, why) => {
    expect(() => planIntent('op-1', intent, state())).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    expect(() => planIntent('op-1', intent, state())).toThrow(why);
  });

  it('R43: nothing is planned while the hub is paused or we are black-listed', () => {
    const intent: StakeIntent = { kind: 'claim', validator: JAILED };
    expect(() => planIntent('op-1', intent, state({ paused: 'true' }))).toThrow('paused');
    expect(() => planIntent('op-1', intent, state({ blackListed: 'true' }))).toThrow('black list');
  });

  it('R40: nothing is planned without an id', () => {
    expect(() => planIntent('', { kind: 'claim', validator: JAILED }, state())).toThrow('needs an id');
  });
});

describe('judging the effect on BNB', () => {
  const at = { height: 1n, hash: HASH, timeMs: 1n };
  const flow = (
    kind: FlowObservation['kind'],
    operator: string,
    amount: bigint,
    activeChange: bigint,
  ): FlowObservation => ({
    key: 'k',
    kind,
    positionKey: 'p',
    validator: operator,
    amount,
    activeChange,
    feeAtoms: atoms(0n),
    atMs: 1n,
    at,
    txid: HASH,
  });
  const final = (flows: FlowObservation[], succeeded = true): Located => ({
    state: 'final',
    at,
    succeeded,
    flows,
    feeAtoms: atoms(1n),
    failure: succeeded ? null : 'ZeroShares',
  });
  const judge = (intent: StakeIntent, located: Located): string =>
    effectOf({ operationId: 'op', index: 0, intent }, located).kind;

  it('R40: a status alone is no success: the money must have moved', () => {
    const intent: StakeIntent = { kind: 'delegate', validator: ONE, amount: atoms(5n * BNB) };
    expect(judge(intent, final([]))).toBe('failed');
    expect(judge(intent, final([flow('delegate', TWO, 5n * BNB, 5n * BNB)]))).toBe('failed');
    expect(judge(intent, final([flow('delegate', ONE, 5n * BNB - 1n, 5n * BNB)]))).toBe('failed');
    expect(judge(intent, final([flow('delegate', ONE, 5n * BNB, 5n * BNB)]))).toBe('verified');
    expect(judge(intent, final([flow('delegate', ONE, 5n * BNB, 5n * BNB)], false))).toBe('failed');
    expect(judge(intent, { ...final([flow('delegate', ONE, 5n * BNB, 5n * BNB)]), state: 'included' } as Located)).toBe(
      'failed',
    );
    expect(judge(intent, { state: 'dead', reason: 'x' })).toBe('failed');
  });

  it('R40: what leaves is counted in shares: a little more or less is the same, ten times is not', () => {
    const intent: StakeIntent = { kind: 'undelegate', validator: ONE, amount: atoms(5n * BNB) };
    expect(judge(intent, final([flow('undelegate', ONE, 0n, -5n * BNB + 1n)]))).toBe('verified');
    expect(judge(intent, final([flow('undelegate', ONE, 0n, -5n * BNB - BNB / 1000n)]))).toBe('verified');
    expect(judge(intent, final([flow('undelegate', ONE, 0n, -50n * BNB)]))).toBe('failed');
    expect(judge(intent, final([]))).toBe('failed');
  });

  it('R40: a redelegation needs both legs, a claim needs money', () => {
    const intent: StakeIntent = { kind: 'redelegate', from: ONE, to: TWO, amount: atoms(5n * BNB) };
    const out = flow('redelegate-out', ONE, -5n * BNB, -5n * BNB);
    expect(judge(intent, final([out]))).toBe('failed');
    expect(judge(intent, final([out, flow('redelegate-in', TWO, 5n * BNB - 1n, 5n * BNB - 1n)]))).toBe('verified');
    expect(judge({ kind: 'claim', validator: ONE }, final([]))).toBe('failed');
    expect(judge({ kind: 'claim', validator: ONE }, final([flow('claim', ONE, -3n, 0n)]))).toBe('verified');
  });
});
