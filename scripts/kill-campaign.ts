import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { onShutdown, resetEmbeddedPostgres, stopEmbeddedPostgres } from '@app/platform';
import { flags, runCommand, tokenList, wholeNumber } from './command-line.js';
import { REPEATABLE_TOKENS } from './local-world/chains/index.js';
import { CHAIN_POINTS, scheduleFaults, SETTLEMENT_POINTS } from './kill/fault-schedule.js';
import { KillablePostgres, WORKER_COUNT } from './kill/faulted-world.js';
import { killRun, liveWorld, type KillRun } from './kill/kill-run.js';
import type { WorldBooks } from './kill/world-result.js';
import { Progress } from './local-world/progress.js';

const USAGE = 'npm run test:kill -- [--runs 12] [--seed 1] [--users 60] [--days 2] [--tokens BNB,…] [--verbose]';
/** Always the same days: a run is named by seed and number alone. */
const FIRST_DAY = '2026-03-10';
/** So many runs share one reference; then the world gets another seed. */
const RUNS_A_WORLD = 4;
const SHOWN_DIFFERENCES = 12;

interface Settings {
  readonly runs: number;
  readonly seed: number;
  readonly users: number;
  readonly days: number;
  readonly tokens: readonly string[];
  readonly verbose: boolean;
}

interface Totals {
  runs: number;
  failed: number;
  kills: number;
  postgresKills: number;
  lost: bigint;
  doubled: bigint;
  readonly hits: Map<string, number>;
}

/**
 * `npm run test:kill`: days lived with SIGKILLs of both settlement and both chain-sync workers at every named fault
 * point and at random, of PostgreSQL, and with a core that misbehaves; each held against the same days without. Needs
 * nothing but Node. The last line is one JSON object; exit code 0 only when every run came to exactly the same result.
 */
async function campaign(): Promise<void> {
  const settings = settingsGiven();
  const progress = new Progress();
  const home = resolve('.local', `kill-${process.pid}`);
  const postgres = await KillablePostgres.start(resolve(home, 'postgres'));
  const totals: Totals = { runs: 0, failed: 0, kills: 0, postgresKills: 0, lost: 0n, doubled: 0n, hits: new Map() };
  const cleanUp = async (): Promise<void> => {
    if (totals.failed > 0) await stopEmbeddedPostgres(resolve(home, 'postgres'));
    else await resetEmbeddedPostgres(resolve(home, 'postgres'));
  };
  const shutdown = onShutdown(cleanUp, { deadlineMs: 20_000 });
  try {
    await runAll(settings, { home, postgres, totals, progress });
  } finally {
    shutdown.dispose();
    await cleanUp();
    if (totals.failed === 0) await rm(home, { recursive: true, force: true });
  }
  report(totals, settings);
}

interface Campaign {
  readonly home: string;
  readonly postgres: KillablePostgres;
  readonly totals: Totals;
  readonly progress: Progress;
}

async function runAll(settings: Settings, { home, postgres, totals, progress }: Campaign): Promise<void> {
  const { seed, users, days, tokens, verbose } = settings;
  const began = performance.now();
  let reference: WorldBooks | undefined;
  for (let run = 0; run < settings.runs; run += 1) {
    const worldSeed = seed + Math.floor(run / RUNS_A_WORLD);
    const say = (line: string) => (verbose ? progress.say(`  ${line}`) : progress.step(`run ${run + 1}: ${line}`));
    const common = { home, postgres, users, days, tokens, seed: worldSeed, firstDay: FIRST_DAY, say };
    if (run % RUNS_A_WORLD === 0) {
      progress.step(`the reference of seed ${worldSeed}: ${days} days without faults`);
      const peace = await liveWorld({ ...common, name: `peace_${worldSeed}` });
      if (peace.failures.length > 0) throw new Error(`the reference itself fails: ${peace.failures.join('; ')}`);
      reference = peace.books;
    }
    const faults = scheduleFaults({ seed, run, days, workers: WORKER_COUNT, wanted: unreached(totals) });
    const name = `fire_${worldSeed}_${run}`;
    const outcome = await killRun({ ...common, name, faults }, reference as WorldBooks).catch(neverOpened);
    count(totals, outcome);
    progress.say(lineOf(run, worldSeed, outcome) + leftOf(began, run + 1, settings.runs));
    for (const line of complaintsOf(outcome)) progress.say(`    ${line}`);
  }
}

