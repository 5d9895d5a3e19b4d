import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';

/** An account as the Bank holds it. Addresses and owners are raw 32 bytes. */
export interface BankAccount {
  readonly lamports: bigint;
  readonly data: Buffer;
  readonly owner: Buffer;
  readonly executable: boolean;
}

export interface BankOutcome {
  /** The Bank's own words, null when it succeeded. */
  readonly error: string | null;
  readonly logs: readonly string[];
  readonly units: bigint;
  readonly returned: Buffer | null;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The child process with the real Bank, and typed calls to it. A Bank that dies rejects everything under way. */
export class BankProcess {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private ended: Error | null = null;
  /** A Bank that was killed is seen by the broken pipe first, and by its exit a moment later. */
  private broken = false;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: { id: number; result?: unknown; error?: string }) => {
      const one = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.error !== undefined) one?.reject(new Error(message.error));
      else one?.resolve(message.result);
    });
    child.once('exit', (code, signal) => {
      this.ended = new Error(`the Bank's process ended (${signal ?? code})`);
      for (const one of this.waiting.values()) one.reject(this.ended);
      this.waiting.clear();
    });
  }

  /** @param root the project's root, where node_modules and the child's file are */
  static async start(root: string): Promise<BankProcess> {
    const child = fork(path.join(root, 'devnet', 'chains', 'solana', 'bank-child.mjs'), [], {
      serialization: 'advanced', // bigint and bytes as they are
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'], // the Bank logs a line for every instruction
      env: { ...process.env, RUST_LOG: 'off', NODE_OPTIONS: '' },
    });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`the Bank did not start (${signal ?? code})`)));
    });
    return new BankProcess(child);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get alive(): boolean {
    return this.ended === null && !this.broken && this.child.connected;
  }

  open(accounts: readonly (Omit<BankAccount, 'executable'> & { readonly address: Buffer })[]): Promise<void> {
    return this.call('open', { accounts });
  }

  warp(slot: bigint): Promise<void> {
    return this.call('warp', { slot });
  }

  clock(clock: { slot: bigint; epoch: bigint; epochStart: bigint; time: bigint }): Promise<void> {
    return this.call('clock', clock);
  }

  set(address: Buffer, account: BankAccount): Promise<void> {
    return this.call('set', { address, account });
  }

  accounts(addresses: readonly Buffer[]): Promise<(BankAccount | null)[]> {
    return this.call('accounts', { addresses });
  }

  run(bytes: Buffer): Promise<BankOutcome> {
    return this.call('run', { bytes });
  }

  simulate(bytes: Buffer): Promise<BankOutcome> {
    return this.call('simulate', { bytes });
  }

  minimumDelegation(payer: Buffer): Promise<BankOutcome> {
    return this.call('minimumDelegation', { payer });
  }

  /** SIGKILL, since it holds nothing that is not on disk; resolves when it is gone. */
  async end(): Promise<void> {
    if (this.ended !== null) return;
    await new Promise<void>((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.kill('SIGKILL');
    });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private call<T>(method: string, params: object): Promise<T> {
    if (!this.alive) return Promise.reject(this.ended ?? new Error('the Bank has gone'));
    const id = this.nextId++;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.child.send({ id, method, params }, (error) => {
        if (error === null) return;
        this.broken = true;
        this.waiting.delete(id);
        reject(error);
      });
    });
  }
}
