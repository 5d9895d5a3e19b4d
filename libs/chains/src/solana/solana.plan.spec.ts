import { atoms } from '@app/staking-core';
import {
  Authorized,
  PublicKey,
  StakeAuthorizationLayout,
  StakeProgram,
  SystemProgram,
  Transaction,
} from '@solana/web3.js';

import type { Position, StakeIntent, UnsignedTransaction, ValidatorState } from '../chain-adapter.js';
import { derivedStake, digestOf, seedOf } from './solana.build.js';
import { effectOf, exitOf, fullyActive, planIntent, type PlanState } from './solana.plan.js';
import { SolanaDevSigner } from './solana-dev-signer.js';

const SOL = 1_000_000_000n;
const ONE = 'CtjBi7U82KSCUUm945ZrejjDQimoPUXbrv6iWNxHHF4K';
const REFUSED = expect.objectContaining({ code: 'REFUSED' }) as Error;

const none = { activating: atoms(0n), exiting: [], withdrawable: atoms(0n), claimable: atoms(0n) };
const active = (name: string, amount: bigint): Position => ({
  ...none,
  key: `sol:${name}`,
  validator: ONE,
  active: atoms(amount),
});
const validator = (earning: boolean): ValidatorState => ({
  validator: ONE,
  moniker: 'one',
  commissionBps: 500n,
  health: earning ? 'active' : 'inactive',
  jailedUntilMs: null,
  earning,
  totalStake: atoms(SOL),
});
const state = (positions: readonly Position[], earning = true): PlanState => ({
  parameters: { minimumDelegation: atoms(SOL), unbondingMs: null, unbondingPeriods: 1n, others: {} },
  positions,
  validators: [validator(earning)],
});
const undelegate = (amount: bigint): StakeIntent => ({ kind: 'undelegate', validator: ONE, amount: atoms(amount) });
const plan = (intent: StakeIntent, given: PlanState, tranche = 1_000_000n * SOL) =>
  planIntent('op', intent, given, tranche);

describe('plans', () => {
  it('tranches: each a stake account of its own, the sum to the lamport', () => {
    const amount = atoms(2_500_000n * SOL + 1n);
    const steps = plan({ kind: 'delegate', validator: ONE, amount }, state([]));
    expect(steps.map((one) => one.index)).toEqual([0, 1, 2]);
    const amounts = steps.map((one) => (one.intent.kind === 'delegate' ? one.intent.amount : 0n));
    expect(amounts.reduce<bigint>((sum, one) => sum + one, 0n)).toBe(amount);
    expect(amounts.every((one) => one <= 1_000_000n * SOL)).toBe(true);
    expect(new Set(steps.map(seedOf)).size).toBe(3);
    expect(steps.map(seedOf).every((seed) => seed.length === 32)).toBe(true);
  });

  it('refuses a validator that does not vote, too little, too much, a redelegation and a chill', () => {
    const delegate: StakeIntent = { kind: 'delegate', validator: ONE, amount: atoms(SOL) };
    expect(() => plan(delegate, state([], false))).toThrow(REFUSED);
    expect(() => plan({ kind: 'lock-shares' }, state([]))).toThrow(REFUSED);
    expect(() => plan({ ...delegate, amount: atoms(SOL - 1n) }, state([]))).toThrow(REFUSED);
    expect(() => plan(undelegate(11n * SOL), state([active('a', 10n * SOL)]))).toThrow(REFUSED);
    expect(() =>
      plan({ kind: 'redelegate', from: ONE, to: 'x', amount: atoms(SOL) }, state([active('a', SOL)])),
    ).toThrow(REFUSED);
    expect(() => plan({ kind: 'claim', validator: ONE }, state([active('a', SOL)]))).toThrow(REFUSED);
    expect(() => plan({ kind: 'chill', validator: ONE }, state([active('a', SOL)]))).toThrow(REFUSED);
    expect(() => planIntent('', delegate, state([]), SOL)).toThrow(REFUSED);
  });

  const movable = fullyActive([active('a', 10n * SOL), active('b', 40n * SOL), active('c', 20n * SOL)], ONE);

  it.each([
    ['an account of just that stake leaves whole', 20n * SOL, { from: 'sol:c', merge: [], split: null }],
    ['a part is split off the smallest that can spare it', 5n * SOL, { from: 'sol:a', merge: [], split: 5n * SOL }],
    [
      'not so small that less than the minimum stays',
      9n * SOL + 1n,
      { from: 'sol:c', merge: [], split: 9n * SOL + 1n },
    ],
    ['more than the largest: merged, then split', 55n * SOL, { from: 'sol:b', merge: ['sol:c'], split: 55n * SOL }],
    ['everything: merged, whole', 70n * SOL, { from: 'sol:b', merge: ['sol:c', 'sol:a'], split: null }],
    [
      'nearly everything: the rest leaves too',
      70n * SOL - 5n,
      { from: 'sol:b', merge: ['sol:c', 'sol:a'], split: null },
    ],
  ])('%s', (_, amount, exit) => {
    expect(exitOf(movable, amount, SOL)).toEqual(exit);
  });

  it('takes more transactions where one has no room, largest first', () => {
    const many = Array.from({ length: 15 }, (_, i) => active(`n${i}`, BigInt(100 + i) * SOL));
    const all = many.reduce<bigint>((sum, one) => sum + one.active, 0n);
    const steps = plan(undelegate(all), state(many));
    expect(steps).toHaveLength(3);
    expect(
      steps.reduce<bigint>((sum, one) => sum + (one.intent.kind === 'undelegate' ? one.intent.amount : 0n), 0n),
    ).toBe(all);
  });

  it('stake that warms up or leaves is not counted as there', () => {
    const busy = [
      { ...active('a', 5n * SOL), activating: atoms(SOL) },
      { ...active('b', 0n), exiting: [{ amount: atoms(SOL), readyAtMs: null, readyPeriod: 9n }] },
    ];
    expect(() => plan(undelegate(SOL), state(busy))).toThrow(REFUSED);
  });

  it('R40: an effect is what moved', () => {
    const [step] = plan({ kind: 'delegate', validator: ONE, amount: atoms(SOL) }, state([]));
    if (step === undefined) throw new Error('a plan has a step');
    const at = { height: 1n, hash: 'h', timeMs: 1n };
    const final = { state: 'final', at, succeeded: true, flows: [], feeAtoms: atoms(5n), failure: null } as const;
    expect(effectOf(step, final).kind).toBe('failed');
    expect(effectOf(step, { ...final, succeeded: false, failure: 'x' }).kind).toBe('failed');
    expect(effectOf(step, { state: 'dead', reason: 'x' }).kind).toBe('failed');
  });
});

