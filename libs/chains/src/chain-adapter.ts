/**
 * The port that every chain implements. It was held against four very different models before it was fixed:
 *
 * | | BNB | Solana | Cosmos | Polkadot |
 * |---|---|---|---|---|
 * | position | credit shares with a validator | stake account | (delegator, validator) | stash |
 * | reading cut | breathe block (first block of a UTC day) | end of an epoch's partitioned payout | last block before midnight | any final block |
 * | reward | growth of the position | per epoch, per stake account | pending difference + withdrawals | `Rewarded` events, paid by anyone |
 * | period | UTC day | epoch | the two heights | (era, validator, page) |
 * | exit | locked 7 d, then claim | deactivate, then withdraw | 21 d, no claim | 28 eras, then withdrawUnbonded |
 *
 * What differs ends inside the adapter's decode file; everything above sees the types of this file only.
 *
 * Rules of the port:
 *  - every read is pinned to a block stamp that was given as an argument; nothing reads "latest";
 *  - an adapter that cannot read throws a `ChainError`; it never answers zero, null or an empty list instead (R19);
 *  - amounts are atoms (`bigint`), times are milliseconds since 1970 (`bigint`);
 *  - an adapter keeps no state that matters: two instances give the same answers.
 */
import type { Atoms, UtcDay } from '@app/staking-core';

export type ChainName = 'bnb' | 'solana' | 'cosmos' | 'polkadot';

/** One block, named so that nobody can mean another: the hash decides, height and time are for people and order. */
export interface BlockStamp {
  readonly height: bigint;
  readonly hash: string;
  /** Block time, UTC milliseconds. */
  readonly timeMs: bigint;
}

/** The newest final block, and the head it was seen under: the distance is what a stalled finality shows by. */
export interface FinalStamp extends BlockStamp {
  readonly headHeight: bigint;
  readonly headTimeMs: bigint;
}

export interface ChainIdentity {
  /** EVM chain id, Cosmos chain-id, genesis hash prefix…: as the chain itself says it. */
  readonly chainId: string;
  readonly genesisHash: string;
}

export interface Capabilities {
  /** Rewards join the stake by themselves (BNB, SOL) or wait to be claimed (ATOM, DOT to another account). */
  readonly autoCompounds: boolean;
  readonly canRedelegate: boolean;
  /** Stake can stay where it is and stand behind nobody (`chill`); elsewhere the intent is `REFUSED`. */
  readonly canChill: boolean;
  /** An exit needs a transaction after its waiting time. */
  readonly exitNeedsClaim: boolean;
  /** How many exits may run at once for one position; null: no limit. */
  readonly exitSlots: number | null;
  /** Delegators can lose principal. */
  readonly principalAtRisk: boolean;
}

/** Governable numbers of the chain, as they stand at one block. Read live, never constants. */
export interface ChainParameters {
  readonly minimumDelegation: Atoms;
  /** Waiting time of an exit where the chain counts time; null where it counts periods. */
  readonly unbondingMs: bigint | null;
  readonly unbondingPeriods: bigint | null;
  /** Everything else worth an alarm when it changes, by the chain's own name, as text. */
  readonly others: Readonly<Record<string, string>>;
}

export interface ValidatorState {
  /** The chain's own key: operator address, vote account, valoper, stash. */
  readonly validator: string;
  /** Text of a stranger: shown as text, cut when long, never rendered. */
  readonly moniker: string;
  readonly commissionBps: bigint;
  readonly health: 'active' | 'inactive' | 'jailed' | 'leaving' | 'tombstoned';
  readonly jailedUntilMs: bigint | null;
  /** Earns in the current period (elected, in the active set). */
  readonly earning: boolean;
  readonly totalStake: Atoms;
}

export interface Exit {
  readonly amount: Atoms;
  /** When it can be taken out: a time, or a period number where the chain counts periods. */
  readonly readyAtMs: bigint | null;
  readonly readyPeriod: bigint | null;
}

/** What one position holds at a block, each atom in exactly one bucket. */
export interface Position {
  /** Chain facts only, e.g. `bnb:<credit contract>:<delegator>`. */
  readonly key: string;
  readonly validator: string;
  /** Earns. */
  readonly active: Atoms;
  /** Delegated, earns from a later period on. */
  readonly activating: Atoms;
  /** On the way out, not yet ready. */
  readonly exiting: readonly Exit[];
  /** Ready, waits for a claim or withdrawal. */
  readonly withdrawable: Atoms;
  /** Rewards that are ours but not yet part of the stake. */
  readonly claimable: Atoms;
  /** Redelegated here lately: it may not move on before its time (Cosmos); absent where there is no such rule, or none. */
  readonly arrived?: readonly { readonly from: string; readonly heldUntilMs: bigint }[];
}

export type RewardKind = 'protocol' | 'mev';

