import { atoms } from '@app/staking-core';

import type { FlowObservation, Located, Position, StakeIntent, ValidatorState } from '../chain-adapter.js';
import { addressOf } from './polkadot.address.js';
import { effectOf, planIntent, type PlanState } from './polkadot.plan.js';

const DOT = 10_000_000_000n;
const address = (digit: string): string => addressOf(`0x${digit.repeat(64)}`, 0);
const [STASH, GOOD, LEAVING] = [address('1'), address('2'), address('3')];

const validator = (validator: string, health: ValidatorState['health']): ValidatorState => ({
  validator,
  health,
  moniker: 'x',
  commissionBps: 100n,
  jailedUntilMs: null,
  earning: health === 'active',
  totalStake: atoms(DOT),
});

const exit = { amount: atoms(DOT), readyAtMs: null, readyPeriod: 9n };

function stateWith(position: Partial<Position>): PlanState {
  const none = { active: atoms(0n), activating: atoms(0n), exiting: [], withdrawable: atoms(0n), claimable: atoms(0n) };
  return {
    parameters: {
      minimumDelegation: atoms(250n * DOT),
      unbondingMs: null,
      unbondingPeriods: 28n,
      others: { maxUnlockingChunks: '32' },
    },
    positions: [{ key: `dot:stash:${STASH}`, validator: STASH, ...none, ...position }],
    validators: [validator(GOOD, 'active'), validator(LEAVING, 'leaving')],
  };
}

const plan = (intent: StakeIntent, state: PlanState): unknown => planIntent('op', intent, state, 0);
const refused = expect.objectContaining({ code: 'REFUSED' });

describe('planning for one stash', () => {
  const staked = stateWith({ active: atoms(900n * DOT), activating: atoms(100n * DOT) });

  it('plans what the chain takes', () => {
    for (const intent of [
      { kind: 'delegate', validator: GOOD, amount: atoms(1n) },
      { kind: 'undelegate', validator: STASH, amount: atoms(1_000n * DOT) },
      { kind: 'undelegate', validator: GOOD, amount: atoms(750n * DOT) },
      { kind: 'redelegate', from: LEAVING, to: GOOD, amount: atoms(1n) },
      { kind: 'claim', validator: GOOD },
      { kind: 'chill', validator: STASH },
    ] as const) {
      expect(plan(intent, staked)).toEqual([{ operationId: 'op', index: 0, intent }]);
    }
  });

  it.each<[string, StakeIntent, PlanState]>([
    ['a first bond below the least', { kind: 'delegate', validator: GOOD, amount: atoms(249n * DOT) }, stateWith({})],
    ['a validator on its way out', { kind: 'delegate', validator: LEAVING, amount: atoms(DOT) }, staked],
    ['a stranger', { kind: 'delegate', validator: address('9'), amount: atoms(DOT) }, staked],
    [
      'an address of another network',
      { kind: 'delegate', validator: addressOf(`0x${'2'.repeat(64)}`, 42), amount: atoms(DOT) },
      staked,
    ],
    ['nothing', { kind: 'undelegate', validator: STASH, amount: atoms(0n) }, staked],
    ['more than there is', { kind: 'undelegate', validator: STASH, amount: atoms(1_000n * DOT + 1n) }, staked],
    ['a rest below the least bond', { kind: 'undelegate', validator: STASH, amount: atoms(800n * DOT) }, staked],
    [
      'a 33rd exit',
      { kind: 'undelegate', validator: STASH, amount: atoms(DOT) },
      stateWith({ active: atoms(900n * DOT), exiting: Array.from({ length: 32 }, () => exit) }),
    ],
    ['a claim before anything is ready', { kind: 'claim', validator: STASH }, stateWith({ exiting: [exit] })],
    ['a lock of shares', { kind: 'lock-shares' }, staked],
    ['a chill of one validator alone', { kind: 'chill', validator: GOOD }, staked],
    ['a chill of nothing', { kind: 'chill', validator: STASH }, stateWith({ exiting: [exit] })],
    ['a chill before anything was ever staked', { kind: 'chill', validator: STASH }, { ...staked, positions: [] }],
    [
      'a chill of what stands behind nobody',
      { kind: 'chill', validator: STASH },
      { ...staked, parameters: { ...staked.parameters, others: { nominees: 'none' } } },
    ],
    ['an exchange with itself', { kind: 'redelegate', from: GOOD, to: GOOD, amount: atoms(1n) }, staked],
  ])('R39: refuses %s', (_, intent, state) => expect(() => plan(intent, state)).toThrow(refused));
});

