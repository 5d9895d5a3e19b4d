/**
 * Pure: the life of our stake accounts, told from transactions and paid rewards alone. A Solana node keeps no state of
 * the past; what an account was at an earlier slot is what had happened to it until then (docs/decisions, Solana's past).
 */
import { ChainError } from '../chain-error.js';
import { NEVER, stakeParts, type ClusterStake } from './solana.activation.js';
import { badAnswer, type ChainTransaction, type InflationReward } from './solana.decode.js';
import { STAKE_PROGRAM, type Instruction } from './solana.instructions.js';
import type { Schedule } from './solana.epochs.js';

export interface StakeState {
  readonly lamports: bigint;
  /** Lamports that keep the account alive: ours, given back when it is closed; no part of the position. */
  readonly rent: bigint;
  /** Empty before the account is initialized. */
  readonly staker: string;
  readonly withdrawer: string;
  readonly lockup: boolean;
  readonly voter: string | null;
  readonly stake: bigint;
  readonly activation: bigint;
  readonly deactivation: bigint;
}

/** The reserve that a stake account of 200 bytes has had since the beginning of the chain. */
export const RENT_RESERVE = 2_282_880n;

const UNBORN: StakeState = {
  lamports: 0n,
  rent: RENT_RESERVE,
  staker: '',
  withdrawer: '',
  lockup: false,
  voter: null,
  stake: 0n,
  activation: NEVER,
  deactivation: NEVER,
};

/** What the account was from a slot on; null: it did not exist (any more). */
export interface StateFrom {
  readonly slot: bigint;
  readonly timeMs: bigint;
  readonly state: StakeState | null;
}

export interface PaidReward {
  readonly address: string;
  readonly epoch: bigint;
  readonly reward: InflationReward;
}

/** What came in from others without a stake instruction: tips. */
export interface IncomeRow {
  readonly address: string;
  readonly voter: string | null;
  readonly amount: bigint;
  readonly txid: string;
  readonly slot: bigint;
  readonly timeMs: bigint;
}

export interface FlowRow {
  readonly kind: 'delegate' | 'undelegate' | 'redelegate-out' | 'redelegate-in' | 'claim' | 'withdraw-reward';
  readonly address: string;
  readonly voter: string;
  readonly amount: bigint;
  readonly activeChange: bigint;
  readonly feeAtoms: bigint;
  readonly txid: string;
  readonly slot: bigint;
  readonly timeMs: bigint;
}

export interface Lives {
  /** By stake account; each oldest first. */
  readonly states: ReadonlyMap<string, readonly StateFrom[]>;
  readonly income: readonly IncomeRow[];
  readonly flows: readonly FlowRow[];
}

export interface FoldInput {
  readonly account: string;
  readonly stakes: ReadonlySet<string>;
  /** Rent reserve as living accounts state it. */
  readonly rents: ReadonlyMap<string, bigint>;
  /** In the order of execution. */
  readonly transactions: readonly ChainTransaction[];
  readonly rewards: readonly PaidReward[];
  readonly history: ReadonlyMap<bigint, ClusterStake>;
  readonly schedule: Schedule;
  readonly timeOf: (slot: bigint) => bigint;
}

/** @throws ChainError `BAD_ANSWER` when balances do not follow from each other: something is missing, or not true */
export function foldLives(input: FoldInput): Lives {
  const states = new Map<string, StateFrom[]>();
  const income: IncomeRow[] = [];
  const flows: FlowRow[] = [];
  const set = (address: string, slot: bigint, timeMs: bigint, state: StakeState | null): void => {
    const list = states.get(address) ?? [];
    list.push({ slot, timeMs, state });
    states.set(address, list);
  };
  const now = (address: string): StakeState | null => states.get(address)?.at(-1)?.state ?? null;
  const rewards = [...input.rewards].sort((a, b) => compare(a.reward.slot, b.reward.slot));
  const payUntil = (slot: bigint): void => {
    // A payout belongs to the start of its block, before the block's transactions.
    while (rewards[0] !== undefined && rewards[0].reward.slot <= slot) {
      const paid = rewards.shift();
      if (paid === undefined) break;
      const { address, reward } = paid;
      set(address, reward.slot, input.timeOf(reward.slot), withReward(address, now(address), reward));
    }
  };
  for (const transaction of input.transactions) {
    payUntil(transaction.slot);
    const { slot, timeMs } = transaction;
    const changed = applyTransaction(input, transaction, now);
    for (const [address, state] of changed.states) set(address, slot, timeMs, state);
    income.push(...changed.income);
    flows.push(...changed.flows);
  }
  payUntil(NEVER);
  return { states, income, flows };
}

