import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { spawnAnvil, type AnvilProcess } from './anvil-process.js';
import { BNB_CHAIN_ID, ONE_BNB } from './bnb-constants.js';
import { BlockRecord, type RecordedBlock } from './block-record.js';
import { claimChain, noteAnvil, releaseChain } from './chain-claim.js';
import { bnbGenesis } from './genesis.js';
import { signReorgMarker, survivesReorg, type ReorgDrop } from './reorg-transactions.js';
import { JsonRpcError } from './json-rpc.js';
import { RpcFront } from './rpc-front.js';

export interface BnbChainFiles {
  /** Everything the chain has to remember; made if missing. */
  readonly stateDir: string;
  /** Port of the RPC endpoint on loopback; 0 or absent: any free one. */
  readonly port?: number;
  /** Unix seconds of genesis. Only for a new chain: an existing one keeps the time it was born at. */
  readonly genesisTime: number;
  /** What the published `treasury` key owns at genesis, in wei; 1,000,000 BNB if absent. Only for a new chain. */
  readonly treasuryBalance?: bigint;
  /** The project's root, where node_modules and the artifacts are; the working directory if absent. */
  readonly root?: string;
  readonly log?: (line: string) => void;
}

export interface BlockStamp {
  readonly number: number;
  readonly hash: string;
  /** Unix seconds. */
  readonly timestamp: number;
}

export interface BlockPlan {
  readonly timestamp: number;
  /** Signed transactions to put in after whatever waits in the mempool. */
  readonly raws?: readonly string[];
}

interface MinedDetail {
  readonly number: string;
  readonly hash: string;
  readonly timestamp: string;
  readonly transactions: readonly { hash: string }[];
}

/**
 * One local BNB chain: an anvil that mines when told, the record its blocks can be rebuilt from, and the RPC endpoint
 * in front of it. Blocks are on disk before anyone sees them, so after a kill of anything the chain comes back with
 * the same hashes; only transactions that no block had taken are forgotten, as a node's mempool is.
 */
export class BnbChain {
  readonly chainId = BNB_CHAIN_ID;
  private stopped = false;
  private readonly killOnExit = (): void => void this.anvil?.child.kill('SIGKILL');

  private constructor(
    readonly stateDir: string,
    private readonly options: BnbChainFiles,
    private readonly front: RpcFront,
    private readonly record: BlockRecord,
    readonly port: number,
    private anvil?: AnvilProcess,
  ) {}

  /** Starts (or rebuilds by replay) the chain of `stateDir`. Throws if a live process already runs it. */
  static async open(options: BnbChainFiles): Promise<BnbChain> {
    const stateDir = path.resolve(options.stateDir);
    mkdirSync(stateDir, { recursive: true });
    await claimChain(stateDir);
    writeGenesis(stateDir, options);
    const front = new RpcFront();
    const record = BlockRecord.open(path.join(stateDir, 'blocks.jsonl'));
    let chain: BnbChain | undefined;
    try {
      const port = await front.listen(options.port ?? 0);
      chain = new BnbChain(stateDir, options, front, record, port);
      process.on('exit', chain.killOnExit);
      const opened = chain;
      await front.exclusively(() => opened.respawn());
      return chain;
    } catch (error) {
      if (chain) await chain.stop();
      else record.close();
      throw error;
    }
  }

  /** The endpoint for clients. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The anvil that serves the chain now; undefined for the moment in which one takes another's place. */
  get anvilPid(): number | undefined {
    return this.anvil?.pid;
  }

  get finalityHeld(): boolean {
    return this.front.frozen !== undefined;
  }

  get isNew(): boolean {
    return this.record.blocks.length === 0;
  }

