/**
 * Solana.
 *
 * How rewards arise: stake lies in stake accounts, each with one validator. After every epoch (about two days) the chain
 * pays into each account what its validator's votes earned it, net of commission, over the first blocks of the next epoch;
 * it is stake at once. Tips (MEV) come as plain lamports from others, and are no stake.
 *
 * When final: by the node's `finalized`, normally 13 seconds behind. When the payout's last block is final, the epoch's
 * reward is read; that block is the cut. Until then `null` means "not yet". With `midnightCuts` the first block of each
 * UTC day is a cut too: it tells the day's stake, and no reward.
 *
 * Period id: the number of the epoch that earned, e.g. `903`.
 *
 * A node keeps no state of the past. What an account was is told from its transactions and rewards, from the first
 * lamport on, and held against what it is now; a node that has thrown any of it away is `STATE_PRUNED`, never zero.
 */
import { atoms, type Atoms } from '@app/staking-core';

import type {
  BlockStamp,
  BroadcastOutcome,
  Capabilities,
  ChainAdapter,
  ChainIdentity,
  ChainParameters,
  EffectVerdict,
  FinalStamp,
  Lane,
  Located,
  Observation,
  Position,
  SignedTransaction,
  StakeIntent,
  Step,
  UnsignedTransaction,
  ValidatorState,
} from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { EndpointPool } from '../rpc/endpoint-pool.js';
import { JsonRpcEndpoint } from '../rpc/json-rpc.endpoint.js';
import { buildTransaction } from './solana.build.js';
import { SolanaClient } from './solana.client.js';
import { publicKey } from './solana.decode.js';
import { lastCutBefore, nextCutAfter, readSchedule, requireFinal, stampOf } from './solana.epochs.js';
import { FinalFacts } from './solana.facts.js';
import { readHistory } from './solana.history.js';
import { lookFor, sendTo, strongest, verdictOf } from './solana.locate.js';
import { liquidAt, observeAccount, readParameters } from './solana.observe.js';
import { withDefaults, type SolanaOptions, type SolanaSettings } from './solana.options.js';
import { effectOf, planIntent, type PlanState } from './solana.plan.js';
import { positionsAt, readValidators } from './solana.positions.js';

const CAPABILITIES: Capabilities = {
  autoCompounds: true,
  canRedelegate: false,
  canChill: false,
  exitNeedsClaim: true,
  exitSlots: null,
  principalAtRisk: false,
};

/** Remembered transaction ids, so that sending again is told from sending first. */
const MOST_SENT = 10_000;

interface Seat {
  readonly rpc: JsonRpcEndpoint;
  readonly facts: FinalFacts;
}

export class SolanaAdapter implements ChainAdapter {
  readonly chain = 'solana';
  readonly token = 'SOL';
  readonly decimals = 9;
  readonly capabilities = CAPABILITIES;
  private readonly settings: SolanaSettings;
  private readonly seats: readonly Seat[];
  private readonly pool: EndpointPool<Seat>;
  /** Repeatable reads: finality, once seen, is not unseen, whichever endpoint is asked. */
  private highestFinal: BlockStamp | null = null;
  private readonly sent = new Set<string>();

  constructor(options: SolanaOptions) {
    this.settings = withDefaults(options);
    const { timeoutMs, maxAnswerBytes, maxBatch, recheckMs, coolDownMs } = this.settings;
    this.seats = options.urls.map((url, i) => {
      const label = `endpoint ${i + 1} of ${options.urls.length}`;
      const rpc = new JsonRpcEndpoint({ url, chain: 'solana', label, timeoutMs, maxAnswerBytes, maxBatch });
      return { rpc, facts: new FinalFacts() };
    });
    const check = async (seat: Seat, signal: AbortSignal): Promise<void> => {
      await this.identityOf(seat, signal);
    };
    this.pool = new EndpointPool({ chain: 'solana', endpoints: this.seats, check, recheckMs, coolDownMs });
  }

