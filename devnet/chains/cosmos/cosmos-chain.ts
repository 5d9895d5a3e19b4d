import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { balanceOf, BONDED_POOL, FEE_COLLECTOR, mint } from './bank.js';
import { BlockRecord, type RecordedBlock } from './block-record.js';
import { headerHash, merkle, type BlockHeader } from './block-header.js';
import { dec } from './dec.js';
import { allocateTokens, type Vote } from './distribution.js';
import { genesisState, type CosmosGenesis } from './genesis.js';
import { commit, type Act } from './infractions.js';
import { bytesOf, sha256 } from './keys.js';
import { bondedPowers, endBlock } from './end-block.js';
import type { ChainEvent, ChainState, Context } from './state.js';
import { check, deliver, txHash, type BlockFacts, type TxResult } from './transactions.js';

export interface Block {
  readonly header: BlockHeader;
  readonly hash: Buffer;
  readonly txs: readonly Uint8Array[];
  readonly results: readonly TxResult[];
  readonly events: readonly ChainEvent[];
}

export interface TxPlace {
  readonly height: bigint;
  readonly index: number;
}

/** Why a transaction did not get into the mempool. */
export type Received =
  | {
      readonly kind: 'checked';
      readonly code: number;
      readonly codespace: string;
      readonly log: string;
      readonly hash: string;
    }
  | { readonly kind: 'in-cache' };

const YEAR_NS = 31_557_600_000_000_000n;
const BLOCKS_UNTIL_A_NEW_SET_SIGNS = 2n;

/**
 * The protocol model: blocks, mempool, state of every height. Everything happens in one call without waiting, so no
 * client sees a block that is not on disk.
 */
export class CosmosChain {
  private readonly states = new Map<bigint, ChainState>();
  private readonly blockList: Block[] = [];
  private readonly places = new Map<string, TxPlace>();
  /** Who signs, by the height after which the set was decided. */
  private readonly sets = new Map<bigint, readonly Vote[]>();
  private mempool: Uint8Array[] = [];
  private readonly cache = new Set<string>();
  private checkState: ChainState;
  private unwritten: RecordedBlock[] = [];
  /** States kept below the head; older ones are gone, as on a node that prunes. */
  keepStates = 5_000n;

  private constructor(
    readonly genesis: CosmosGenesis,
    private readonly record: BlockRecord | null,
    private readonly lockFile: string | null,
  ) {
    const state = genesisState(genesis);
    this.states.set(0n, state);
    this.sets.set(0n, bondedPowers(state));
    this.checkState = state.fork();
    for (const block of record?.blocks ?? []) this.replay(block);
    this.checkState = this.state.fork();
  }