  /** Asks anvil directly, past the endpoint and its faults. For the driver and tests. Waits out a revival. */
  async rpc<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    const asked = this.anvil;
    try {
      return await this.ask<T>(method, params);
    } catch (error) {
      if (error instanceof JsonRpcError || this.stopped) throw error;
      return this.front.exclusively(async () => {
        if (this.anvil === asked) await this.respawn(); // unless somebody has been quicker
        return this.ask<T>(method, params);
      });
    }
  }

  async head(): Promise<BlockStamp> {
    return stampOf(await this.rpc<MinedDetail>('eth_getBlockByNumber', ['latest', false]));
  }

  /** Mines one block a plan, oldest first, and returns when all are on disk. On any failure none has happened. */
  mine(plans: readonly BlockPlan[]): Promise<RecordedBlock[]> {
    return this.change(async () => {
      const blocks: RecordedBlock[] = [];
      for (const plan of plans) blocks.push(await this.mineOne(plan));
      this.record.append(blocks);
      return blocks;
    });
  }

  /**
   * Replaces the last `depth` blocks by as many others with the same times. Dropped transactions leave no receipt and
   * do not come back by themselves; their raw bytes stay valid.
   */
  reorg(depth: number, drop: ReorgDrop): Promise<RecordedBlock[]> {
    const kept = this.record.blocks.length - depth;
    if (depth < 1 || kept < 1) throw new Error(`a reorg of ${depth} blocks would reach genesis`);
    return this.change(async () => {
      const old = this.record.blocks.slice(kept);
      const pending = await this.pendingRaws();
      await this.ask('anvil_rollback', [depth]);
      await this.ask('anvil_dropAllTransactions');
      const blocks: RecordedBlock[] = [];
      for (const [index, block] of old.entries()) {
        const raws = block.txs.filter((raw) => survivesReorg(raw, drop));
        if (index === 0) raws.unshift(await signReorgMarker(this.live().rpc));
        blocks.push(await this.mineOne({ timestamp: block.timestamp, raws }));
      }
      this.record.replaceAfter(kept, blocks);
      for (const raw of pending) await this.ask('eth_sendRawTransaction', [raw]).catch(() => undefined);
      return blocks;
    });
  }

  /** Holds `finalized` and `safe` where they are while blocks go on; `false` lets them catch up. */
  async holdFinality(held: boolean): Promise<void> {
    await this.front.exclusively(async () => {
      this.front.frozen = held
        ? { finalized: await this.height('finalized'), safe: await this.height('safe') }
        : undefined;
    });
  }

  /** While down, the endpoint cuts every connection. */
  setEndpointDown(down: boolean): void {
    this.front.down = down;
  }

  /** Ends anvil and rebuilds the chain from its record, on the same port. Requests wait meanwhile. */
  restart(): Promise<void> {
    return this.front.exclusively(() => this.respawn());
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    process.removeListener('exit', this.killOnExit);
    await this.front.exclusively(() => this.endAnvil()); // lets a revival under way end first
    await this.front.close();
    this.record.close();
    releaseChain(this.stateDir);
  }

  private ask<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    return this.live().rpc.call<T>(method, params);
  }

  private live(): AnvilProcess {
    if (!this.anvil) throw new Error('the local BNB chain is not running');
    return this.anvil;
  }

  private async height(tag: string): Promise<number> {
    const block = await this.ask<MinedDetail>('eth_getBlockByNumber', [tag, false]);
    return Number.parseInt(block.number, 16);
  }

  /**
   * What went wrong half-way is undone by rebuilding: anvil then has exactly the blocks of the record. When the
   * connection was lost (anvil died), the work is done once more on the rebuilt chain.
   */
  private change<T>(work: () => Promise<T>): Promise<T> {
    return this.front.exclusively(async () => {
      if (this.stopped) throw new Error('the local BNB chain has been stopped');
      const recorded = this.record.blocks.length;
      try {
        return await work();
      } catch (error) {
        await this.respawn();
        const lostConnection = typeof (error as { code?: unknown }).code === 'string'; // ECONNRESET and its like
        if (lostConnection && this.record.blocks.length === recorded) return work();
        throw error;
      }
    });
  }

  private async mineOne(plan: BlockPlan): Promise<RecordedBlock> {
    const known = new Map<string, string>();
    for (const raw of plan.raws ?? []) known.set(await this.ask<string>('eth_sendRawTransaction', [raw]), raw);
    const [mined] = await this.ask<MinedDetail[]>('evm_mine_detailed', [{ timestamp: plan.timestamp }]);
    if (!mined) throw new Error('anvil mined nothing');
    const txs: string[] = [];
    for (const { hash } of mined.transactions) {
      const raw = known.get(hash) ?? (await this.ask<string | null>('eth_getRawTransactionByHash', [hash]));
      if (!raw) throw new Error(`no raw bytes for mined transaction ${hash}`);
      txs.push(raw);
      known.delete(hash);
    }
    if (known.size > 0) throw new Error(`${known.size} transaction(s) of the plan did not fit the block`);
    const stamp = stampOf(mined);
    if (stamp.timestamp !== plan.timestamp) throw new Error(`asked for time ${plan.timestamp}, got ${stamp.timestamp}`);
    return { ...stamp, txs };
  }

  private async pendingRaws(): Promise<string[]> {
    const block = await this.ask<{ transactions: string[] }>('eth_getBlockByNumber', ['pending', false]);
    const raws: string[] = [];
    for (const hash of block.transactions) {
      const raw = await this.ask<string | null>('eth_getRawTransactionByHash', [hash]);
      if (raw) raws.push(raw);
    }
    return raws;
  }

  private async respawn(): Promise<void> {
    await this.endAnvil();
    const genesisFile = path.join(this.stateDir, 'genesis.json');
    const genesis = JSON.parse(readFileSync(genesisFile, 'utf8')) as { timestamp: string };
    this.anvil = await spawnAnvil({
      genesisFile,
      genesisTime: Number.parseInt(genesis.timestamp, 16),
      cacheDir: path.join(this.stateDir, 'cache'),
      root: this.options.root ?? process.cwd(),
      onPid: (pid) => noteAnvil(this.stateDir, pid),
    });
    this.front.upstreamPort = this.anvil.port;
    const child = this.anvil.child;
    child.once('exit', (code, signal) => this.revive(child, signal ?? `${code}`));
    await this.replay();
  }

  private async replay(): Promise<void> {
    for (const block of this.record.blocks) {
      const mined = await this.mineOne({ timestamp: block.timestamp, raws: block.txs });
      if (mined.hash !== block.hash) {
        throw new Error(`replay of block ${block.number} gave ${mined.hash}, recorded was ${block.hash}`);
      }
    }
  }

  /** An anvil that died by itself, or was killed, is started again; requests wait meanwhile. */
  private revive(child: AnvilProcess['child'], how: string): void {
    if (this.stopped || this.anvil?.child !== child) return;
    this.front
      .exclusively(async () => {
        if (this.stopped || this.anvil?.child !== child) return;
        this.options.log?.(`anvil ended (${how}); rebuilding the chain from its record`);
        await this.respawn();
      })
      .catch((error: unknown) => this.options.log?.(`the local BNB chain cannot be rebuilt: ${String(error)}`));
  }

  private async endAnvil(): Promise<void> {
    const anvil = this.anvil;
    if (!anvil) return;
    delete this.anvil;
    anvil.rpc.close();
    await anvil.end();
  }
}

function stampOf(block: MinedDetail): BlockStamp {
  return {
    number: Number.parseInt(block.number, 16),
    hash: block.hash,
    timestamp: Number.parseInt(block.timestamp, 16),
  };
}

function writeGenesis(stateDir: string, options: BnbChainFiles): void {
  const file = path.join(stateDir, 'genesis.json');
  if (existsSync(file)) return;
  const { genesisTime, root } = options;
  const treasuryBalance = options.treasuryBalance ?? 1_000_000n * ONE_BNB;
  const genesis = bnbGenesis({ genesisTime, treasuryBalance, ...(root === undefined ? {} : { root }) });
  writeFileSync(`${file}.new`, JSON.stringify(genesis));
  renameSync(`${file}.new`, file);
}
