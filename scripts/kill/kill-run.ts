import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dropDatabase } from '@app/platform';
import { compareWorlds, type Comparison } from './compare-worlds.js';
import type { FaultSchedule } from './fault-schedule.js';
import { FaultedWorld, type KillablePostgres } from './faulted-world.js';
import { readBooks, type WorldBooks } from './world-result.js';

export interface WorldRequest {
  readonly home: string;
  readonly postgres: KillablePostgres;
  readonly name: string;
  readonly users: number;
  readonly seed: number;
  readonly tokens: readonly string[];
  readonly days: number;
  readonly firstDay: string;
  readonly say: (line: string) => void;
  readonly faults?: FaultSchedule;
}

export interface LivedWorld {
  /** undefined: they could not be read. */
  readonly books: WorldBooks | undefined;
  readonly kills: number;
  readonly postgresKills: number;
  /** How often each fault point ended a process. */
  readonly hits: ReadonlyMap<string, number>;
  /** Sentences of the checks that failed at the end of a day, and of broken invariants. */
  readonly failures: readonly string[];
}

export interface KillRun extends Comparison, Omit<LivedWorld, 'books'> {
  readonly ok: boolean;
}

/**
 * Lives the days of one world and reads its books. What goes well is taken away again; of a world that failed, its
 * database, chain and logs stay for whoever looks into it.
 */
export async function liveWorld(request: WorldRequest): Promise<LivedWorld> {
  const { postgres, name, days } = request;
  const home = join(request.home, name);
  const killedBefore = postgres.kills;
  const world = await FaultedWorld.open({ ...request, home, databaseName: name });
  const failures: string[] = [];
  let books: WorldBooks | undefined;
  try {
    for (let index = 0; index < days; index += 1) {
      const { day, checks } = await world.liveDay(index);
      failures.push(...checks.filter(({ passed }) => !passed).map((check) => `${day} ${check.name}: ${check.detail}`));
    }
  } catch (error) {
    failures.push(`did not end by itself: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    await postgres.isUp();
    books = await readBooks(world.databaseUrl);
    failures.push(...books.violations);
  } finally {
    await world.close();
  }
  if (failures.length === 0) {
    await dropDatabase(postgres.url, name);
    await rm(home, { recursive: true, force: true });
  } else {
    failures.push(`logs and chain: ${home}, database ${name}`);
  }
  const { kills, points } = world;
  return { books, kills, postgresKills: postgres.kills - killedBefore, hits: points.hits, failures };
}

const UNCOMPARED: Comparison = { lost: 0n, doubled: 0n, sameInputs: false, differences: [] };

/** A world with faults, held against the one without. */
export async function killRun(
  request: WorldRequest & { readonly faults: FaultSchedule },
  reference: WorldBooks,
): Promise<KillRun> {
  const { books, ...lived } = await liveWorld(request);
  if (books === undefined) return { ok: false, ...UNCOMPARED, ...lived };
  const comparison = compareWorlds(reference, books);
  const ok =
    comparison.differences.length === 0 && lived.failures.length === 0 && comparison.lost + comparison.doubled === 0n;
  return { ok, ...comparison, ...lived };
}
