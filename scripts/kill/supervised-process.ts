import { startProcess, type RunningProcess } from '../local-world/child-process.js';

export interface SupervisorHooks {
  /** What FAULT_AT the next life of this worker gets; undefined: none. */
  readonly arm: (worker: SupervisedProcess) => string | undefined;
  /** Told when a life has ended by the fault point it was armed with. */
  readonly fell: (worker: SupervisedProcess, faultAt: string) => void;
  /** Whether an ordinary exit is forgiven now: a program may refuse to start while its database is away. */
  readonly mayExit: () => boolean;
  readonly say: (line: string) => void;
}

/** Pause before a program that refused to start is started again. */
const RETRY_MS = 300;

/**
 * One worker as an orchestrator would run it: killed, it is started again at once. It looks like any running process
 * to whoever started it, and ends for that one only by `stop` or by an exit that nobody has provoked.
 */
export class SupervisedProcess implements RunningProcess {
  readonly ended: Promise<number | null>;
  /** SIGKILLs of all lives: by their own fault point, and by us. */
  kills = 0;
  /** Exits with a code while the database was away. */
  forgivenExits = 0;
  private finish: (code: number | null) => void = () => undefined;
  private life: RunningProcess;
  private armedWith: string | undefined;
  private killedByUs = false;
  private stopping = false;

  constructor(
    readonly name: string,
    private readonly script: string,
    private readonly args: readonly string[],
    readonly env: Readonly<Record<string, string>>,
    private readonly logFolder: string,
    private readonly hooks: SupervisorHooks,
  ) {
    this.ended = new Promise((done) => (this.finish = done));
    this.life = this.start();
  }

  get pid(): number {
    return this.life.pid;
  }

  get armed(): string | undefined {
    return this.armedWith;
  }

  /** As abrupt as a power cut; the next life starts at once. */
  kill(): void {
    this.killedByUs = true;
    signal(this.life.pid, 'SIGKILL');
  }

  /** The process stands still for so long, as under a long pause of its machine, and then goes on as if nothing was. */
  async freeze(ms: number): Promise<void> {
    const { pid } = this.life;
    signal(pid, 'SIGSTOP');
    await new Promise((wake) => setTimeout(wake, ms));
    signal(pid, 'SIGCONT');
  }

  async stop(graceMs?: number): Promise<void> {
    this.stopping = true;
    signal(this.life.pid, 'SIGCONT');
    await this.life.stop(graceMs);
    this.finish(0);
  }

  lastLines(): string {
    return this.life.lastLines();
  }

  private start(): RunningProcess {
    this.killedByUs = false;
    this.armedWith = this.hooks.arm(this);
    const env = this.armedWith === undefined ? this.env : { ...this.env, FAULT_AT: this.armedWith };
    const life = startProcess(this.name, this.script, this.args, env, this.logFolder);
    void life.ended.then((code) => this.afterEnd(code));
    return life;
  }

  private async afterEnd(code: number | null): Promise<void> {
    if (this.stopping) return;
    if (code !== null) {
      if (!this.hooks.mayExit()) return this.finish(code);
      this.forgivenExits += 1;
      this.hooks.say(`${this.name} exited with ${code} while the database was away`);
      await new Promise((wake) => setTimeout(wake, RETRY_MS));
      if (this.stopping) return;
    } else {
      this.kills += 1;
      if (!this.killedByUs && this.armedWith !== undefined) this.hooks.fell(this, this.armedWith);
    }
    this.life = this.start();
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}