describe('R39: the development signer', () => {
  const signer = new SolanaDevSigner('11'.repeat(32), '22'.repeat(32));
  const cold = new SolanaDevSigner('22'.repeat(32), null).account;
  const step = {
    operationId: 'op',
    index: 0,
    intent: { kind: 'delegate', validator: ONE, amount: atoms(5n * SOL) },
  } as const;
  const owner = new PublicKey(signer.account);
  const stakePubkey = new PublicKey(derivedStake(signer.account, seedOf(step)));

  const unsigned = (transaction: Transaction, of: UnsignedTransaction['step'] = step): UnsignedTransaction => {
    transaction.feePayer = owner;
    transaction.recentBlockhash = ONE;
    const bytes = transaction.compileMessage().serialize();
    const lane = { account: signer.account, number: null };
    return { step: of, lane, bytes: bytes.toString('hex'), digest: digestOf(bytes), expiresAtHeight: 7n };
  };
  const delegation = (lamports: bigint, withdrawer = cold, voter = ONE): Transaction =>
    new Transaction().add(
      StakeProgram.createAccountWithSeed({
        fromPubkey: owner,
        stakePubkey,
        basePubkey: owner,
        seed: seedOf(step),
        authorized: new Authorized(owner, new PublicKey(withdrawer)),
        lamports: Number(lamports),
      }),
      StakeProgram.delegate({ stakePubkey, authorizedPubkey: owner, votePubkey: new PublicKey(voter) }),
    );

  it('signs what it can explain, under an id that is known before anybody sees it', async () => {
    const signed = await signer.sign(unsigned(delegation(5n * SOL + 2_282_880n)));
    expect(signed.expiresAtHeight).toBe(7n);
    expect(signed.txid.length).toBeGreaterThan(80);
    const again = await signer.sign(unsigned(delegation(5n * SOL + 2_282_880n)));
    expect(again).toEqual(signed);
  });

  const authorize = StakeProgram.authorize({
    stakePubkey,
    authorizedPubkey: owner,
    newAuthorizedPubkey: new PublicKey(ONE),
    stakeAuthorizationType: StakeAuthorizationLayout.Withdrawer,
  });
  const claim = { ...step, intent: { kind: 'claim', validator: ONE } } as const;
  const withdraw = (to: string, by: string): Transaction =>
    StakeProgram.withdraw({
      stakePubkey,
      authorizedPubkey: new PublicKey(by),
      toPubkey: new PublicKey(to),
      lamports: 1,
    });

  it.each<[string, UnsignedTransaction]>([
    ['another withdraw authority', unsigned(delegation(5n * SOL + 2_282_880n, signer.account))],
    ['more money than the intent', unsigned(delegation(6n * SOL))],
    ['less', unsigned(delegation(5n * SOL - 1n))],
    ['another validator', unsigned(delegation(5n * SOL + 1n, cold, signer.account))],
    ['a change of authority along with it', unsigned(delegation(5n * SOL + 1n).add(authorize))],
    [
      'a transfer along with it',
      unsigned(
        delegation(5n * SOL + 1n).add(
          SystemProgram.transfer({ fromPubkey: owner, toPubkey: new PublicKey(ONE), lamports: 1 }),
        ),
      ),
    ],
    ['only a change of authority', unsigned(new Transaction().add(authorize))],
    ['a withdrawal to somebody else', unsigned(withdraw(ONE, cold), claim)],
    ['a withdrawal by the hot key', unsigned(withdraw(signer.account, signer.account), claim)],
    ['a withdrawal for another intent', unsigned(withdraw(signer.account, cold))],
  ])('does not sign %s', async (_, given) => {
    await expect(signer.sign(given)).rejects.toThrow(REFUSED);
  });

  it('withdraws with the cold key alone, and not without it', async () => {
    const given = unsigned(withdraw(signer.account, cold), claim);
    expect((await signer.sign(given)).bytes).toMatch(/^02/); // two signatures
    await expect(new SolanaDevSigner('11'.repeat(32), null, cold).sign(given)).rejects.toThrow(/not here/);
  });

  it('tells no key that is none', () => {
    expect(() => new SolanaDevSigner('secret-key-of-somebody', null)).toThrow(REFUSED);
    expect(() => new SolanaDevSigner('secret-key-of-somebody', null)).not.toThrow(/secret-key-of-somebody/);
  });
});
