import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

import { buildCosmosNode } from './build-cosmos-node.js';
import { devAccount, type DevAccount } from './dev-accounts.js';
import { nodeConfig, type CosmosNodeSettings } from './node-config.js';
import { NodeControl, type Seat } from './node-control.js';
import { sendFromFaucet } from './node-transactions.js';

export interface StartCosmosNodeOptions extends CosmosNodeSettings {
  /** The chain lives here; an existing one goes on as it was configured then. */
  readonly stateDir: string;
  /** Of CometBFT's RPC; any free one if absent. */
  readonly port?: number;
  /** Of the developer's verbs; any free one if absent. */
  readonly controlPort?: number;
  readonly log?: (line: string) => void;
  /** The built node; built when absent. */
  readonly binary?: string;
}

export interface RunningCosmosNode {
  /** CometBFT RPC, as any Cosmos node has it. */
  readonly url: string;
  readonly controlUrl: string;
  readonly identity: { readonly chainId: string; readonly genesisHash: string };
  readonly treasury: DevAccount;
  readonly validators: readonly Seat[];
  readonly control: NodeControl;
  readonly pid: number;
  /** Driven time: the chain lives to that time, in steps of at most an hour; nothing happens when it is there. */
  advanceTo(unixMs: number, stepMs?: number): Promise<void>;
  /** Driven time: what was broadcast goes into a block, and one more block makes that one final. */
  includePending(): Promise<void>;
  fundTreasury(atoms: bigint): Promise<void>;
  stop(): Promise<void>;
  /** As a power cut: for tests of recovery. */
  kill(): Promise<void>;
}

const READY_MS = 60_000;
const STOP_MS = 15_000;

/**
 * Starts the real Cosmos chain of `stateDir` (a new one if there is none) in a process that ends with this one. Throws
 * a plain sentence when Go is missing, or with the node's last words when it does not come up.
 */
export async function startCosmosNode(options: StartCosmosNodeOptions): Promise<RunningCosmosNode> {
  const binary = options.binary ?? (await buildCosmosNode({ ...(options.log ? { log: options.log } : {}) }));
  const config = await configFile(options);
  const port = options.port ?? (await freePort());
  const child = launch(binary, options.stateDir, config, port, options.controlPort ?? 0);
  const { control: address, chainId } = await ready(child, options.stateDir);
  const url = `http://127.0.0.1:${port}`;
  const control = new NodeControl(`http://${address}`);
  const { driven, seats } = await control.status();
  return {
    url,
    controlUrl: `http://${address}`,
    identity: { chainId, genesisHash: await firstBlockHash(url) },
    treasury: await devAccount('treasury'),
    validators: seats,
    control,
    pid: child.pid ?? 0,
    advanceTo: (unixMs, stepMs) => control.advance(unixMs, stepMs),
    includePending: () => control.blocks(2),
    fundTreasury: async (atoms) => {
      const treasury = await devAccount('treasury');
      await sendFromFaucet(url, treasury.address, atoms, driven ? () => control.blocks(1) : null);
    },
    stop: () => end(child, false),
    kill: () => end(child, true),
  };
}

async function configFile(options: StartCosmosNodeOptions): Promise<string> {
  mkdirSync(options.stateDir, { recursive: true });
  const file = path.join(options.stateDir, 'chain.json');
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(await nodeConfig(options), null, 2)}\n`);
    return file;
  }
  const { driven } = JSON.parse(readFileSync(file, 'utf8')) as { driven: boolean };
  if (options.driven !== undefined && options.driven !== driven) {
    throw new Error(`the Cosmos chain in ${options.stateDir} lives in ${driven ? 'driven' : 'wall'} time and stays so`);
  }
  return file;
}

function launch(binary: string, stateDir: string, config: string, port: number, controlPort: number): ChildProcess {
  const log = openSync(logFile(stateDir), 'a');
  try {
    const args = ['--home', path.join(stateDir, 'home'), '--config', config];
    // Its standard input is a pipe from us: when that closes, however we end, the node stops.
    return spawn(binary, [...args, '--rpc', `127.0.0.1:${port}`, '--control', `127.0.0.1:${controlPort}`], {
      stdio: ['pipe', 'pipe', log],
      detached: process.platform !== 'win32', // a Ctrl-C in the terminal is for us
    });
  } finally {
    closeSync(log);
  }
}

function logFile(stateDir: string): string {
  return path.join(stateDir, 'node.log');
}

function ready(child: ChildProcess, stateDir: string): Promise<{ control: string; chainId: string }> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the Cosmos node was not up within ${READY_MS / 1000} s: ${lastWords(stateDir)}`));
    }, READY_MS);
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('data', (part: Buffer) => {
      said += part.toString('utf8');
      const line = /^(\{.*\})\n/m.exec(said)?.[1];
      if (line === undefined) return;
      clearTimeout(late);
      for (const one of [child, child.stdin, child.stdout]) (one as { unref?: () => void } | null)?.unref?.();
      resolve(JSON.parse(line) as { control: string; chainId: string });
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      reject(new Error(`the Cosmos node ended (${signal ?? code}): ${lastWords(stateDir)}`));
    });
  });
}

function lastWords(stateDir: string): string {
  const file = logFile(stateDir);
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-1_500) : 'it said nothing';
}

async function end(child: ChildProcess, hard: boolean): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
    if (hard) child.kill('SIGKILL');
    else child.stdin?.end();
  });
}

async function firstBlockHash(url: string): Promise<string> {
  const answer = await fetch(`${url}/block?height=1`);
  const { result } = (await answer.json()) as { result: { block_id: { hash: string } } };
  return result.block_id.hash;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