  async identity(signal: AbortSignal): Promise<ChainIdentity> {
    const answers = await this.pool.each((seat) => this.identityOf(seat, signal));
    signal.throwIfAborted();
    const errors = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    // One endpoint on another chain is a wrong configuration, even while others answer rightly.
    const wrong = errors.find((error) => error instanceof ChainError && error.code === 'WRONG_CHAIN');
    if (wrong !== undefined) throw wrong;
    const found = answers.find((one) => one.status === 'fulfilled');
    if (found === undefined) throw errors[0];
    return found.value;
  }

  /** The highest final block that any endpoint has; one below what was final before is not believed. */
  async finalStamp(signal: AbortSignal, floor?: BlockStamp): Promise<FinalStamp> {
    const seen = [this.highestFinal, floor ?? null].filter((one) => one !== null);
    const answers = await this.pool.all(signal, async (seat) => {
      const client = this.client(seat, signal);
      const slot = await client.slot('finalized');
      for (const earlier of seen) {
        if (slot < earlier.height) {
          const detail = `slot ${slot} is final, but ${earlier.height} was final before`;
          throw new ChainError('FINALITY_WENT_BACK', 'solana', detail);
        }
      }
      await requireFinal(client, seen);
      const final = stampOf(await client.block(slot));
      const head = await client.slot('confirmed');
      if (head < slot) throw new ChainError('BAD_ANSWER', 'solana', `the head ${head} is below the final slot ${slot}`);
      return { ...final, headHeight: head, headTimeMs: head === slot ? final.timeMs : await client.blockTimeMs(head) };
    });
    const best = answers.reduce((a, b) => (b.height > a.height ? b : a));
    if (answers.some((one) => one.height === best.height && one.hash !== best.hash)) {
      throw new ChainError(
        'ENDPOINTS_DISAGREE',
        'solana',
        `two endpoints have different final blocks in slot ${best.height}`,
      );
    }
    if (this.highestFinal === null || best.height > this.highestFinal.height) this.highestFinal = best;
    return best;
  }

  isCanonical(stamp: BlockStamp, signal: AbortSignal): Promise<boolean> {
    return this.read(signal, async (client) => {
      const block = await client.block(stamp.height, 'confirmed'); // an endpoint that is behind does not know, and is not believed
      return block.hash === stamp.hash && block.timeMs === stamp.timeMs;
    });
  }

