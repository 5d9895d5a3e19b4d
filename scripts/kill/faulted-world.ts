import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Database } from '@app/database';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@app/platform';
import { utcDay } from '@app/staking-core';
import type { LivedDay } from '../local-world/day-table.js';
import { freePorts } from '../local-world/free-ports.js';
import { callJson } from '../local-world/http-json.js';
import { LocalWorld } from '../local-world/local-world.js';
import { ArmedPoints } from './armed-points.js';
import type { FaultSchedule, StretchFaults } from './fault-schedule.js';
import { useLane } from './stolen-lane.js';
import { SupervisedProcess } from './supervised-process.js';

export interface FaultedWorldOptions {
  /** Folder of this world alone: logs and chain. */
  readonly home: string;
  readonly postgres: KillablePostgres;
  readonly databaseName: string;
  readonly users: number;
  readonly seed: number;
  readonly tokens: readonly string[];
  readonly firstDay: string;
  readonly say: (line: string) => void;
  /** Without it nothing goes wrong: the reference. */
  readonly faults?: FaultSchedule;
}

const WORKERS = { chainSync: 2, settlement: 2 };
export const WORKER_COUNT = WORKERS.chainSync + WORKERS.settlement;
const PATIENCE_MS = { firstStake: 90_000, settlement: 90_000 };
const OPERATIONS_PATIENCE_MS = 90_000;
const OPERATIONS_LOOK_MS = 200;
/** How long after a kill of PostgreSQL a program may still refuse to start. */
const AFTERSHOCK_MS = 15_000;

/** A server of our own with fsync on, which is killed like a machine that loses power, and comes back on its port. */
export class KillablePostgres {
  kills = 0;
  private lastKill = Number.NEGATIVE_INFINITY;
  private back: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly dataDir: string,
    private server: EmbeddedPostgres,
  ) {}

  static async start(dataDir: string): Promise<KillablePostgres> {
    return new KillablePostgres(dataDir, await startEmbeddedPostgres({ dataDir, port: 54729 }));
  }

  get url(): string {
    return this.server.url;
  }

  async makeDatabase(name: string): Promise<string> {
    const { url } = await startEmbeddedPostgres({ dataDir: this.dataDir, database: name });
    return url;
  }

  /** Resolves when it answers again. */
  killAndStart(): Promise<unknown> {
    this.kills += 1;
    this.lastKill = performance.now();
    process.kill(this.server.pid, 'SIGKILL');
    this.back = startEmbeddedPostgres({ dataDir: this.dataDir }).then((server) => {
      this.server = server;
      this.lastKill = performance.now();
    });
    return this.back;
  }

  /** Resolves when no restart is under way. */
  async isUp(): Promise<void> {
    await this.back;
  }

  wasAwayLately(): boolean {
    return performance.now() - this.lastKill < AFTERSHOCK_MS;
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}

/**
 * The local world with two workers of each kind under a supervisor, and a schedule of what goes wrong. Without a
 * schedule the same world in peace: its result is what the other one must come to.
 */
export class FaultedWorld {
  readonly points = new ArmedPoints();
  private readonly workers: SupervisedProcess[] = [];
  private readonly storms: Promise<unknown>[] = [];
  private world: LocalWorld | undefined;
  private laneStolen = false;

  private constructor(
    private readonly options: FaultedWorldOptions,
    readonly databaseUrl: string,
  ) {}