/** R13: one final reward, net of validator commission, under a key made of chain facts alone. */
export interface RewardObservation {
  /** Unique for ever: chain, position, period, kind. A rescan from any cursor gives the same key and amount. */
  readonly key: string;
  readonly kind: RewardKind;
  readonly positionKey: string;
  readonly validator: string;
  /** The chain's own name for the period, as text. */
  readonly period: string;
  readonly amount: Atoms;
  /** Half-open interval in which it was earned. */
  readonly earnedFromMs: bigint;
  readonly earnedToMs: bigint;
  /** The block whose state it was read at. */
  readonly at: BlockStamp;
  readonly txid: string | null;
  /** The same reward derived another way (events), where the chain has one. */
  readonly crossCheck: { readonly amount: Atoms; readonly toleranceAtoms: Atoms } | null;
}

/** R18: a loss of principal. `observed` and `deferred` move no money; `applied` does. */
export interface SlashObservation {
  readonly key: string;
  readonly positionKey: string | null;
  readonly validator: string;
  readonly kind: string;
  readonly state: 'observed' | 'deferred' | 'applied' | 'cancelled';
  /** What we lose; zero where the validator alone is cut. */
  readonly amount: Atoms;
  readonly atMs: bigint;
  readonly at: BlockStamp;
  readonly txid: string | null;
}

/** Our own money moving in or out of a position. Signed from the position's side; a fee is a cost of its own. */
export interface FlowObservation {
  readonly key: string;
  readonly kind: 'delegate' | 'undelegate' | 'redelegate-out' | 'redelegate-in' | 'claim' | 'withdraw-reward';
  readonly positionKey: string;
  readonly validator: string;
  /** Into the position's total (active + exiting + withdrawable + claimable) > 0, out of it < 0, inside it 0. */
  readonly amount: bigint;
  /** Change of the earning part alone: an undelegation is −x here and 0 in `amount`. */
  readonly activeChange: bigint;
  readonly feeAtoms: Atoms;
  readonly atMs: bigint;
  readonly at: BlockStamp;
  readonly txid: string;
}

/** All that a chain says about one account between two cuts. Replayable: same cuts, same observation. */
export interface Observation {
  readonly from: BlockStamp;
  readonly to: BlockStamp;
  readonly rewards: readonly RewardObservation[];
  readonly slashes: readonly SlashObservation[];
  readonly flows: readonly FlowObservation[];
  /** At `to`. */
  readonly positions: readonly Position[];
  readonly validators: readonly ValidatorState[];
  readonly parameters: ChainParameters;
  /** Liquid holdings of the account on the chain at `to`. */
  readonly liquid: Atoms;
  /** UTC days about which the chain has now said everything: their stake is the time-weighted average (S of R16). */
  readonly days: readonly { readonly day: UtcDay; readonly averageStake: Atoms }[];
}

/**
 * What treasury wants; the adapter turns it into steps. No intent can express a change of authority (R39). Beside the moves
 * that every chain has a word for, where it can do them at all, there are two that some have.
 */
export type StakeIntent = StakeMove | ChillIntent | LockIntent;

/**
 * What moves stake or its rewards. Where exits can be called back (Polkadot) a delegation does that first: a flow of that part
 * has an `activeChange` and no `amount`.
 */
export type StakeMove =
  | { readonly kind: 'delegate'; readonly validator: string; readonly amount: Atoms }
  | { readonly kind: 'undelegate'; readonly validator: string; readonly amount: Atoms }
  | { readonly kind: 'redelegate'; readonly from: string; readonly to: string; readonly amount: Atoms }
  | { readonly kind: 'claim'; readonly validator: string };

/** The position earns no more from a later period on, without leaving: it is named by its `validator` (Polkadot). */
export interface ChillIntent {
  readonly kind: 'chill';
  readonly validator: string;
}

/**
 * Only ever tightens: afterwards our stake cannot be turned into something transferable (Cosmos Hub); its opposite cannot be
 * said. The adapter puts it before a delegation that needs it.
 */
export interface LockIntent {
  readonly kind: 'lock-shares';
}

/** What the chain owes an account and hands out only when somebody, anybody, asks for it; nobody has yet. */
export interface DueClaim {
  /** Made of chain facts alone; another one as soon as more has become due with the same validator. */
  readonly key: string;
  /** One transaction asks for it. */
  readonly intent: Extract<StakeMove, { readonly kind: 'claim' }>;
}

/** One transaction's worth of an intent. `operationId` is made and stored before the first attempt. */
export interface Step {
  readonly operationId: string;
  readonly index: number;
  readonly intent: StakeIntent;
}

/** What keeps two transactions of one key apart: nonce, sequence, or a blockhash with a slot of its own. */
export interface Lane {
  readonly account: string;
  /** Nonce or sequence; null where the chain has none. */
  readonly number: bigint | null;
}

