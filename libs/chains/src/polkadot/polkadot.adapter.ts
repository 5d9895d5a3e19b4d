/**
 * Polkadot, staking on Asset Hub (`staking-async`; the relay chains' older `staking` pallet is read by its metadata).
 *
 * How rewards arise: the stake lies in one stash that nominates up to 16 validators. After an era (about a day, drifting)
 * each validator's part waits until somebody asks for its payout, page by page of nominators. The `Rewarded` event of that
 * payout is the reward, net of commission; it goes to the account that the stash has named.
 *
 * When final: with the block of the payout, by the node's finalized head. The era's interval is that of `activeEra`.
 *
 * Period id: the era's number, with validator and page in the key. An era that has not been paid out is "not yet": the day
 * on which it ended stays open until it is.
 *
 * Reads need the states of as many days as a payout may be late: a node with history (archive).
 */
import type { Atoms } from '@app/staking-core';

import type {
  BlockStamp,
  BroadcastOutcome,
  Capabilities,
  ChainAdapter,
  ChainIdentity,
  ChainParameters,
  DueClaim,
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
import { accountOf, addressOf } from './polkadot.address.js';
import { buildTransaction, duePayouts } from './polkadot.build.js';
import { PolkadotClient, type EndpointMemory } from './polkadot.client.js';
import { lastCutBefore, nextCutAfter, requireFinal } from './polkadot.cuts.js';
import { confirmed, finalAfter, highest } from './polkadot.endpoints.js';
import type { Account } from './polkadot.flows.js';
import { locateTransaction, sendTo, strongest } from './polkadot.locate.js';
import { observeAccount } from './polkadot.observe.js';
import { withDefaults, type PolkadotOptions, type PolkadotSettings } from './polkadot.options.js';
import { parametersAt } from './polkadot.parameters.js';
import { claimsOf, type PayoutPage } from './polkadot.payouts.js';
import { effectOf, planIntent, type PlanState } from './polkadot.plan.js';
import { liquidAt, nonceAt, positionAt } from './polkadot.state.js';
import { validatorsAt } from './polkadot.validators.js';

const CAPABILITIES: Capabilities = {
  autoCompounds: false,
  canRedelegate: true,
  canChill: true,
  exitNeedsClaim: true,
  exitSlots: 32,
  principalAtRisk: true,
};

export class PolkadotAdapter implements ChainAdapter {
  readonly chain = 'polkadot';
  readonly token = 'DOT';
  readonly decimals = 10;
  readonly capabilities = CAPABILITIES;
  private readonly settings: PolkadotSettings;
  private readonly endpoints: readonly JsonRpcEndpoint[];
  private readonly pool: EndpointPool<JsonRpcEndpoint>;
  private readonly memories = new Map<JsonRpcEndpoint, EndpointMemory>();
  /** Repeatable reads: finality, once seen, is not unseen, whichever endpoint is asked. */
  private highestFinal: BlockStamp | null = null;

  constructor(options: PolkadotOptions) {
    this.settings = withDefaults(options);
    const { timeoutMs, maxAnswerBytes, maxBatch, recheckMs, coolDownMs } = this.settings;
    this.endpoints = options.urls.map((url, i) => {
      const label = `endpoint ${i + 1} of ${options.urls.length}`;
      return new JsonRpcEndpoint({ url, chain: 'polkadot', label, timeoutMs, maxAnswerBytes, maxBatch });
    });
    for (const endpoint of this.endpoints) this.memories.set(endpoint, { codecs: new Map(), facts: new Map() });
    const check = async (endpoint: JsonRpcEndpoint, signal: AbortSignal): Promise<void> => {
      await this.identityOf(endpoint, signal);
    };
    this.pool = new EndpointPool({ chain: 'polkadot', endpoints: this.endpoints, check, recheckMs, coolDownMs });
  }

  async identity(signal: AbortSignal): Promise<ChainIdentity> {
    const answers = await this.pool.each((endpoint) => this.identityOf(endpoint, signal));
    signal.throwIfAborted();
    const errors = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    // One endpoint on another chain is a wrong configuration, even while others answer rightly.
    const wrong = errors.find((error) => error instanceof ChainError && error.code === 'WRONG_CHAIN');
    if (wrong !== undefined) throw wrong;
    const [first] = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (first === undefined) throw errors[0];
    return first;
  }

  /**
   * The highest final block that any endpoint has, so that one which stands still does not hold up the chain. An
   * endpoint below what was final before, or on another branch, is not believed.
   */
  async finalStamp(signal: AbortSignal, floor?: BlockStamp): Promise<FinalStamp> {
    const seen = [this.highestFinal, floor ?? null].filter((one) => one !== null);
    const answers = await this.pool.all(signal, (endpoint) => finalAfter(this.clientOf(endpoint, signal), seen));
    const best = highest(answers);
    if (this.highestFinal === null || best.height > this.highestFinal.height) this.highestFinal = best;
    return best;
  }

  isCanonical(stamp: BlockStamp, signal: AbortSignal): Promise<boolean> {
    return this.read(signal, async (client) => {
      const [found] = await client.stampsAt([stamp.height]); // an endpoint that is behind does not know
      return found?.hash === stamp.hash && found.timeMs === stamp.timeMs;
    });
  }

  firstCut(final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null> {
    return this.readAt([final], signal, (client) => lastCutBefore(client, final));
  }

  nextCut(after: BlockStamp, final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null> {
    return this.readAt([after, final], signal, (client) => nextCutAfter(client, after, final));
  }

  /** Read on two endpoints where there are two, and only believed when both say the same to the planck. */
  async observe(from: BlockStamp, to: BlockStamp, account: string, signal: AbortSignal): Promise<Observation> {
    const who = this.account(account);
    const work = (endpoint: JsonRpcEndpoint): Promise<Observation> =>
      observeAccount(this.clientOf(endpoint, signal), from, to, who, this.settings.lookbackEras);
    if (this.settings.confirm === 'off') return this.pool.run(signal, work);
    const { first, second } = await this.pool.runOnTwo(signal, work);
    return confirmed(first, second, this.settings.confirm);
  }

  parametersAt(at: BlockStamp, signal: AbortSignal): Promise<ChainParameters> {
    const { stash, ss58Prefix } = this.settings;
    return this.readAt([at], signal, (client) => parametersAt(client, at.hash, stash, ss58Prefix));
  }

  validatorsAt(at: BlockStamp, signal: AbortSignal): Promise<readonly ValidatorState[]> {
    return this.readAt([at], signal, (client) => validatorsAt(client, at.hash, this.settings.ss58Prefix));
  }

  positionsAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<readonly Position[]> {
    const { stash, address } = this.account(account);
    return this.readAt([at], signal, async (client) => {
      const position = await positionAt(client, at, stash, address);
      return position === null ? [] : [position];
    });
  }

  liquidAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<Atoms> {
    const { stash } = this.account(account);
    return this.readAt([at], signal, (client) => liquidAt(client, at.hash, stash));
  }

  /** Payouts of ended eras that have not been made and would pay us; anybody may ask for them (`claim` of the validator). */
  duePayouts(at: BlockStamp, account: string, signal: AbortSignal): Promise<readonly PayoutPage[]> {
    const { stash } = this.account(account);
    const { lookbackEras, ss58Prefix } = this.settings;
    return this.readAt([at], signal, async (client) =>
      (await duePayouts(client, at, stash, lookbackEras)).map((one) => ({
        ...one,
        validator: addressOf(one.validator, ss58Prefix),
      })),
    );
  }

  /** One claim for each validator with unpaid eras behind it, for the configured stash, whoever signs it. */
  async dueClaims(at: BlockStamp, account: string, signal: AbortSignal): Promise<readonly DueClaim[]> {
    const { stash, ss58Prefix } = this.settings;
    return claimsOf(await this.duePayouts(at, stash === null ? account : addressOf(stash, ss58Prefix), signal));
  }

  plan(operationId: string, intent: StakeIntent, state: PlanState): readonly Step[] {
    return planIntent(operationId, intent, state, this.settings.ss58Prefix);
  }

  nextLane(account: string, at: BlockStamp, signal: AbortSignal): Promise<Lane> {
    const who = accountOf(account, this.settings.ss58Prefix);
    return this.readAt([at], signal, async (client) => ({ account, number: await nonceAt(client, at.hash, who) }));
  }

  build(step: Step, lane: Lane, at: BlockStamp, signal: AbortSignal): Promise<UnsignedTransaction> {
    return this.readAt([at], signal, (client) => buildTransaction(client, this.settings, step, lane, at));
  }

  /** To every endpoint: the more have it, the sooner it is in a block; the bytes can only count once. */
  async broadcast(signed: SignedTransaction, signal: AbortSignal): Promise<BroadcastOutcome> {
    const who = this.booksOf(signed);
    const answers = await this.pool.each(async (endpoint) => {
      await this.identityOf(endpoint, signal);
      return sendTo(this.clientOf(endpoint, signal), signed, who);
    });
    return strongest(answers.map((one) => (one.status === 'fulfilled' ? one.value : { kind: 'unknown' })));
  }

  locate(signed: SignedTransaction, signal: AbortSignal): Promise<Located> {
    return this.read(signal, (client) => locateTransaction(client, signed, this.booksOf(signed)));
  }

  verifyEffect(step: Step, located: Located): EffectVerdict {
    return effectOf(step, located);
  }

  async close(): Promise<void> {
    for (const endpoint of this.endpoints) endpoint.close();
    const opened = [...this.memories.values()].flatMap((memory) => [...memory.codecs.values()]);
    for (const codec of await Promise.allSettled(opened)) {
      if (codec.status === 'fulfilled') await codec.value.close();
    }
  }

  private account(address: string): Account {
    const { ss58Prefix } = this.settings;
    return { stash: accountOf(address, ss58Prefix), address, ss58Prefix };
  }

  /** Whose ledger a transaction moves: the configured stash's, or that of the key that signed. */
  private booksOf(signed: SignedTransaction): Account {
    const { stash, ss58Prefix } = this.settings;
    return this.account(stash === null ? signed.lane.account : addressOf(stash, ss58Prefix));
  }

  private clientOf(endpoint: JsonRpcEndpoint, signal: AbortSignal): PolkadotClient {
    const memory = this.memories.get(endpoint) ?? { codecs: new Map(), facts: new Map() };
    return new PolkadotClient(endpoint, signal, memory, this.settings.genesisHash);
  }

  private read<T>(signal: AbortSignal, work: (client: PolkadotClient) => Promise<T>): Promise<T> {
    return this.pool.run(signal, (endpoint) => work(this.clientOf(endpoint, signal)));
  }

  /** One endpoint that has all the stamps as final blocks, for the whole of the work. */
  private readAt<T>(
    stamps: readonly BlockStamp[],
    signal: AbortSignal,
    work: (client: PolkadotClient) => Promise<T>,
  ): Promise<T> {
    return this.read(signal, async (client) => {
      await requireFinal(client, stamps);
      return work(client);
    });
  }

  private async identityOf(endpoint: JsonRpcEndpoint, signal: AbortSignal): Promise<ChainIdentity> {
    const genesisHash = await this.clientOf(endpoint, signal).genesis();
    if (genesisHash !== this.settings.genesisHash) {
      const detail = `${endpoint.label} serves the chain ${genesisHash}, configured is ${this.settings.genesisHash}`;
      throw new ChainError('WRONG_CHAIN', 'polkadot', detail);
    }
    return { chainId: genesisHash, genesisHash };
  }
}
