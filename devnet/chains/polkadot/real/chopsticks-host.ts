import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

import type { LocalBlock, LocalGenesis } from '../local-block.js';

export type StateChange = readonly [string, string | null];

/** A value of the genesis state: pallet, item, hashed keys, SCALE bytes. */
export interface GenesisChange {
  readonly pallet: string;
  readonly item: string;
  readonly key?: readonly (readonly ['twox64' | 'blake2', string])[];
  readonly value: string | null;
}

export interface BuildRequest {
  readonly before: readonly StateChange[];
  /** Index of the author among the session's validators; null where authors take turns by slot. */
  readonly author: number | null;
  readonly transactions: readonly string[];
}

export interface BuildAnswer {
  readonly block: LocalBlock;
  readonly failed: readonly (readonly [string, string])[];
  readonly left: readonly string[];
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The optional workspace; absolute, from the project's root. */
export function chopsticksFolder(): string {
  return path.resolve('devnet', 'chains', 'polkadot', 'chopsticks');
}

/** What is missing for a real Substrate chain here, as a sentence that says what to do; null: nothing. */
export function missingForRealChain(genesisFile: string | undefined = process.env['DOT_GENESIS_FILE']): string | null {
  if (genesisFile === undefined || genesisFile === '')
    return 'DOT_GENESIS_FILE names no raw genesis with a staking pallet';
  if (!existsSync(path.resolve(genesisFile))) return `DOT_GENESIS_FILE: there is no file ${genesisFile}`;
  return missingPackage('@acala-network/chopsticks-core');
}

/** What is missing for the Asset Hub of Rococo, which a package of the workspace carries; null: nothing. */
export function missingForAssetHub(): string | null {
  return missingPackage('@acala-network/chopsticks-core') ?? missingPackage('@substrate/connect-known-chains');
}

function missingPackage(name: string): string | null {
  if (existsSync(path.join(chopsticksFolder(), 'node_modules', ...name.split('/')))) return null;
  return 'the optional workspace is not installed: npm ci --ignore-scripts --prefix devnet/chains/polkadot/chopsticks';
}

/** Chopsticks in a process of its own; its words are lines of JSON. It ends with this process. */
export class ChopsticksHost {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private stderr = '';

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout === null || child.stderr === null) throw new Error('chopsticks has no output');
    createInterface({ input: child.stdout }).on('line', (line) => this.take(line));
    child.stderr.on('data', (part: Buffer) => (this.stderr = (this.stderr + part.toString()).slice(-2_000)));
    child.on('exit', () => {
      for (const one of this.waiting.values()) one.reject(new Error(`chopsticks ended: ${this.stderr}`));
      this.waiting.clear();
    });
  }

  static start(): ChopsticksHost {
    const cwd = chopsticksFolder();
    return new ChopsticksHost(spawn(process.execPath, ['host.mjs'], { cwd, stdio: ['pipe', 'pipe', 'pipe'] }));
  }

  /** @param genesisFile null: the Asset Hub of Rococo that the workspace carries */
  open(
    genesisFile: string | null,
    changes: readonly GenesisChange[],
  ): Promise<LocalGenesis & { readonly block: LocalBlock }> {
    return this.ask('open', { genesisFile, changes });
  }

  build(request: BuildRequest): Promise<BuildAnswer> {
    return this.ask('build', request);
  }

  validate(bytes: string): Promise<{ readonly hash: string; readonly refusal: string | null }> {
    return this.ask('validate', { bytes });
  }

  rewind(hash: string): Promise<null> {
    return this.ask('rewind', { hash });
  }

  stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.stdin?.end();
      setTimeout(() => this.child.kill('SIGKILL'), 2_000).unref();
    });
  }

  private ask<T>(call: string, params: unknown): Promise<T> {
    const id = this.nextId++;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.child.stdin?.write(`${JSON.stringify({ id, call, params })}\n`);
    });
  }

  private take(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const one = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) one?.resolve(result);
    else one?.reject(new Error(`chopsticks: ${error}`));
  }
}