/** A world that does not even open is a failure like any other. */
function neverOpened(error: unknown): KillRun {
  const failures = [`did not open: ${error instanceof Error ? error.message : String(error)}`];
  const nothing = { lost: 0n, doubled: 0n, sameInputs: true, differences: [], kills: 0, postgresKills: 0 };
  return { ok: false, ...nothing, hits: new Map(), failures };
}

function count(totals: Totals, run: KillRun): void {
  totals.runs += 1;
  totals.failed += run.ok ? 0 : 1;
  totals.kills += run.kills;
  totals.postgresKills += run.postgresKills;
  totals.lost += run.lost;
  totals.doubled += run.doubled;
  for (const [point, hits] of run.hits) totals.hits.set(point, (totals.hits.get(point) ?? 0) + hits);
}

function unreached({ hits }: Totals): Set<string> {
  return new Set([...SETTLEMENT_POINTS, ...CHAIN_POINTS].filter((point) => !hits.has(point)));
}

function lineOf(run: number, worldSeed: number, outcome: KillRun): string {
  const { ok, kills, postgresKills, hits, lost, doubled } = outcome;
  const points = [...hits.values()].reduce((sum, one) => sum + one, 0);
  return `run ${run + 1} (world ${worldSeed}): ${ok ? 'the same result' : 'FAILED'}, ${kills} kills, ${points} of them at fault points, PostgreSQL ${postgresKills}; lost ${lost}, doubled ${doubled}`;
}

function leftOf(began: number, done: number, runs: number): string {
  if (done === runs) return '';
  const minutes = ((performance.now() - began) / done / 60_000) * (runs - done);
  return `; about ${Math.max(1, Math.round(minutes))} min left`;
}

function complaintsOf({ failures, differences, sameInputs }: KillRun): string[] {
  const shown = differences
    .slice(0, SHOWN_DIFFERENCES)
    .map(
      ({ section, key, expected, got }) => `${section} ${key}: expected ${expected ?? 'none'}, got ${got ?? 'none'}`,
    );
  const more = differences.length > shown.length ? [`and ${differences.length - shown.length} more differences`] : [];
  const inputs = sameInputs ? [] : ['the inputs differ from the reference: what the chain or the feed said'];
  return [...failures, ...inputs, ...shown, ...more];
}

function report(totals: Totals, { runs }: Settings): void {
  const never = [...unreached(totals)];
  for (const point of [...SETTLEMENT_POINTS, ...CHAIN_POINTS]) {
    console.log(`${String(totals.hits.get(point) ?? 0).padStart(5)}  ${point}`);
  }
  const { failed, kills, postgresKills, lost, doubled } = totals;
  const ok = failed === 0 && totals.runs === runs && lost + doubled === 0n;
  const summary = { ok, runs: totals.runs, kills, postgresKills, lost: shown(lost), doubled: shown(doubled) };
  console.log(JSON.stringify({ ...summary, failed, pointsNotReached: never }));
  process.exitCode = ok ? 0 : 1;
}

/** Atoms can be beyond 2^53, so they are text; nothing is a plain 0. */
const shown = (units: bigint): 0 | string => (units === 0n ? 0 : units.toString());

function settingsGiven(): Settings {
  const given = flags(USAGE, {
    runs: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    users: { type: 'string', default: '60' },
    days: { type: 'string', default: '2' },
    tokens: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  });
  return {
    runs: wholeNumber('runs', given.runs, 1, 100_000),
    seed: wholeNumber('seed', given.seed, 0, 999_999_999),
    users: wholeNumber('users', given.users, 20, 100_000),
    days: wholeNumber('days', given.days, 1, 30),
    tokens: tokenList(given.tokens, REPEATABLE_TOKENS),
    verbose: given.verbose,
  };
}

runCommand(campaign);
