import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { resetEmbeddedPostgres, stopEmbeddedPostgres } from '@app/platform';
import type { FaultSchedule } from '../../scripts/kill/fault-schedule.js';
import { KillablePostgres } from '../../scripts/kill/faulted-world.js';
import { REPEATABLE_TOKENS } from '../../scripts/local-world/chains/index.js';
import { killRun, liveWorld, type KillRun, type LivedWorld } from '../../scripts/kill/kill-run.js';
import type { WorldBooks } from '../../scripts/kill/world-result.js';

/** Always the same day, so that a world is named by its seed alone. */
const FIRST_DAY = '2026-03-10';

export interface TestWorldOptions {
  readonly users?: number;
  readonly days?: number;
  readonly seed?: number;
  readonly tokens?: readonly string[];
}

/**
 * Worlds for tests: all programs from dist/ as processes of their own, two workers of each kind under a supervisor that
 * starts again what was killed, on a PostgreSQL with fsync on that a test may kill. What a schedule says goes wrong
 * (see scripts/kill/fault-schedule.ts); without one the world lives in peace and its books are the reference.
 */
export class TestWorlds {
  private number = 0;
  private allWell = true;

  private constructor(
    private readonly home: string,
    readonly postgres: KillablePostgres,
  ) {}

  static async open(name: string): Promise<TestWorlds> {
    const home = resolve('.local', `${name}-${process.pid}`);
    return new TestWorlds(home, await KillablePostgres.start(resolve(home, 'postgres')));
  }

  async inPeace(options: TestWorldOptions = {}): Promise<LivedWorld> {
    const lived = await liveWorld(this.request('peace', options));
    this.allWell &&= lived.failures.length === 0;
    return lived;
  }

  async underFire(faults: FaultSchedule, reference: WorldBooks, options: TestWorldOptions = {}): Promise<KillRun> {
    const run = await killRun({ ...this.request('fire', options), faults }, reference);
    this.allWell &&= run.ok;
    return run;
  }

  /** Stops the server and takes everything away; of a world that failed, logs, chain and database stay. */
  async close(): Promise<void> {
    if (!this.allWell) return void (await stopEmbeddedPostgres(resolve(this.home, 'postgres')));
    await resetEmbeddedPostgres(resolve(this.home, 'postgres'));
    rmSync(this.home, { recursive: true, force: true });
  }

  private request(kind: string, { users = 40, days = 1, seed = 5, tokens = REPEATABLE_TOKENS }: TestWorldOptions) {
    this.number += 1;
    const { home, postgres } = this;
    const name = `${kind}_${this.number}`;
    return { home, postgres, name, users, days, seed, tokens, firstDay: FIRST_DAY, say: () => undefined };
  }
}
