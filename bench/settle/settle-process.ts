import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { SettlePart } from './product-settlement.js';
import type { SettleAnswer } from './settle-child.js';

const CHILD = 'dist/bench/settle/settle-child.js';

/** The settlement in a process of its own. */
export class SettleProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(url: string, day: string, shards: number): Promise<SettleProcess> {
    const child = fork(resolve(CHILD), [url, day, String(shards)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const started = new SettleProcess(child);
    await started.answer();
    return started;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** @returns seconds, as the process itself measured them */
  async run(part: SettlePart): Promise<number> {
    const answer = this.answer();
    this.child.send(part);
    const { seconds, error } = await answer;
    if (error !== undefined) throw new Error(`settlement, ${part}: ${error}`);
    return seconds;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private async answer(): Promise<SettleAnswer> {
    const exit = once(this.child, 'exit').then(([code]) => {
      throw new Error(`the settlement's process ended (${String(code)})`);
    });
    const [answer] = (await Promise.race([once(this.child, 'message'), exit])) as [SettleAnswer];
    exit.catch(() => undefined);
    return answer;
  }
}
