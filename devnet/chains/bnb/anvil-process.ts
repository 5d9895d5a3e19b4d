import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

import { BNB_CHAIN_ID } from './bnb-constants.js';
import { JsonRpc } from './json-rpc.js';

const READY_MS = 20_000;

/**
 * The binary itself, not the package's Node wrapper: the wrapper would be the process we kill, and anvil would live on.
 */
export function anvilBinary(root: string = process.cwd()): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  const file = path.join(root, 'node_modules', '@foundry-rs', `anvil-${process.platform}-${arch}`, 'bin', name);
  if (existsSync(file)) return file;
  throw new Error(`no anvil for ${process.platform}/${process.arch}: expected ${file} (run npm ci)`);
}

export interface AnvilProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly rpc: JsonRpc;
  readonly port: number;
  /** SIGKILL, since anvil holds nothing that is not on disk; resolves when it is gone. */
  end(): Promise<void>;
}

/** Starts anvil on a free loopback port with `genesisFile`; resolves when it answers. Nothing is mined by itself. */
export async function spawnAnvil(options: {
  genesisFile: string;
  genesisTime: number;
  cacheDir: string;
  root: string;
  /** Told the pid at once, so that no crash of ours can leave an anvil nobody knows of. */
  onPid: (pid: number) => void;
}): Promise<AnvilProcess> {
  const port = await freePort();
  const child = spawn(anvilBinary(options.root), anvilArguments(port, options), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, RUST_LOG: 'error' },
  });
  if (child.pid !== undefined) {
    options.onPid(child.pid);
    endWithUs(child, child.pid);
  }
  let complaint = '';
  child.stderr?.on('data', (part: Buffer) => (complaint = (complaint + part.toString('utf8')).slice(-2_000)));
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`anvil ended (${signal ?? code}) ${complaint}`)));
  });
  failed.catch(() => undefined); // only the race below is interested, and only until anvil answers
  const rpc = new JsonRpc(port);
  try {
    await Promise.race([answers(rpc), failed]);
  } catch (error) {
    rpc.close();
    child.kill('SIGKILL');
    throw error;
  }
  const end = async (): Promise<void> => {
    rpc.close();
    if (child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  };
  return { child, pid: child.pid ?? 0, rpc, port, end };
}

/**
 * Lets anvil die with this process, even when that is killed: a shell waits on a pipe that closes with us. Windows has
 * no such shell; there, and in the moment before the shell runs, the noted pid is what the next start goes by.
 */
function endWithUs(child: ChildProcess, pid: number): void {
  if (process.platform === 'win32') return;
  const watch = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$1"', 'end-with-parent', `${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a Ctrl-C in the terminal is for us, not for it
  });
  watch.on('error', () => undefined);
  watch.stdin?.on('error', () => undefined);
  watch.unref();
  child.once('exit', () => watch.kill('SIGKILL'));
}

/**
 * `slots-in-an-epoch 1`: finalized = tip - 2, as fast finality has it. No dev accounts, no fees, first come first
 * mined, every state kept in memory.
 */
function anvilArguments(
  port: number,
  options: { genesisFile: string; genesisTime: number; cacheDir: string },
): string[] {
  return [
    ...['--host', '127.0.0.1', '--port', `${port}`, '--chain-id', `${BNB_CHAIN_ID}`, '--hardfork', 'prague'],
    ...['--init', options.genesisFile, '--timestamp', `${options.genesisTime}`, '--accounts', '0'],
    ...['--no-mining', '--order', 'fifo', '--base-fee', '0', '--gas-price', '0', '--gas-limit', '70000000'],
    ...['--slots-in-an-epoch', '1', '--threads', '1', '--cache-path', options.cacheDir, '--no-cors', '--quiet'],
  ];
}

async function answers(rpc: JsonRpc): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    try {
      await rpc.call('eth_chainId');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The command line of a live process, or undefined when there is none (a zombie has none either). */
export function commandOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined;
    } catch {
      return undefined;
    }
  }
  return spawnSync('ps', ['-o', 'command=', '-p', `${pid}`], { encoding: 'utf8' }).stdout?.trim() || undefined;
}

/** Ends an anvil left by a parent that was killed: only if that pid really is anvil and serves this very genesis file. */
export async function endStaleAnvil(pid: number, genesisFile: string): Promise<boolean> {
  const isOurs = (): boolean => {
    const command = commandOf(pid);
    return command !== undefined && command.includes('anvil') && command.includes(genesisFile);
  };
  if (!isOurs()) return false;
  process.kill(pid, 'SIGKILL');
  for (let i = 0; i < 250 && isOurs(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  return true;
}

export function freePort(): Promise<number> {
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