  static async open(options: FaultedWorldOptions): Promise<FaultedWorld> {
    const databaseUrl = await options.postgres.makeDatabase(options.databaseName);
    const opened = new FaultedWorld(options, databaseUrl);
    try {
      await opened.start();
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  get local(): LocalWorld {
    if (this.world === undefined) throw new Error('the world is not open');
    return this.world;
  }

  get kills(): number {
    return this.workers.reduce((sum, worker) => sum + worker.kills, 0);
  }

  /** One day with the faults of its place in the schedule, to its end. The steps of a day are safe to repeat. */
  async liveDay(index: number): Promise<LivedDay> {
    const faults = this.options.faults?.days[index];
    if (faults !== undefined) this.arm(faults);
    const lived = await this.untilLived(faults);
    await Promise.all(this.storms.splice(0));
    return lived;
  }

  async close(): Promise<void> {
    this.points.nextStretch([]);
    await Promise.allSettled(this.storms.splice(0));
    await this.world?.close();
  }

  private async start(): Promise<void> {
    const { home, users, seed, firstDay, say, faults } = this.options;
    const [api = 0, core = 0] = await freePorts(2);
    this.points.nextStretch(faults?.opening.points ?? []);
    this.world = await LocalWorld.open({
      databaseUrl: this.databaseUrl,
      users,
      seed,
      firstDay: utcDay(firstDay),
      ports: { api, core, chain: 0 },
      tokens: this.options.tokens,
      chainsDir: home,
      say: () => undefined,
      patienceMs: PATIENCE_MS,
      apps: {
        workers: WORKERS,
        start: (name, script, args, env) => {
          const worker = new SupervisedProcess(name, script, args, env, join(home, 'logs'), {
            arm: ({ name: of }) => this.points.armFor(programOf(of)),
            fell: (who, faultAt) => this.fell(who, faultAt),
            mayExit: () => this.options.postgres.wasAwayLately(),
            say,
          });
          this.workers.push(worker);
          return worker;
        },
      },
    });
    await this.untilOperationsEnd();
  }

  /**
   * Everything that our own transactions do is done before the first midnight. From there on the chain's facts depend
   * on the seed alone, however often chain-sync was killed: that is what makes two runs comparable to the atom.
   */
  private async untilOperationsEnd(): Promise<void> {
    const deadline = performance.now() + OPERATIONS_PATIENCE_MS;
    const database = await Database.open(this.databaseUrl, { poolSize: 1 });
    try {
      for (;;) {
        const rows = await database.rows<{ state: string }>('SELECT state FROM chain_operation');
        const open = rows.filter(({ state }) => !['EFFECT_VERIFIED', 'DEAD', 'FAILED'].includes(state));
        if (rows.length > 0 && open.length === 0) return;
        const death = this.local.apps.death();
        if (death !== undefined) throw new Error(death);
        if (performance.now() > deadline) {
          throw new Error(`operations still open: ${open.map(({ state }) => state).join(', ')}`);
        }
        await this.local.chains.includePending();
        // What came in with the newest block becomes final only by the next two, and nobody else makes blocks now.
        await this.local.chains.finalize();
        await pause(OPERATIONS_LOOK_MS);
      }
    } finally {
      await database.close();
    }
  }

  private arm(faults: StretchFaults): void {
    this.points.nextStretch(faults.points);
    // The points are given at start: whoever runs now begins a new life with the day.
    for (const worker of this.workers) if (this.points.waiting(programOf(worker.name))) worker.kill();
  }

  private fell(who: SupervisedProcess, faultAt: string): void {
    const point = this.points.fell(faultAt);
    this.options.say(`${who.name} fell at ${point}`);
    const { stealLane = false, fall = 'alone' } = this.options.faults ?? {};
    if (stealLane && point === 'chain-sync.bytes-stored' && !this.laneStolen) {
      this.laneStolen = true;
      this.storms.push(useLane(who.env['BNB_RPC_URLS'] ?? ''));
    }
    if (fall === 'alone') return;
    for (const other of this.workers) {
      if (other !== who && programOf(other.name) === programOf(who.name)) other.kill();
    }
  }

  private async untilLived(faults: StretchFaults | undefined): Promise<LivedDay> {
    let settling = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (faults !== undefined && attempt === 1) await this.armCore(faults);
        return await this.local.liveNextDay((step) => {
          if (faults === undefined || settling || !step.startsWith('midnight')) return;
          settling = true;
          this.storms.push(...this.storm(faults));
        });
      } catch (error) {
        // Only a database that was away excuses us for asking again; everything else must end by itself.
        if (!this.options.postgres.wasAwayLately() || this.local.apps.death() !== undefined) throw error;
        this.options.say(`the day is taken up again: ${error instanceof Error ? error.message : String(error)}`);
        await this.options.postgres.isUp();
        await pause(500);
      }
    }
  }

  private async armCore({ coreFaults }: StretchFaults): Promise<void> {
    for (const kind of coreFaults) {
      await callJson('POST', `${this.local.apps.coreUrl}/dev/fault`, { kind, times: 1 });
    }
  }

  private storm({ kills, freeze, killPostgresAfterMs }: StretchFaults): Promise<unknown>[] {
    const victims = this.workers.filter(
      ({ name }) => programOf(name) === 'settlement' || programOf(name) === 'chain-sync',
    );
    const killing = async (): Promise<void> => {
      for (const { worker, afterMs } of kills) {
        await pause(afterMs);
        victims[worker % victims.length]?.kill();
      }
    };
    const storms: Promise<unknown>[] = [killing()];
    if (freeze)
      storms.push(pause(freeze.afterMs).then(() => victims[freeze.worker % victims.length]?.freeze(freeze.forMs)));
    if (killPostgresAfterMs !== undefined) {
      storms.push(
        pause(killPostgresAfterMs).then(() => {
          this.options.say('PostgreSQL is killed');
          return this.options.postgres.killAndStart();
        }),
      );
    }
    return storms;
  }
}

/** `settlement-2` is a `settlement`. */
function programOf(worker: string): string {
  return worker.replace(/-[0-9]+$/, '');
}