export interface UnsignedTransaction {
  readonly step: Step;
  readonly lane: Lane;
  /** Canonical unsigned bytes, hex. */
  readonly bytes: string;
  /** What a person approves: digest of exactly what will be signed. */
  readonly digest: string;
  /** Where the bytes alone do not say it (Solana's blockhash): the last height at which they can be included. */
  readonly expiresAtHeight?: bigint;
}

/** Stored before the first broadcast (R40). */
export interface SignedTransaction {
  readonly bytes: string;
  readonly txid: string;
  readonly lane: Lane;
  /** After this height the bytes can no longer be included; null: they stay valid until the lane number is used. */
  readonly expiresAtHeight: bigint | null;
}

export interface TransactionSigner {
  readonly account: string;
  sign(unsigned: UnsignedTransaction): Promise<SignedTransaction>;
}

/** `known`: the chain has it already. `unknown`: it may or may not have arrived; send the same bytes again. */
export type BroadcastOutcome =
  | { readonly kind: 'accepted' | 'known' | 'unknown' }
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string };

/** Found by the stored hash. `dead` is a proof: these bytes can never be included any more. */
export type Located =
  | { readonly state: 'pending' }
  | {
      readonly state: 'included' | 'final';
      readonly at: BlockStamp;
      readonly succeeded: boolean;
      readonly flows: readonly FlowObservation[];
      readonly feeAtoms: Atoms;
      readonly failure: string | null;
      /** Where success is no movement: what the final state says now, by the names that `ChainParameters.others` has. */
      readonly readBack?: Readonly<Record<string, string>>;
      /** Where stake is shared out by nomination: whom the position stands behind in the state after that block. */
      readonly nominees?: readonly string[];
    }
  | { readonly state: 'dead'; readonly reason: string };

export type EffectVerdict = { readonly kind: 'verified' } | { readonly kind: 'failed'; readonly detail: string };

export interface ChainAdapter {
  readonly chain: ChainName;
  readonly token: string;
  readonly decimals: number;
  readonly capabilities: Capabilities;

  /** Throws `WRONG_CHAIN` when the endpoint is not the configured chain. */
  identity(signal: AbortSignal): Promise<ChainIdentity>;
  /** Never lower than one this adapter or the given `floor` has already seen (repeatable reads). */
  finalStamp(signal: AbortSignal, floor?: BlockStamp): Promise<FinalStamp>;
  /** Whether the stored stamp is still on the chain. A `false` stops the chain for a person. */
  isCanonical(stamp: BlockStamp, signal: AbortSignal): Promise<boolean>;
  /** The first cut from which observing can start: the last one at or before `final`. */
  firstCut(final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null>;
  /** The next block after `after`, not above `final`, at which the books can be read whole; null: not yet. */
  nextCut(after: BlockStamp, final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null>;
  /**
   * Only where nodes throw states away: reads and keeps what observing from the cut `at` will need of it. `observe` keeps
   * its own `to`; this is for the cut at which the books open. Does nothing when it is kept already.
   */
  keepCut?(at: BlockStamp, account: string, signal: AbortSignal): Promise<void>;
  /** Everything about `account` between two neighbouring cuts. */
  observe(from: BlockStamp, to: BlockStamp, account: string, signal: AbortSignal): Promise<Observation>;

  /** With an account, also what the chain says of its authorities (R42). */
  parametersAt(at: BlockStamp, signal: AbortSignal, account?: string): Promise<ChainParameters>;
  validatorsAt(at: BlockStamp, signal: AbortSignal): Promise<readonly ValidatorState[]>;
  positionsAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<readonly Position[]>;
  liquidAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<Atoms>;

  /** Only where rewards wait until they are asked for: what could be asked for in the state after `at`. */
  dueClaims?(at: BlockStamp, account: string, signal: AbortSignal): Promise<readonly DueClaim[]>;

  /** Pure: splits an intent into transactions (tranches, slots). Refuses what the chain would refuse. */
  plan(
    operationId: string,
    intent: StakeIntent,
    state: {
      readonly parameters: ChainParameters;
      readonly positions: readonly Position[];
      readonly validators: readonly ValidatorState[];
    },
  ): readonly Step[];
  /** The lane's next number as the final chain knows it; the database decides. */
  nextLane(account: string, at: BlockStamp, signal: AbortSignal): Promise<Lane>;
  /** Deterministic for the same step, lane and block. */
  build(step: Step, lane: Lane, at: BlockStamp, signal: AbortSignal): Promise<UnsignedTransaction>;
  broadcast(signed: SignedTransaction, signal: AbortSignal): Promise<BroadcastOutcome>;
  locate(signed: SignedTransaction, signal: AbortSignal): Promise<Located>;
  /** Success is judged by what moved on chain, not by the transaction's status (R40). */
  verifyEffect(step: Step, located: Located): EffectVerdict;

  /** Frees connections. */
  close(): Promise<void>;
}
