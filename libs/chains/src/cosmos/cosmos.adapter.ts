/**
 * Cosmos Hub.
 *
 * How rewards arise: each block, fees and inflation are divided among the validators that signed, and wait as pending
 * rewards of every delegation (x/distribution, F1). They are withdrawn whole by a claim, and by every delegation,
 * undelegation and redelegation of the same pair. The reward of a period is what is pending at its end, less what was at
 * its beginning, and what was withdrawn in between: whole uatom, as the chain pays them.
 *
 * When final: a committed block is final. The newest but one is used: its successor holds the commit and the app hash.
 *
 * Period id: the heights of the two cuts, each the last block of a UTC day.
 *
 * Reads need the state of the last two cuts. Ordinary nodes throw states away: the cut before is kept when it is read
 * live, where the process says (chain-sync: the database); a state that is gone, and was not kept, is `STATE_PRUNED`,
 * and the day waits for an endpoint with history.
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
import type { JsonRpcEndpoint } from '../rpc/json-rpc.endpoint.js';
import { finalAndHead, lastCutBefore, nextCutAfter, periodIndex, requireFinal } from './cosmos.boundaries.js';
import { buildTransaction } from './cosmos.build.js';
import { CosmosClient } from './cosmos.client.js';
import {
  cutFromText,
  cutToText,
  positionsOf,
  readAccount,
  readCut,
  readHoldings,
  snapshotKey,
  type Cut,
} from './cosmos.cut.js';
import { ACCOUNT_PREFIX, ownAddress } from './cosmos.decode.js';
import { CosmosEndpoints } from './cosmos.endpoints.js';
import { stampOf } from './cosmos.header.js';
import { agreedReadBack, locateTransaction, sendTo, strongest } from './cosmos.locate.js';
import { observeAccount } from './cosmos.observe.js';
import { withDefaults, type CosmosOptions, type CosmosSettings } from './cosmos.options.js';
import { effectOf, planIntent, type PlanState } from './cosmos.plan.js';
import { queries } from './cosmos.queries.js';
import { MemorySnapshots, type CutSnapshots } from './cosmos.snapshots.js';
import { readParameters, readValidators } from './cosmos.validators.js';

const CAPABILITIES: Capabilities = {
  autoCompounds: false,
  canRedelegate: true,
  canChill: false,
  exitNeedsClaim: false,
  exitSlots: 7,
  principalAtRisk: true,
};

export class CosmosAdapter implements ChainAdapter {
  readonly chain = 'cosmos';
  readonly token = 'ATOM';
  readonly decimals = 6;
  readonly capabilities = CAPABILITIES;
  private readonly settings: CosmosSettings;
  private readonly snapshots: CutSnapshots;
  private readonly endpoints: CosmosEndpoints;
  /** Repeatable reads: finality, once seen, is not unseen, whichever endpoint is asked. */
  private highestFinal: BlockStamp | null = null;

  constructor(options: CosmosOptions) {
    this.settings = withDefaults(options);
    this.snapshots = options.snapshots ?? new MemorySnapshots();
    this.endpoints = new CosmosEndpoints(options.urls, this.settings);
  }

  identity(signal: AbortSignal): Promise<ChainIdentity> {
    return this.endpoints.identity(signal);
  }

  /**
   * The highest final block that any endpoint has, so that one which stands still does not hold up the chain. An
   * endpoint below what was final before, or on another branch, is not believed.
   */
  async finalStamp(signal: AbortSignal, floor?: BlockStamp): Promise<FinalStamp> {
    const seen = [this.highestFinal, floor ?? null].filter((one) => one !== null);
    const answers = await this.endpoints.pool.all(signal, async (endpoint) => {
      const client = new CosmosClient(endpoint, signal);
      const { final, head } = await finalAndHead(client);
      for (const earlier of seen) {
        if (final.height < earlier.height) {
          const detail = `final block ${final.height}, but ${earlier.height} was final before`;
          throw new ChainError('FINALITY_WENT_BACK', 'cosmos', detail);
        }
      }
      await requireFinal(client, seen);
      return { ...stampOf(final), headHeight: head.height, headTimeMs: stampOf(head).timeMs };
    });
    const best = answers.reduce((a, b) => (b.height > a.height ? b : a));
    if (answers.some((one) => one.height === best.height && one.hash !== best.hash)) {
      throw new ChainError('ENDPOINTS_DISAGREE', 'cosmos', `two endpoints have different blocks ${best.height}`);
    }
    if (this.highestFinal === null || best.height > this.highestFinal.height) this.highestFinal = best;
    return best;
  }

  isCanonical(stamp: BlockStamp, signal: AbortSignal): Promise<boolean> {
    return this.endpoints.read(signal, async (client) => {
      const found = stampOf(await client.header(stamp.height)); // an endpoint that is behind does not know
      return found.hash === stamp.hash && found.timeMs === stamp.timeMs;
    });
  }

  firstCut(final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null> {
    const { periodMs, initialHeight } = this.settings;
    return this.endpoints.readAt([final], signal, async (client) => {
      const isCut = await this.isKnownCut(client, final);
      return isCut ? final : lastCutBefore(client, final, periodMs, initialHeight);
    });
  }

  nextCut(after: BlockStamp, final: BlockStamp, signal: AbortSignal): Promise<BlockStamp | null> {
    const { periodMs } = this.settings;
    return this.endpoints.readAt([after, final], signal, async (client) => {
      const cut = await nextCutAfter(client, after, final, periodMs);
      if (cut !== null || final.height <= after.height) return cut;
      return (await this.isKnownCut(client, final)) ? final : null;
    });
  }

  /** Believed as an observation is, before it is kept. */
  async keepCut(at: BlockStamp, account: string, signal: AbortSignal): Promise<void> {
    const who = ownAddress(account, ACCOUNT_PREFIX, 'the account');
    const key = snapshotKey(this.settings.chainId, at, who);
    if ((await this.snapshots.load(key)) !== null) return;
    const cut = await this.endpoints.agreed(signal, at, at, async (client) => {
      await requireFinal(client, [at]);
      return readCut(client, at, who);
    });
    await this.snapshots.save(key, cutToText(cut));
  }

  /** Read on two endpoints where there are two, and only believed when both say the same to the atom. */
  async observe(from: BlockStamp, to: BlockStamp, account: string, signal: AbortSignal): Promise<Observation> {
    const who = ownAddress(account, ACCOUNT_PREFIX, 'the account');
    const { periodMs } = this.settings;
    const kept = (at: BlockStamp): Promise<Cut | null> => this.kept(at, who);
    const { cut, observation } = await this.endpoints.agreed(signal, from, to, (client) =>
      observeAccount(client, from, to, who, { periodMs, kept }),
    );
    await this.snapshots.save(snapshotKey(this.settings.chainId, to, who), cutToText(cut));
    return observation;
  }

  parametersAt(at: BlockStamp, signal: AbortSignal, account?: string): Promise<ChainParameters> {
    const who = account === undefined ? null : ownAddress(account, ACCOUNT_PREFIX, 'the account');
    return this.endpoints.readAt([at], signal, (client) => readParameters(client, at, who));
  }

  validatorsAt(at: BlockStamp, signal: AbortSignal): Promise<readonly ValidatorState[]> {
    return this.endpoints.readAt([at], signal, (client) => readValidators(client, at));
  }

  positionsAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<readonly Position[]> {
    const who = ownAddress(account, ACCOUNT_PREFIX, 'the account');
    return this.endpoints.readAt([at], signal, async (client) => positionsOf(await readHoldings(client, at, who), who));
  }

  liquidAt(at: BlockStamp, account: string, signal: AbortSignal): Promise<Atoms> {
    const who = ownAddress(account, ACCOUNT_PREFIX, 'the account');
    return this.endpoints.readAt([at], signal, async (client) => atoms(await client.read(at, queries.balance(who))));
  }

  plan(operationId: string, intent: StakeIntent, state: PlanState): readonly Step[] {
    return planIntent(operationId, intent, state, this.settings);
  }

  nextLane(account: string, at: BlockStamp, signal: AbortSignal): Promise<Lane> {
    const who = ownAddress(account, ACCOUNT_PREFIX, 'the account');
    return this.endpoints.readAt([at], signal, async (client) => {
      const facts = await readAccount(client, at, who);
      return { account: who, number: facts?.sequence ?? 0n };
    });
  }

  build(step: Step, lane: Lane, at: BlockStamp, signal: AbortSignal): Promise<UnsignedTransaction> {
    return this.endpoints.readAt([at], signal, (client) => buildTransaction(client, this.settings, step, lane, at));
  }

  /** To every endpoint: the more have it, the sooner it is in a block; the bytes can only count once. */
  async broadcast(signed: SignedTransaction, signal: AbortSignal): Promise<BroadcastOutcome> {
    const answers = await this.endpoints.pool.each(async (endpoint) => {
      await this.endpoints.identityOf(endpoint, signal);
      return sendTo(new CosmosClient(endpoint, signal), signed);
    });
    return strongest(answers.map((one) => (one.status === 'fulfilled' ? one.value : { kind: 'unknown' })));
  }

  /** A death, or a state that was read back, is believed when a second endpoint, where there is one, does not contradict it. */
  async locate(signed: SignedTransaction, signal: AbortSignal): Promise<Located> {
    const work = (endpoint: JsonRpcEndpoint): Promise<Located> =>
      locateTransaction(new CosmosClient(endpoint, signal), signed);
    const found = await this.endpoints.pool.run(signal, work);
    const isReadBack = found.state === 'final' && found.readBack !== undefined;
    if ((found.state !== 'dead' && !isReadBack) || this.endpoints.pool.size === 1) return found;
    const { first, second } = await this.endpoints.pool.runOnTwo(signal, work);
    if (isReadBack) return agreedReadBack(first, second);
    return [first, second].find((one) => one !== null && one.state !== 'dead') ?? first;
  }

  verifyEffect(step: Step, located: Located): EffectVerdict {
    return effectOf(step, located);
  }

  close(): Promise<void> {
    this.endpoints.close();
    return Promise.resolve();
  }

  private async kept(at: BlockStamp, account: string): Promise<Cut | null> {
    const text = await this.snapshots.load(snapshotKey(this.settings.chainId, at, account));
    return text === null ? null : cutFromText(text, at, account);
  }

  /** Whether the block is the last of its period, by a later block that is final. */
  private async isKnownCut(client: CosmosClient, stamp: BlockStamp): Promise<boolean> {
    const { final } = await finalAndHead(client);
    if (stamp.height >= final.height) return false;
    const next = await client.header(stamp.height + 1n);
    return periodIndex(next, this.settings.periodMs) > periodIndex(stamp, this.settings.periodMs);
  }
}