  /** Opens the chain of `stateDir`, as it was; or begins it. Without a folder it lives in memory only. */
  static open(stateDir: string | null, genesis: CosmosGenesis): CosmosChain {
    if (stateDir === null) return new CosmosChain(genesis, null, null);
    mkdirSync(stateDir, { recursive: true });
    const lockFile = path.join(stateDir, 'process.json');
    claim(stateDir, lockFile);
    const file = path.join(stateDir, 'genesis.json');
    if (!existsSync(file)) {
      const text = JSON.stringify(genesis, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one), 2);
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    }
    const kept = JSON.parse(readFileSync(file, 'utf8'), (key, one: unknown) =>
      key === 'selfStake' ? BigInt(one as string) : one,
    ) as CosmosGenesis;
    return new CosmosChain(kept, BlockRecord.open(path.join(stateDir, 'blocks.jsonl')), lockFile);
  }

  get height(): bigint {
    return BigInt(this.blockList.length);
  }

  /** Of the newest block; the genesis time before there is one. */
  get timeNs(): bigint {
    return this.blockList.at(-1)?.header.timeNs ?? BigInt(this.genesis.genesisTime) * 1_000_000_000n;
  }

  /** After the newest block. */
  get state(): ChainState {
    const found = this.states.get(this.height);
    if (found === undefined) throw new Error('the chain has lost its newest state');
    return found;
  }

  get pending(): number {
    return this.mempool.length;
  }

  get isEmpty(): boolean {
    return this.blockList.length === 0;
  }

  block(height: bigint): Block | undefined {
    return this.blockList[Number(height) - 1];
  }

  stateAt(height: bigint): ChainState | undefined {
    return this.states.get(height);
  }

  lowestState(): bigint {
    for (const height of this.states.keys()) return height;
    return 0n;
  }

  find(hash: string): TxPlace | undefined {
    return this.places.get(hash);
  }

  /** A client hands in a transaction. */
  receive(bytes: Uint8Array): Received {
    const hash = txHash(bytes);
    if (this.cache.has(hash)) return { kind: 'in-cache' };
    const answer = check(this.checkState, bytes, this.facts(this.height, this.timeNs));
    if (answer.code === 0) {
      this.cache.add(hash);
      this.mempool.push(bytes);
    }
    return { kind: 'checked', ...answer, hash };
  }

  /** Runs a transaction on the newest state and forgets it. */
  simulate(bytes: Uint8Array): TxResult {
    const context = { state: this.state.fork(), height: this.height + 1n, timeNs: this.timeNs, events: [] };
    return deliver(context, bytes, 'simulate', this.facts(context.height, context.timeNs));
  }

  /** One block with all that waits, on disk when the work of the caller is done: `flush`. */
  makeBlock(timeNs: bigint, acts: readonly Act[] = []): Block {
    const txs = this.mempool;
    this.mempool = [];
    const block = this.execute(timeNs, txs, acts, 'deliver');
    this.unwritten.push({
      height: String(block.header.height),
      timeNs: String(timeNs),
      txs: txs.map((one) => Buffer.from(one).toString('base64')),
      acts,
      hash: block.hash.toString('hex'),
    });
    this.checkState = this.state.fork();
    return block;
  }

  flush(): void {
    this.record?.append(this.unwritten);
    this.unwritten = [];
  }

  /** A restart forgets what waits and what was seen, as a node does. */
  forgetMempool(): void {
    this.mempool = [];
    this.cache.clear();
    this.checkState = this.state.fork();
  }

  close(): void {
    this.flush();
    this.record?.close();
    if (this.lockFile !== null) rmSync(this.lockFile, { force: true });
  }

  private replay(recorded: RecordedBlock): void {
    const txs = recorded.txs.map((one) => Buffer.from(one, 'base64'));
    const block = this.execute(BigInt(recorded.timeNs), txs, recorded.acts, 'replay');
    if (block.hash.toString('hex') !== recorded.hash) {
      throw new Error(`block ${recorded.height} of the record became another block: remove the chain's folder`);
    }
  }

  private execute(timeNs: bigint, txs: readonly Uint8Array[], acts: readonly Act[], mode: 'deliver' | 'replay'): Block {
    const height = this.height + 1n;
    if (timeNs <= this.timeNs && height > 1n) throw new Error('a block is younger than the one before');
    const state = this.state.fork();
    const context: Context = { state, height, timeNs, events: [] };
    const signers = this.signersOf(height - 1n);
    this.beginBlock(context, signers, acts);
    const begun = context.events.length;
    const facts = this.facts(height, timeNs);
    const results = txs.map((bytes) => deliver({ ...context, events: [] }, bytes, mode, facts));
    endBlock(context);
    const events = context.events.map((event, i) => ({
      ...event,
      attributes: [...event.attributes, ['mode', i < begun ? 'BeginBlock' : 'EndBlock'] as const],
    }));
    const header = this.headerOf(height, timeNs, txs, signers);
    const block: Block = { header, hash: headerHash(header), txs, results, events };
    this.keep(block, state);
    return block;
  }

  /** mint, then distribution, then what validators did wrong. */
  private beginBlock(context: Context, signers: readonly Vote[], acts: readonly Act[]): void {
    const { state, timeNs, height } = context;
    // By time and not by count of blocks, because this chain skips the blocks in which nothing happens.
    const yearly = dec.mulInt(state.params.inflation, balanceOf(state, BONDED_POOL));
    mint(state, FEE_COLLECTOR, dec.truncateInt((yearly * (timeNs - this.timeNs)) / YEAR_NS));
    if (height > 1n) allocateTokens(context, signers);
    for (const act of acts) {
      const votes = act.kind === 'downtime' ? signers : this.signersOf(BigInt(act.infractionHeight));
      commit(context, act, votes.find((one) => one.operator === act.validator)?.power ?? 0n);
    }
  }

  private keep(block: Block, state: ChainState): void {
    const { height } = block.header;
    this.blockList.push(block);
    this.states.set(height, state);
    this.sets.set(height, bondedPowers(state));
    block.txs.forEach((bytes, index) => {
      const hash = txHash(bytes);
      this.cache.add(hash);
      if (!this.places.has(hash)) this.places.set(hash, { height, index });
    });
    for (const old of this.states.keys()) {
      if (old >= height - this.keepStates) break;
      this.states.delete(old);
    }
  }

  /** A change of the set counts two blocks after the block that made it. */
  private signersOf(height: bigint): readonly Vote[] {
    const decided = height - BLOCKS_UNTIL_A_NEW_SET_SIGNS;
    return this.sets.get(decided > 0n ? decided : 0n) ?? [];
  }

  private headerOf(height: bigint, timeNs: bigint, txs: readonly Uint8Array[], signers: readonly Vote[]): BlockHeader {
    const last = this.blockList.at(-1);
    const before = this.state;
    const empty = Buffer.alloc(0);
    const setHash = (votes: readonly Vote[]): Buffer =>
      merkle(votes.map((one) => Buffer.from(`${one.operator} ${one.power}`)));
    const proposer = before.validators.get(signers[Number(height) % (signers.length || 1)]?.operator ?? '');
    return {
      chainId: this.genesis.chainId,
      height,
      timeNs,
      lastHash: last?.hash ?? empty,
      lastParts: last === undefined ? empty : sha256(`parts of ${last.hash.toString('hex')}`),
      lastCommitHash: sha256(`commit of ${height - 1n}`),
      dataHash: merkle(txs.map((one) => sha256(one))),
      validatorsHash: setHash(this.signersOf(height)),
      nextValidatorsHash: setHash(this.signersOf(height + 1n)),
      consensusHash: sha256('consensus parameters of the model'),
      appHash: sha256(before.text()),
      lastResultsHash: merkle((last?.results ?? []).map((one) => Buffer.from(`${one.code} ${one.gasUsed}`))),
      evidenceHash: merkle([]),
      proposer: proposer === undefined ? Buffer.alloc(20) : bytesOf(proposer.consensusAddress),
    };
  }

  private facts(height: bigint, timeNs: bigint): BlockFacts {
    return { chainId: this.genesis.chainId, height, timeNs };
  }
}

/** One process a folder: a second one would write the same record. */
function claim(stateDir: string, lockFile: string): void {
  if (existsSync(lockFile)) {
    const { pid, command } = JSON.parse(readFileSync(lockFile, 'utf8')) as { pid: number; command: string };
    if (pid !== process.pid && commandOf(pid) === command) {
      throw new Error(`the local Cosmos chain in ${stateDir} is already run by process ${pid}`);
    }
  }
  writeFileSync(lockFile, JSON.stringify({ pid: process.pid, command: commandOf(process.pid) }));
}

/** What runs under a pid, so that a number used again is not taken for the old process. */
function commandOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return isAlive(pid) ? 'alive' : null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