  firstCut(final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null> {
    return this.read(signal, (client) => lastCutBefore(client, final, this.settings.midnightCuts));
  }

  nextCut(after: BlockStamp, final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null> {
    return this.read(signal, (client) => nextCutAfter(client, after, final, this.settings.midnightCuts));
  }

  /** Read on two endpoints where there are two, and only believed when both say the same to the lamport. */
  async observe(from: BlockStamp, to: BlockStamp, account: string, signal: AbortSignal): Promise<Observation> {
    const who = publicKey(account, 'the account');
    const work = (seat: Seat): Promise<Observation> =>
      observeAccount(this.client(seat, signal), { from, to }, who, this.settings);
    if (this.settings.confirm === 'off') return this.pool.run(signal, work);
    const { first, second } = await this.pool.runOnTwo(signal, work);
    if (second === null) {
      if (this.settings.confirm === 'when-available') return first;
      throw new ChainError('UNREACHABLE', 'solana', 'no second endpoint confirms what the first one says');
    }
    if (moneyOf(first) !== moneyOf(second)) {
      const detail = `two endpoints tell different things about slots ${from.height} to ${to.height}`;
      throw new ChainError('ENDPOINTS_DISAGREE', 'solana', detail);
    }
    return first;
  }

  parametersAt(at: BlockStamp, signal: AbortSignal): Promise<ChainParameters> {
    return this.readAt(at, signal, (client) => readParameters(client, this.settings.withdrawer, null, at));
  }

  validatorsAt(at: BlockStamp, signal: AbortSignal): Promise<readonly ValidatorState[]> {
    return this.readAt(at, signal, async (client) => {
      const schedule = await readSchedule(client);
      return readValidators(client, schedule.epochOf(at.height));
    });
  }

  positionsAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<readonly Position[]> {
    const who = publicKey(account, 'the account');
    return this.readAt(at, signal, async (client) => positionsAt(await readHistory(client, who), at.height));
  }

  liquidAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<Atoms> {
    const who = publicKey(account, 'the account');
    return this.readAt(at, signal, async (client) => atoms(liquidAt(await readHistory(client, who), at.height)));
  }

  plan(operationId: string, intent: StakeIntent, state: PlanState): readonly Step[] {
    return planIntent(operationId, intent, state, this.settings.largestTranche);
  }

  /** There is none: transactions are kept apart by the stake account that each step derives for itself. */
  nextLane(account: string, at: BlockStamp, signal: AbortSignal): Promise<Lane> {
    const who = publicKey(account, 'the account');
    return this.readAt(at, signal, () => Promise.resolve({ account: who, number: null }));
  }

  build(step: Step, lane: Lane, at: BlockStamp, signal: AbortSignal): Promise<UnsignedTransaction> {
    return this.read(signal, async (client) => {
      const [block] = await requireFinal(client, [at]);
      if (block === undefined) throw new ChainError('BLOCK_UNKNOWN', 'solana', `no block in slot ${at.height}`);
      const who = publicKey(lane.account, 'the account');
      return buildTransaction(client, this.settings, step, lane, { stamp: at, block }, () => readHistory(client, who));
    });
  }

  /** To every endpoint: the more have it, the sooner it is in a block; the bytes can only count once. */
  async broadcast(signed: SignedTransaction, signal: AbortSignal): Promise<BroadcastOutcome> {
    const sentBefore = this.sent.has(signed.txid);
    if (this.sent.size >= MOST_SENT) this.sent.clear();
    this.sent.add(signed.txid);
    const answers = await this.pool.each(async (seat) => {
      await this.identityOf(seat, signal);
      return sendTo(this.client(seat, signal), signed, sentBefore);
    });
    return strongest(answers.map((one) => (one.status === 'fulfilled' ? one.value : { kind: 'unknown' })));
  }

  /** Every endpoint is asked: one that has it is enough to be found, none may have it to be dead. */
  async locate(signed: SignedTransaction, signal: AbortSignal): Promise<Located> {
    const sightings = await this.pool.each(async (seat) => {
      await this.identityOf(seat, signal);
      return lookFor(this.client(seat, signal), signed);
    });
    signal.throwIfAborted();
    return verdictOf(sightings);
  }

  verifyEffect(step: Step, located: Located): EffectVerdict {
    return effectOf(step, located);
  }

  async close(): Promise<void> {
    for (const { rpc } of this.seats) rpc.close();
  }

  private async identityOf(seat: Seat, signal: AbortSignal): Promise<ChainIdentity> {
    const genesisHash = await this.client(seat, signal).genesisHash();
    if (genesisHash !== this.settings.genesisHash) {
      const detail = `${seat.rpc.label} has genesis ${genesisHash}, configured is ${this.settings.genesisHash}`;
      throw new ChainError('WRONG_CHAIN', 'solana', detail);
    }
    return { chainId: `solana:${genesisHash.slice(0, 32)}`, genesisHash }; // as CAIP-2 names it
  }

  private client(seat: Seat, signal: AbortSignal): SolanaClient {
    return new SolanaClient(seat.rpc, signal, seat.facts);
  }

  private read<T>(signal: AbortSignal, work: (client: SolanaClient) => Promise<T>): Promise<T> {
    return this.pool.run(signal, (seat) => work(this.client(seat, signal)));
  }

  private readAt<T>(at: BlockStamp, signal: AbortSignal, work: (client: SolanaClient) => Promise<T>): Promise<T> {
    return this.read(signal, async (client) => {
      await requireFinal(client, [at]);
      return work(client);
    });
  }
}

/**
 * What both endpoints have to agree on. Validators are left out: they are as of now, and two nodes' "now" differ by a
 * few slots. They move no money.
 */
function moneyOf({ validators: _, ...observation }: Observation): string {
  return JSON.stringify(observation, (__, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
