import { Database, WorldClockRepository, type World } from '@app/database';
import { addDays, utcDay, type UtcDay } from '@app/staking-core';
import type { LivedDay } from './day-table.js';
import { callJson, HttpRefusal } from './http-json.js';
import { liveDay } from './live-day.js';
import { startApps, type AppsOptions, type LocalApps, type WorldPorts } from './local-apps.js';
import { WorldChains } from './world-chains.js';
import { listedTokens, openMigrated } from './world-database.js';

export interface WorldOptions {
  readonly databaseUrl: string;
  readonly users: number;
  readonly seed: number;
  /** First measured day of a new world; a world that exists keeps its own. */
  readonly firstDay: UtcDay;
  /** `chain`: of the first; the others take those beside it. 0: any free ones. */
  readonly ports: WorldPorts & { readonly chain: number };
  /** What a new world lists, each token with its chain; a world that exists keeps its own. */
  readonly tokens: readonly string[];
  /** Folder in which each chain has its own. */
  readonly chainsDir: string;
  readonly say: (line: string) => void;
  /** How many of each program, and how they are started (see local-apps.ts). */
  readonly apps?: Pick<AppsOptions, 'workers' | 'start'>;
  /** How long the first stake and each settlement may take; longer where programs are killed on purpose. */
  readonly patienceMs?: { readonly firstStake: number; readonly settlement: number };
}

const PATIENCE_MS = { firstStake: 30_000, settlement: 60_000 };

/**
 * The outside world on one machine: local chains, a sample exchange core, and our own programs as processes of
 * their own, with a clock in which a day passes in seconds. Everything it does can be cut short anywhere and done
 * again: days are idempotent, so a killed world goes on where it stopped.
 */
export class LocalWorld {
  private constructor(
    private readonly options: WorldOptions,
    private readonly database: Database,
    readonly clock: WorldClockRepository,
    readonly chains: WorldChains,
    readonly apps: LocalApps,
    private readonly world: World,
  ) {}

  static async open(options: WorldOptions): Promise<LocalWorld> {
    const database = await openMigrated(options.databaseUrl, options.tokens);
    const undo: (() => Promise<unknown>)[] = [() => database.close()];
    try {
      const clock = new WorldClockRepository(database);
      // The first instant of the first day: users have switched on the day before, so that this day counts whole (R4).
      const world = await clock.prepare(new Date(`${options.firstDay}T00:00:00.000Z`), options.firstDay);
      const chains = await WorldChains.start(await listedTokens(database), {
        home: options.chainsDir,
        worldId: world.id,
        firstPort: options.ports.chain,
        genesisDay: addDays(utcDay(world.firstDay), -2),
        log: options.say,
      });
      undo.push(() => chains.stop());
      const apps = await startApps({
        databaseUrl: options.databaseUrl,
        chainEnv: chains.env,
        ports: options.ports,
        seed: options.seed,
        ...options.apps,
      });
      undo.push(() => apps.stop());
      const opened = new LocalWorld(options, database, clock, chains, apps, world);
      if (world.livedThrough === null) await opened.openTheBooks();
      return opened;
    } catch (error) {
      for (const step of undo.reverse()) await step().catch(() => undefined);
      throw error;
    }
  }

  get patienceMs(): { readonly firstStake: number; readonly settlement: number } {
    return this.options.patienceMs ?? PATIENCE_MS;
  }

  get firstDay(): UtcDay {
    return utcDay(this.world.firstDay);
  }

  /** The next day to live: the one after the last that was lived to its end. */
  async nextDay(): Promise<UtcDay> {
    const { livedThrough } = await this.clock.prepare(new Date(0), this.world.firstDay);
    return livedThrough === null ? this.firstDay : addDays(utcDay(livedThrough), 1);
  }

  /** Lets one day pass, from its first trade to the books compared. */
  async liveNextDay(progress: (step: string) => void): Promise<LivedDay> {
    const day = await this.nextDay();
    const lived = await liveDay(this, day, progress);
    await this.clock.livedThrough(day);
    return lived;
  }

  /** Everybody's clock: ours, and the core's own, which a repeated day may find ahead already. */
  async setTime(iso: string): Promise<void> {
    await this.clock.advanceTo(new Date(iso));
    await callJson('POST', `${this.apps.coreUrl}/dev/time`, { now: iso }).catch((error: unknown) => {
      if (!(error instanceof HttpRefusal) || error.code !== 'CLOCK_BACKWARDS') throw error;
    });
  }

  async close(): Promise<void> {
    await this.apps.stop();
    await this.chains.stop();
    await this.database.close();
  }

  /** The day before the first: accounts, opt-ins, opening balances; custody on chain; the first delegations. */
  private async openTheBooks(): Promise<void> {
    const { say, users, seed } = this.options;
    const eve = addDays(this.firstDay, -1);
    await this.chains.enterDay(eve);
    say(`opening the exchange's books: ${users} users`);
    const tokens = this.chains.list.map(({ token }) => token);
    await callJson('POST', `${this.apps.coreUrl}/dev/open`, { users, seed, firstDay: this.firstDay, tokens }, 60_000);
    const { holdings } = await callJson<{ holdings: Record<string, string> }>('GET', `${this.apps.coreUrl}/dev/state`);
    await this.chains.fundCustody(holdings);
    say('custody is on the chains; waiting for the first delegations');
    await this.chains.untilStaked(this.database, this.patienceMs.firstStake, this.apps.death);
  }
}
