import { ApiPromise } from '@polkadot/api';
import path from 'node:path';

import { ChainStore } from '../chain-store.js';
import { devPair, type DevRole } from '../dev-keys.js';
import { inProcessApi } from '../in-process-api.js';
import { NodeError, nodeMethods, RpcFront, type TransactionPool } from '../rpc-front.js';
import { ChopsticksHost, type GenesisChange, type StateChange } from './chopsticks-host.js';

type Call = ReturnType<ApiPromise['tx'][string][string]>;

export interface BlockPlan {
  /** Block time; later than the parent's. */
  readonly timeMs: number;
  /** The session ends with this block. */
  readonly endsSession?: boolean;
  readonly transactions?: readonly string[];
  /** Who makes it, by place among the session's validators; in turn if absent. */
  readonly author?: number;
  /** Changes of state that nobody signed for. */
  readonly before?: readonly StateChange[];
}

const IMMORTAL = '0x00' as never;

/** The nodes' own words for what the runtime says. */
const REFUSALS: readonly (readonly [RegExp, number, string])[] = [
  [/stale/i, 1010, 'Transaction is outdated'],
  [/payment/i, 1010, 'Inability to pay some fees (e.g. account balance too low)'],
  [/badProof|badSigner/i, 1010, 'Transaction has a bad signature'],
  [/ancientBirthBlock/i, 1010, 'Transaction has an ancient birth block'],
];

/** What a node would say where the runtime gives this reason. */
export function nodeRefusal(refusal: string): NodeError {
  const [, code, words] = REFUSALS.find(([pattern]) => pattern.test(refusal)) ?? [null, 1010, refusal];
  return new NodeError(code, 'Invalid Transaction', words);
}

/**
 * A real Substrate runtime, block by block: chopsticks executes it, this keeps what it made and serves it. Time and the end
 * of sessions are ours: the clock and the slots are set before each block, so that days pass quickly.
 */
export class RealChain implements TransactionPool {
  private pool: string[] = [];
  private readonly nonces = new Map<DevRole, number>();

  private constructor(
    private readonly host: ChopsticksHost,
    readonly store: ChainStore,
    private readonly front: { current: RpcFront | null },
    readonly api: ApiPromise,
    private readonly slotMs: number,
  ) {}

  static async open(options: {
    readonly genesisFile: string;
    readonly genesisTimeMs: number;
    readonly port?: number;
    readonly changes: readonly GenesisChange[];
  }): Promise<RealChain> {
    const host = ChopsticksHost.start();
    try {
      const { block, ...genesis } = await host.open(path.resolve(options.genesisFile), options.changes);
      const store = new ChainStore(genesis);
      store.add(block);
      const pool: { chain: RealChain | null } = { chain: null };
      const need = (): RealChain => {
        if (pool.chain === null) throw new NodeError(-32000, 'the chain is starting');
        return pool.chain;
      };
      const methods = nodeMethods(store, { submit: (bytes) => need().submit(bytes), pending: () => need().pending() });
      const front = await RpcFront.start(methods, options.port);
      const api = await inProcessApi(methods);
      const slotMs = Number(api.consts['babe']?.['expectedBlockTime']);
      pool.chain = new RealChain(host, store, { current: front }, api, slotMs);
      return pool.chain;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  get url(): string {
    return this.front.current?.url ?? '';
  }

  async submit(bytes: string): Promise<string> {
    if (this.pool.includes(bytes)) throw new NodeError(1013, 'Transaction Already Imported');
    const { hash, refusal } = await this.host.validate(bytes);
    if (refusal === null || /future/i.test(refusal)) {
      this.pool.push(bytes);
      return hash;
    }
    throw nodeRefusal(refusal);
  }

  pending(): readonly string[] {
    return this.pool;
  }

  /** Takes the next block's transactions out of the pool unless the plan names its own. */
  async build(plan: BlockPlan): Promise<number> {
    const transactions = plan.transactions ?? this.pool;
    const before = [...(await this.clock(plan)), ...(plan.before ?? [])];
    const author = plan.author ?? this.store.headHeight % (await this.validatorCount());
    const { block, failed } = await this.host.build({ before, author, transactions });
    if (plan.transactions === undefined) this.pool = [];
    else if (failed.length > 0) throw new Error(`a transaction of our own was refused: ${failed[0]?.[1]}`);
    this.store.add(block);
    // Others may have signed with the same accounts.
    this.nonces.clear();
    return block.number;
  }

  /** Back to the block at `height`, none above it being final; what was included in between is lost. */
  async rewind(height: number): Promise<void> {
    const hash = this.store.hashAt(height);
    if (hash === null) throw new Error(`no block ${height}`);
    await this.host.rewind(hash);
    this.store.truncate(height);
    this.nonces.clear();
  }

  /** A transaction of a development account, valid for ever, with the account's next nonce. */
  async signed(role: DevRole, call: Call): Promise<string> {
    const pair = devPair(role);
    const nonce = this.nonces.get(role) ?? (await this.nonceOf(pair.address));
    this.nonces.set(role, nonce + 1);
    const { genesisHash, runtimeVersion } = this.api;
    return call.sign(pair, { nonce, era: IMMORTAL, blockHash: genesisHash, genesisHash, runtimeVersion }).toHex();
  }

  /** A value of the state after the head, decoded. */
  async query(pallet: string, item: string, ...args: readonly unknown[]): Promise<unknown> {
    const entry = this.entry(pallet, item);
    return (await entry(...args)) as unknown;
  }

  key(pallet: string, item: string, ...args: readonly unknown[]): string {
    return this.entry(pallet, item).key(...args);
  }

  call(pallet: string, name: string, ...args: readonly unknown[]): Call {
    const make = this.api.tx[pallet]?.[name];
    if (make === undefined) throw new Error(`the runtime has no call ${pallet}.${name}`);
    return make(...args);
  }

  /** SCALE bytes of a value of one of the runtime's types, hex. */
  encode(type: string, value: unknown): string {
    return this.api.createType(type as 'u64', value as never).toHex(true);
  }

  async timeMs(): Promise<number> {
    return Number(String(await this.query('timestamp', 'now')));
  }

  async stop(): Promise<void> {
    await this.api.disconnect();
    await this.front.current?.stop();
    this.front.current = null;
    await this.host.stop();
  }

  private entry(pallet: string, item: string): ApiPromise['query'][string][string] {
    const found = this.api.query[pallet]?.[item];
    if (found === undefined) throw new Error(`the runtime has no ${pallet}.${item}`);
    return found;
  }

  private async nonceOf(address: string): Promise<number> {
    const account = (await this.query('system', 'account', address)) as { nonce: { toNumber(): number } };
    return account.nonce.toNumber();
  }

  private async validatorCount(): Promise<number> {
    return ((await this.query('session', 'validators')) as readonly unknown[]).length;
  }

  /** The clock, the slot and how far the session is, as they must stand before the block. */
  private async clock({ timeMs, endsSession = false }: BlockPlan): Promise<StateChange[]> {
    const slot = Math.floor(timeMs / this.slotMs);
    const epoch = Number(String(await this.query('babe', 'epochIndex')));
    const length = Number(this.api.consts['babe']?.['epochDuration']);
    const genesisSlot = slot - (epoch + (endsSession ? 1 : 0)) * length;
    return [
      [this.key('timestamp', 'now'), this.encode('u64', timeMs - this.slotMs)],
      [this.key('babe', 'currentSlot'), this.encode('u64', slot - 1)],
      [this.key('babe', 'genesisSlot'), this.encode('u64', genesisSlot)],
    ];
  }
}
