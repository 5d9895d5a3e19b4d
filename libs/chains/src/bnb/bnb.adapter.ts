/**
 * BNB Smart Chain.
 *
 * How rewards arise: stake is held in shares of a validator's credit contract. The fees of a UTC day are paid into that
 * contract in the first block of the next day (the breathe block), net of commission, so each share is worth more. There
 * is nothing to claim: rewards are stake at once.
 *
 * When final: with the breathe block, by the node's `finalized` tag: normally two blocks, about a second. The tag has
 * stalled for hours in the past; then nothing here moves, and the distance to the head shows it.
 *
 * Period id: the UTC day that ended, e.g. `2026-11-19`. If the chain stood still over a midnight, the last of the days.
 *
 * Reads need the states of the last two cuts: a node with history (archive), or the day is `STATE_PRUNED` and waits.
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
import { lastCutBefore, nextCutAfter, requireFinal } from './bnb.boundaries.js';
import { buildTransaction } from './bnb.build.js';
import { BnbClient } from './bnb.client.js';
import { ownAddress, stampOf } from './bnb.decode.js';
import { locateTransaction, sendTo, strongest } from './bnb.locate.js';
import { observeAccount, readParameters } from './bnb.observe.js';
import { effectOf, planIntent, type PlanState } from './bnb.plan.js';
import { listValidators, readHoldings, readPositions, readValidators } from './bnb.positions.js';
import { withDefaults, type BnbOptions, type BnbSettings } from './bnb.options.js';

const CAPABILITIES: Capabilities = {
  autoCompounds: true,
  canRedelegate: true,
  canChill: false,
  exitNeedsClaim: true,
  exitSlots: null,
  principalAtRisk: false,
};

export class BnbAdapter implements ChainAdapter {
  readonly chain = 'bnb';
  readonly token = 'BNB';
  readonly decimals = 18;
  readonly capabilities = CAPABILITIES;
  private readonly settings: BnbSettings;
  private readonly endpoints: readonly JsonRpcEndpoint[];
  private readonly pool: EndpointPool<JsonRpcEndpoint>;
  /** Repeatable reads: finality, once seen, is not unseen, whichever endpoint is asked. */
  private highestFinal: BlockStamp | null = null;

  constructor(options: BnbOptions) {
    this.settings = withDefaults(options);
    const { timeoutMs, maxAnswerBytes, maxBatch, recheckMs, coolDownMs } = this.settings;
    this.endpoints = options.urls.map((url, i) => {
      const label = `endpoint ${i + 1} of ${options.urls.length}`;
      return new JsonRpcEndpoint({ url, chain: 'bnb', label, timeoutMs, maxAnswerBytes, maxBatch });
    });
    const check = async (endpoint: JsonRpcEndpoint, signal: AbortSignal): Promise<void> => {
      await this.identityOf(endpoint, signal);
    };
    this.pool = new EndpointPool({ chain: 'bnb', endpoints: this.endpoints, check, recheckMs, coolDownMs });
  }

  async identity(signal: AbortSignal): Promise<ChainIdentity> {
    const answers = await this.pool.each((endpoint) => this.identityOf(endpoint, signal));
    signal.throwIfAborted();
    const errors = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    // One endpoint on another chain is a wrong configuration, even while others answer rightly.
    const wrong = errors.find((error) => error instanceof ChainError && error.code === 'WRONG_CHAIN');
    if (wrong !== undefined) throw wrong;
    const found = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [first] = found;
    if (first === undefined) throw errors[0];
    if (found.some((one) => one.genesisHash !== first.genesisHash)) {
      throw new ChainError('WRONG_CHAIN', 'bnb', 'the endpoints serve chains with different genesis blocks');
    }
    return first;
  }

  /**
   * The highest final block that any endpoint has, so that one which stands still does not hold up the chain. An
   * endpoint below what was final before, or on another branch, is not believed.
   */
  async finalStamp(signal: AbortSignal, floor?: BlockStamp): Promise<FinalStamp> {
    const seen = [this.highestFinal, floor ?? null].filter((one) => one !== null);
    const answers = await this.pool.all(signal, async (endpoint) => {
      const client = new BnbClient(endpoint, signal);
      const { final, head } = await client.finalAndHead();
      for (const earlier of seen) {
        if (final.height < earlier.height) {
          const detail = `final block ${final.height}, but ${earlier.height} was final before`;
          throw new ChainError('FINALITY_WENT_BACK', 'bnb', detail);
        }
      }
      await requireFinal(client, seen);
      return { ...stampOf(final), headHeight: head.height, headTimeMs: head.seconds * 1000n };
    });
    const best = answers.reduce((a, b) => (b.height > a.height ? b : a));
    if (answers.some((one) => one.height === best.height && one.hash !== best.hash)) {
      throw new ChainError('ENDPOINTS_DISAGREE', 'bnb', `two endpoints have different final blocks ${best.height}`);
    }
    if (this.highestFinal === null || best.height > this.highestFinal.height) this.highestFinal = best;
    return best;
  }

  isCanonical(stamp: BlockStamp, signal: AbortSignal): Promise<boolean> {
    return this.read(signal, async (client) => {
      const header = await client.header(stamp.height); // an endpoint that is behind does not know, and is not believed
      return header.hash === stamp.hash && header.seconds * 1000n === stamp.timeMs;
    });
  }

  firstCut(final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null> {
    return this.readAt([final], signal, (client) => lastCutBefore(client, final));
  }

  nextCut(after: BlockStamp, final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null> {
    return this.readAt([after, final], signal, (client) => nextCutAfter(client, after, final));
  }

  /** Read on two endpoints where there are two, and only believed when both say the same to the atom. */
  async observe(from: BlockStamp, to: BlockStamp, account: string, signal: AbortSignal): Promise<Observation> {
    const who = ownAddress(account, 'the account');
    const work = (endpoint: JsonRpcEndpoint): Promise<Observation> =>
      observeAccount(new BnbClient(endpoint, signal), from, to, who, this.settings.maxLogBlocks);
    if (this.settings.confirm === 'off') return this.pool.run(signal, work);
    const { first, second } = await this.pool.runOnTwo(signal, work);
    if (second === null) {
      if (this.settings.confirm === 'when-available') return first;
      throw new ChainError('UNREACHABLE', 'bnb', 'no second endpoint confirms what the first one says');
    }
    if (textOf(first) !== textOf(second)) {
      throw new ChainError(
        'ENDPOINTS_DISAGREE',
        'bnb',
        `two endpoints tell different things about blocks ${from.height} to ${to.height}`,
      );
    }
    return first;
  }

  parametersAt(at: BlockStamp, signal: AbortSignal): Promise<ChainParameters> {
    return this.readAt([at], signal, (client) => readParameters(client, at, null));
  }

  validatorsAt(at: BlockStamp, signal: AbortSignal): Promise<readonly ValidatorState[]> {
    return this.readAt([at], signal, async (client) => readValidators(client, at, await listValidators(client, at)));
  }

  positionsAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<readonly Position[]> {
    const who = ownAddress(account, 'the account');
    return this.readAt([at], signal, async (client) => {
      const holdings = await readHoldings(client, at, await listValidators(client, at), who);
      return readPositions(client, at, holdings, who);
    });
  }

  liquidAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<Atoms> {
    const who = ownAddress(account, 'the account');
    return this.readAt([at], signal, async (client) => atoms(await client.balance(at, who)));
  }

  plan(operationId: string, intent: StakeIntent, state: PlanState): readonly Step[] {
    return planIntent(operationId, intent, state);
  }

  nextLane(account: string, at: BlockStamp, signal: AbortSignal): Promise<Lane> {
    const who = ownAddress(account, 'the account');
    return this.readAt([at], signal, async (client) => ({ account: who, number: await client.nonce(at, who) }));
  }

  build(step: Step, lane: Lane, at: BlockStamp, signal: AbortSignal): Promise<UnsignedTransaction> {
    const { chainId, tipWei } = this.settings;
    return this.readAt([at], signal, (client) => buildTransaction(client, { chainId, tipWei }, step, lane, at));
  }

  /** To every endpoint: the more have it, the sooner it is in a block; the bytes can only count once. */
  async broadcast(signed: SignedTransaction, signal: AbortSignal): Promise<BroadcastOutcome> {
    const answers = await this.pool.each(async (endpoint) => {
      await this.identityOf(endpoint, signal);
      return sendTo(new BnbClient(endpoint, signal), signed);
    });
    return strongest(answers.map((one) => (one.status === 'fulfilled' ? one.value : { kind: 'unknown' })));
  }

  locate(signed: SignedTransaction, signal: AbortSignal): Promise<Located> {
    return this.read(signal, (client) => locateTransaction(client, signed));
  }

  verifyEffect(step: Step, located: Located): EffectVerdict {
    return effectOf(step, located);
  }

  close(): Promise<void> {
    for (const endpoint of this.endpoints) endpoint.close();
    return Promise.resolve();
  }

  private read<T>(signal: AbortSignal, work: (client: BnbClient) => Promise<T>): Promise<T> {
    return this.pool.run(signal, (endpoint) => work(new BnbClient(endpoint, signal)));
  }

  /** One endpoint that has all the stamps as final blocks, for the whole of the work. */
  private readAt<T>(
    stamps: readonly BlockStamp[],
    signal: AbortSignal,
    work: (client: BnbClient) => Promise<T>,
  ): Promise<T> {
    return this.read(signal, async (client) => {
      await requireFinal(client, stamps);
      return work(client);
    });
  }

  private async identityOf(endpoint: JsonRpcEndpoint, signal: AbortSignal): Promise<ChainIdentity> {
    const client = new BnbClient(endpoint, signal);
    const chainId = await client.chainId();
    if (chainId !== this.settings.chainId) {
      const detail = `${endpoint.label} serves chain ${chainId}, configured is ${this.settings.chainId}`;
      throw new ChainError('WRONG_CHAIN', 'bnb', detail);
    }
    const { hash } = await client.header(0n);
    if (this.settings.genesisHash !== null && hash !== this.settings.genesisHash) {
      throw new ChainError('WRONG_CHAIN', 'bnb', `${endpoint.label} serves a chain with genesis ${hash}`);
    }
    return { chainId: String(chainId), genesisHash: hash };
  }
}

function textOf(observation: Observation): string {
  return JSON.stringify(observation, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