describe('judging what moved', () => {
  const at = { height: 5n, hash: `0x${'ab'.repeat(32)}`, timeMs: 1n };
  const flow = (kind: FlowObservation['kind'], amount: bigint, activeChange: bigint): FlowObservation => ({
    key: 'k',
    kind,
    positionKey: 'p',
    validator: STASH,
    amount,
    activeChange,
    feeAtoms: atoms(0n),
    atMs: 1n,
    at,
    txid: 't',
  });
  const final = (flows: readonly FlowObservation[], nominees: readonly string[] = [GOOD]): Located => ({
    state: 'final',
    at,
    succeeded: true,
    flows,
    feeAtoms: atoms(1n),
    failure: null,
    nominees,
  });
  const judge = (intent: StakeIntent, located: Located): string =>
    effectOf({ operationId: 'op', index: 0, intent }, located).kind;

  it('R40: the exact amount, and nothing less', () => {
    const intent = { kind: 'delegate', validator: GOOD, amount: atoms(5n) } as const;
    expect(judge(intent, final([flow('delegate', 5n, 5n)]))).toBe('verified');
    expect(judge(intent, final([flow('delegate', 4n, 4n)]))).toBe('failed');
    expect(judge(intent, final([]))).toBe('failed');
    expect(judge(intent, { state: 'pending' })).toBe('failed');
  });

  it('R40: an amount that was called back and one that was bonded make up a delegation', () => {
    const intent = { kind: 'delegate', validator: GOOD, amount: atoms(5n) } as const;
    expect(judge(intent, final([flow('delegate', 2n, 2n), flow('delegate', 0n, 3n)]))).toBe('verified');
    expect(judge(intent, final([flow('delegate', 2n, 2n), flow('delegate', 0n, 2n)]))).toBe('failed');
  });

  it('R40: whom the stake stands behind is read, not believed', () => {
    const delegate = { kind: 'delegate', validator: GOOD, amount: atoms(5n) } as const;
    const move = { kind: 'redelegate', from: LEAVING, to: GOOD, amount: atoms(1n) } as const;
    const chill = { kind: 'chill', validator: STASH } as const;
    const bonded = [flow('delegate', 5n, 5n)];
    expect(judge(delegate, final(bonded, [LEAVING]))).toBe('failed');
    expect(judge(delegate, final(bonded, [LEAVING, GOOD]))).toBe('verified');
    expect(judge(move, final([], [LEAVING, GOOD]))).toBe('failed');
    expect(judge(move, final([], []))).toBe('failed');
    expect(judge(move, final([], [GOOD]))).toBe('verified');
    expect(judge(chill, final([], [GOOD]))).toBe('failed');
    expect(judge(chill, final([], []))).toBe('verified');
    const { nominees: _unread, ...silent } = final([], []) as Extract<Located, { nominees?: unknown }>;
    for (const intent of [move, chill]) expect(judge(intent, silent)).toBe('failed');
  });

  it('R40: a withdrawal that succeeded and moved nothing is a failure', () => {
    const intent = { kind: 'claim', validator: STASH } as const;
    expect(judge(intent, final([]))).toBe('failed');
    expect(judge(intent, final([flow('claim', -5n, 0n)]))).toBe('verified');
    expect(judge(intent, final([flow('withdraw-reward', -5n, 0n)]))).toBe('verified');
  });
});