function withReward(address: string, state: StakeState | null, reward: InflationReward): StakeState {
  const lamports = (state?.lamports ?? 0n) + reward.amount;
  if (state?.voter == null || lamports !== reward.postBalance) {
    throw badAnswer(`${address} was paid ${reward.amount} to ${reward.postBalance}, but held ${state?.lamports ?? 0n}`);
  }
  return { ...state, lamports, stake: state.stake + reward.amount };
}

interface Applied {
  readonly states: ReadonlyMap<string, StakeState | null>;
  readonly income: readonly IncomeRow[];
  readonly flows: readonly FlowRow[];
}

function applyTransaction(
  input: FoldInput,
  transaction: ChainTransaction,
  now: (address: string) => StakeState | null,
): Applied {
  const { txid, slot, timeMs, before, after } = transaction;
  const touched = [...input.stakes].filter((address) => before.has(address));
  const work = new Map<string, StakeState>();
  for (const address of touched) {
    const state = now(address);
    const had = before.get(address) ?? 0n;
    if (had !== (state?.lamports ?? 0n)) {
      throw badAnswer(`${address} held ${had} before ${txid}, its history comes to ${state?.lamports ?? 0n}`);
    }
    work.set(address, state ?? { ...UNBORN, rent: input.rents.get(address) ?? RENT_RESERVE });
  }
  const epoch = input.schedule.epochOf(slot);
  const kinds = new Map<string, FlowRow['kind']>();
  for (const one of transaction.instructions) applyInstruction(work, one, { epoch, history: input.history, kinds });
  const states = new Map<string, StakeState | null>();
  const income: IncomeRow[] = [];
  const flows: FlowRow[] = [];
  let feeAtoms = transaction.feePayer === input.account ? transaction.feeAtoms : 0n;
  for (const address of touched) {
    const old = now(address);
    const explained = work.get(address) ?? UNBORN;
    const holds = after.get(address) ?? 0n;
    const extra = holds - explained.lamports;
    if (extra < 0n) {
      throw new ChainError(
        'IDENTITY_BROKEN',
        'solana',
        `${txid} took ${-extra} lamports of ${address} that nothing explains`,
      );
    }
    // Money that we sent ourselves is no income; money for an account that is not there yet is nobody's position.
    const tip = transaction.signers.includes(input.account) || explained.staker === '' ? 0n : extra;
    const state = holds === 0n ? null : { ...explained, lamports: holds };
    if (same(old, state)) continue;
    states.set(address, state);
    const voter = explained.voter ?? old?.voter ?? null;
    if (tip > 0n) income.push({ address, voter, amount: tip, txid, slot, timeMs });
    const amount = worth(state) - worth(old) - tip;
    const activeChange = earning(state) - earning(old);
    if (amount === 0n && activeChange === 0n) continue;
    const kind = kinds.get(address) ?? (amount < 0n ? 'redelegate-out' : 'delegate');
    flows.push({ kind, address, voter: voter ?? '', amount, activeChange, feeAtoms, txid, slot, timeMs });
    feeAtoms = 0n;
  }
  return { states, income, flows };
}

interface Moment {
  readonly epoch: bigint;
  readonly history: ReadonlyMap<bigint, ClusterStake>;
  /** What the transaction meant for each account: its first telling instruction. */
  readonly kinds: Map<string, FlowRow['kind']>;
}

/** What the stake program does, on the accounts that are ours; lamports of others are not followed. */
function applyInstruction(work: Map<string, StakeState>, one: Instruction, moment: Moment): void {
  const change = (address: string, by: (state: StakeState) => StakeState): void => {
    const state = work.get(address);
    if (state !== undefined) work.set(address, by(state));
  };
  const mean = (address: string, kind: FlowRow['kind']): void => {
    if (!moment.kinds.has(address)) moment.kinds.set(address, kind);
  };
  const add = (address: string, lamports: bigint): void =>
    change(address, (state) => ({ ...state, lamports: state.lamports + lamports }));
  switch (one.kind) {
    case 'create':
      return add(one.to, one.lamports);
    case 'transfer':
      // Only what makes a new account belongs to an operation; other transfers show as income.
      if (work.get(one.to)?.staker === '') add(one.to, one.lamports);
      return;
    case 'initialize':
      return change(one.stake, (state) => ({
        ...state,
        staker: one.staker,
        withdrawer: one.withdrawer,
        lockup: one.lockup,
      }));
    case 'authorize':
      return change(one.stake, (state) => ({ ...state, [one.role]: one.to }));
    case 'lockup':
      return change(one.stake, (state) => ({ ...state, lockup: true }));
    case 'delegate':
      mean(one.stake, 'delegate');
      return change(one.stake, (state) => redelegated(state, one.voter, moment));
    case 'deactivate':
      mean(one.stake, 'undelegate');
      return change(one.stake, (state) => ({ ...state, deactivation: moment.epoch }));
    case 'split':
      mean(one.stake, 'undelegate');
      mean(one.to, 'undelegate');
      return split(work, one);
    case 'merge':
      mean(one.from, 'redelegate-out');
      mean(one.into, 'redelegate-in');
      return merge(work, one, moment);
    case 'withdraw':
      mean(one.stake, isIdle(work.get(one.stake) ?? UNBORN, moment) ? 'claim' : 'withdraw-reward');
      add(one.to, one.lamports);
      return add(one.stake, -one.lamports);
    case 'move-lamports':
      add(one.from, -one.lamports);
      return add(one.to, one.lamports);
    case 'move-stake':
      throw new ChainError('IDENTITY_BROKEN', 'solana', 'stake was moved by MoveStake, which this product never does');
    case 'allocate':
    case 'budget':
    case 'other':
      return;
  }
}

