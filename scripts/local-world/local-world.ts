import { resolve } from 'node:path';
import { Database, WorldClockRepository, type World } from '@app/database';
import { addDays, utcDay, type UtcDay } from '@app/staking-core';
import { devAccount, startBnbChain, type RunningBnbChain } from '../../devnet/chains/bnb/index.js';
import { breatheInto, includeWaiting, secondsOf } from './chain-days.js';
import type { LivedDay } from './day-table.js';
import { callJson, HttpRefusal } from './http-json.js';
import { liveDay } from './live-day.js';
import { startApps, type AppsOptions, type LocalApps, type WorldPorts } from './local-apps.js';
import { openMigrated } from './world-database.js';

export interface WorldOptions {
  readonly databaseUrl: string;
  readonly users: number;
  readonly seed: number;
  /** First measured day of a new world; a world that exists keeps its own. */
  readonly firstDay: UtcDay;
  readonly ports: WorldPorts & { readonly chain: number };
  readonly chainsDir: string;
  readonly say: (line: string) => void;
  /** How many of each program, and how they are started (see local-apps.ts). */
  readonly apps?: Pick<AppsOptions, 'workers' | 'start'>;
  /** How long the first stake and each settlement may take; longer where programs are killed on purpose. */
  readonly patienceMs?: { readonly firstStake: number; readonly settlement: number };
}

const PATIENCE_MS = { firstStake: 30_000, settlement: 60_000 };

/**
 * The outside world on one machine: a local BNB chain, a sample exchange core, and our own programs as processes of
 * their own, with a clock in which a day passes in seconds. Everything it does can be cut short anywhere and done
 * again: days are idempotent, so a killed world goes on where it stopped.
 */
export class LocalWorld {
  private constructor(
    private readonly options: WorldOptions,
    private readonly database: Database,
    readonly clock: WorldClockRepository,
    readonly chain: RunningBnbChain,
    readonly apps: LocalApps,
    private readonly world: World,
  ) {}

  static async open(options: WorldOptions): Promise<LocalWorld> {
    const database = await openMigrated(options.databaseUrl);
    const undo: (() => Promise<unknown>)[] = [() => database.close()];
    try {
      const clock = new WorldClockRepository(database);
      // The first instant of the first day: users have switched on the day before, so that this day counts whole (R4).
      const world = await clock.prepare(new Date(`${options.firstDay}T00:00:00.000Z`), options.firstDay);
      const chain = await startBnbChain({
        stateDir: resolve(options.chainsDir, world.id),
        port: options.ports.chain,
        genesisTime: secondsOf(addDays(utcDay(world.firstDay), -2)),
        treasuryBalance: 0n,
        log: options.say,
      });
      undo.push(() => chain.stop());
      const apps = await startApps({
        databaseUrl: options.databaseUrl,
        chainUrl: chain.url,
        treasury: devAccount('treasury'),
        ports: options.ports,
        seed: options.seed,
        ...options.apps,
      });
      undo.push(() => apps.stop());
      const opened = new LocalWorld(options, database, clock, chain, apps, world);
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
    await this.chain.stop();
    await this.database.close();
  }

  /** The day before the first: accounts, opt-ins, opening balances; custody on chain; the first delegations. */
  private async openTheBooks(): Promise<void> {
    const { say, users, seed } = this.options;
    const eve = addDays(this.firstDay, -1);
    await breatheInto(this.chain, eve);
    say(`opening the exchange's books: ${users} users`);
    await callJson('POST', `${this.apps.coreUrl}/dev/open`, { users, seed, firstDay: this.firstDay }, 60_000);
    const { holdings } = await callJson<{ holdings: Record<string, string> }>('GET', `${this.apps.coreUrl}/dev/state`);
    await this.fundCustody(holdings['BNB'] ?? '0');
    say('custody is on the chain; waiting for the first delegations');
    await this.untilStaked();
  }

  /** Custody holds what the books say users own, never less: funded once, before anything is staked. */
  private async fundCustody(total: string): Promise<void> {
    const { driver, chain } = this.chain;
    const treasury = devAccount('treasury').address;
    const held = BigInt(await chain.rpc<string>('eth_getBalance', [treasury, 'latest']));
    if (held > 0n) return;
    const [whole = '0'] = total.split('.');
    await driver.fund(treasury, (BigInt(whole) + 1n) * 10n ** 18n);
    await driver.finalize();
  }

  /** Stake that is there before the first midnight earns for the whole first day. */
  private async untilStaked(): Promise<void> {
    const { chain } = this.chain;
    const treasury = devAccount('treasury').address;
    const liquid = async () => BigInt(await chain.rpc<string>('eth_getBalance', [treasury, 'latest']));
    const before = await liquid();
    const deadline = performance.now() + this.patienceMs.firstStake;
    while ((await liquid()) > before / 2n) {
      const death = this.apps.death();
      if (death !== undefined) throw new Error(death);
      if (performance.now() > deadline)
        throw new Error('chain-sync has delegated nothing; see .local/logs/chain-sync.log');
      await includeWaiting(this.chain);
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }
}
