import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/** One of our own programs in dist/ that answers messages, one at a time. When we die it ends by itself. */
export class Child {
  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    readonly first: unknown,
  ) {}

  /** The first thing it says is that it is there. */
  static async start(script: string, args: readonly string[]): Promise<Child> {
    const child = fork(resolve('dist/bench', script), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    return new Child(script, child, await answerOf(script, child));
  }

  get pid(): number {
    return this.child.pid!;
  }

  async ask<Answer>(message: string): Promise<Answer> {
    const answer = answerOf(this.name, this.child);
    this.child.send(message);
    return (await answer) as Answer;
  }

  /** As abruptly as a power cut. */
  async kill(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}

async function answerOf(name: string, child: ChildProcess): Promise<unknown> {
  const gone = new AbortController();
  const exit = once(child, 'exit', { signal: gone.signal }).then(([code]) => {
    throw new Error(`${name} ended (${String(code)})`);
  });
  exit.catch(() => undefined);
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal: gone.signal }), exit]);
    return answer;
  } finally {
    gone.abort();
  }
}
