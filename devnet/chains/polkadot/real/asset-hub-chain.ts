import { ChainStore } from '../chain-store.js';
import { devAccount, type DevRole } from '../dev-keys.js';
import { NodeError, nodeMethods, RpcFront, type TransactionPool } from '../rpc-front.js';
import { ChopsticksHost } from './chopsticks-host.js';
import { accountOf, little } from './dot-genesis.js';
import { nodeRefusal } from './real-chain.js';

/** Slots of this runtime, ms; a block in each. */
const SLOT_MS = 12_000;

export interface AssetHubOptions {
  /** Of the state before the first block. */
  readonly timeMs: number;
  readonly balances: readonly (readonly [DevRole, bigint])[];
}

/**
 * The Asset Hub of Rococo (runtime `statemine` 900, of 2022) as a package of the optional workspace carries it: a real
 * parachain runtime for accounts, nonces, fees and finality. It has no staking.
 */
export class AssetHubChain implements TransactionPool {
  private pool: string[] = [];
  private front: RpcFront | null = null;

  private constructor(
    private readonly host: ChopsticksHost,
    readonly store: ChainStore,
  ) {}

  static async open({ timeMs, balances }: AssetHubOptions): Promise<AssetHubChain> {
    const host = ChopsticksHost.start();
    try {
      const { block, ...genesis } = await host.open(null, [
        { pallet: 'Timestamp', item: 'Now', value: little(BigInt(timeMs), 8) },
        { pallet: 'Aura', item: 'CurrentSlot', value: little(BigInt(Math.floor(timeMs / SLOT_MS)), 8) },
        ...balances.map(([role, free]) => accountOf(devAccount(role).id, free, 0n)),
      ]);
      const store = new ChainStore(genesis, 1, 0);
      store.add(block);
      const chain = new AssetHubChain(host, store);
      chain.front = await RpcFront.start(nodeMethods(store, chain));
      return chain;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  get url(): string {
    return this.front?.url ?? '';
  }

  async submit(bytes: string): Promise<string> {
    if (this.pool.includes(bytes)) throw new NodeError(1013, 'Transaction Already Imported');
    const { hash, refusal } = await this.host.validate(bytes);
    if (refusal !== null && !/future/i.test(refusal)) throw nodeRefusal(refusal);
    this.pool.push(bytes);
    return hash;
  }

  pending(): readonly string[] {
    return this.pool;
  }

  /** Forgets what waits: the network lost it. */
  drop(): void {
    this.pool = [];
  }

  /** The next block, with all that waits. */
  async build(): Promise<void> {
    const { block } = await this.host.build({ before: [], author: null, transactions: this.pool });
    this.pool = [];
    this.store.add(block);
  }

  async stop(): Promise<void> {
    await this.front?.stop();
    this.front = null;
    await this.host.stop();
  }
}