/** A deactivating stake may be taken back in its epoch; anything else starts anew. */
function redelegated(state: StakeState, voter: string, { epoch }: Moment): StakeState {
  if (state.voter === voter && state.deactivation === epoch) return { ...state, deactivation: NEVER };
  return { ...state, voter, stake: state.lamports - state.rent, activation: epoch, deactivation: NEVER };
}

function split(work: Map<string, StakeState>, one: Extract<Instruction, { kind: 'split' }>): void {
  const source = work.get(one.stake);
  const target = work.get(one.to);
  if (source === undefined) return;
  const all = one.lamports === source.lamports;
  const left = { ...source, lamports: source.lamports - one.lamports };
  work.set(one.stake, source.voter === null ? left : { ...left, stake: all ? 0n : source.stake - one.lamports });
  if (target === undefined) return;
  const lacking = target.rent > target.lamports ? target.rent - target.lamports : 0n;
  const stake = all ? source.lamports - source.rent : one.lamports - lacking;
  work.set(one.to, {
    ...source,
    rent: target.rent,
    lamports: target.lamports + one.lamports,
    stake: source.voter === null ? 0n : stake,
  });
}

function merge(work: Map<string, StakeState>, one: Extract<Instruction, { kind: 'merge' }>, moment: Moment): void {
  const into = work.get(one.into);
  const from = work.get(one.from);
  if (from === undefined) return;
  if (into !== undefined) {
    const [a, b] = [partsOf(into, moment), partsOf(from, moment)];
    const added =
      a.effective > 0n
        ? from.stake
        : a.activating === 0n
          ? 0n
          : b.activating > 0n
            ? from.rent + from.stake
            : from.lamports;
    work.set(one.into, { ...into, lamports: into.lamports + from.lamports, stake: into.stake + added });
  }
  work.set(one.from, { ...from, lamports: 0n, stake: 0n });
}

const partsOf = (state: StakeState, { epoch, history }: Moment) => stakeParts(state, epoch, history);

/** Nothing of it is effective, nor will be. */
export function isIdle(state: StakeState, moment: Pick<Moment, 'epoch' | 'history'>): boolean {
  if (state.voter === null) return true;
  const { effective, activating } = stakeParts(state, moment.epoch, moment.history);
  return effective === 0n && activating === 0n;
}

/** All lamports but the rent. */
export function worth(state: StakeState | null): bigint {
  if (state === null || state.staker === '') return 0n;
  return state.lamports > state.rent ? state.lamports - state.rent : 0n;
}

/** Stake that earns or is about to. */
const earning = (state: StakeState | null): bigint =>
  state?.voter != null && state.deactivation === NEVER ? state.stake : 0n;

function same(a: StakeState | null, b: StakeState | null): boolean {
  if (a === null || b === null) return a === b;
  return (Object.keys(a) as (keyof StakeState)[]).every((name) => a[name] === b[name]);
}

/** The state at a slot: everything in blocks up to and including it has happened. */
export function stateAt(lives: Lives, address: string, slot: bigint): StakeState | null {
  return lives.states.get(address)?.findLast((one) => one.slot <= slot)?.state ?? null;
}

/** Stake accounts that `account` has made: addresses derived from it and owned by the stake program. */
export function stakesMadeBy(account: string, transactions: readonly ChainTransaction[]): Set<string> {
  const found = new Set<string>();
  for (const one of transactions.flatMap((transaction) => transaction.instructions)) {
    const made = one.kind === 'create' || one.kind === 'allocate';
    if (made && one.base === account && one.owner === STAKE_PROGRAM) found.add(one.to);
  }
  return found;
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
