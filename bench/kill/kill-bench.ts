import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { FAULT_POINTS, type FaultPoint } from '../../apps/settlement/src/fault-points.js';
import { DEFAULT_LIMITS } from '../../apps/settlement/src/settlement-tools.js';
import { Child } from '../credits/child.js';
import type { CoreReport } from '../credits/core-stand-in.js';
import { forgetCredits, owedHash, writeCreditDay } from '../credits/credit-day.js';
import { DAY } from '../generate/calendar.js';
import { TOKENS } from '../generate/tokens.js';
import { type BenchDatabase, openBenchDatabase } from '../measure/bench-server.js';
import { Progress } from '../measure/progress.js';
import { round } from '../measure/statistics.js';
import { overallHash } from '../oracle/day-oracle.js';
import { forgetSettlement, settleDown, storedHash } from '../settle/day-state.js';
import { writeDay } from '../settle/settle-bench.js';

export interface KillOptions {
  readonly users: number;
  readonly seed: number;
}

/** What one kill came to. */
interface Killed {
  readonly point: FaultPoint;
  /** SIGKILL came; false: the point was never passed. */
  readonly died: boolean;
  /** The same rewards, or the same books at the core, as without it. */
  readonly same: boolean;
}

const SHARDS = 2;
const LATENCY_MS = 5;
/** Short, so that what a dead sender held is soon free again. */
const CLAIM_MS = 1_500;
/** Which passing is the one: in the middle of ranges and of batches, not at the first. */
const PASSING: Readonly<Record<string, number>> = { piece: 5, pieces: 2 };
const BY_BATCH = new Set(['claim', 'send', 'acknowledge']);
/** Only passed by a sender that finds a batch sent before: the one that was killed right after sending. */
const AFTER_A_DEATH = new Set<FaultPoint>(['settlement.send.before-ask', 'settlement.send.asked']);
/** What is done with paid days is not a phase of settling one; retention has kill tests of its own. */
const POINTS = FAULT_POINTS.filter((point) => !/^settlement\.(log-index|fold)\./.test(point));
/** Steps 6 and 7. */
const PAYING = /^settlement\.(plan|claim|send|acknowledge|credited|reconcile)\./;

/** `npm run bench -- kill`: SIGKILL at every fault point of the settlement, at size, and the day taken up again after it. */
export async function killBench({ users, seed }: KillOptions): Promise<Record<string, unknown>> {
  const settling = POINTS.filter((point) => !PAYING.test(point));
  const paying = POINTS.filter((point) => PAYING.test(point));
  const progress = new Progress(`kill ${users} users`, POINTS.length + 2);
  const start = performance.now();
  progress.step('generate the day, ask the oracle');
  const killed: Killed[] = [];
  const bench = await openBenchDatabase('bench_kill');
  try {
    const { totals } = await writeDay(bench.db, users, seed);
    await settleDown(bench.db);
    for (const point of settling) {
      progress.step(point);
      killed.push(await killSettlement(bench, point, overallHash(totals)));
    }
  } finally {
    await bench.close();
  }
  const credits = await openBenchDatabase('bench_kill_credits');
  try {
    progress.step('write a checked day');
    const due = await writeCreditDay(credits.db, users);
    const owed = await owedHash(credits.db);
    for (const point of paying) {
      progress.step(point);
      killed.push(await killPayment(credits, point, { users, due, owed }));
    }
  } finally {
    await credits.close();
  }
  const missed = killed.filter((one) => !one.died).map((one) => one.point);
  const differing = killed.filter((one) => !one.same).map((one) => one.point);
  return {
    users,
    seed,
    points: POINTS.length,
    kills: killed.length - missed.length,
    missed,
    differing,
    seconds: round((performance.now() - start) / 1000, 1),
    loadAverage: loadavg()[0],
    cores: cpus().length,
    hashOk: differing.length === 0 && missed.length === 0,
  };
}

async function killSettlement({ db, url }: BenchDatabase, point: FaultPoint, expected: string): Promise<Killed> {
  await forgetSettlement(db);
  await db.affected('UPDATE day_gate SET closed_through = NULL');
  const args = [url, DAY, String(SHARDS)];
  const died = await runUntilEnd('kill/kill-child.js', args, { point, passing: passingOf(point) });
  await runUntilEnd('kill/kill-child.js', args);
  const same =
    (await storedHash(
      db,
      TOKENS.map((token) => token.symbol),
    )) === expected;
  return { point, died, same };
}

async function killPayment(
  { db, url }: BenchDatabase,
  point: FaultPoint,
  wanted: { readonly users: number; readonly due: number; readonly owed: string },
): Promise<Killed> {
  await forgetCredits(db);
  const core = await Child.start('credits/core-child.js', [String(wanted.users), String(LATENCY_MS)]);
  try {
    const args = [url, core.first as string, String(CLAIM_MS)];
    const middle = Math.max(1, Math.floor(wanted.due / DEFAULT_LIMITS.batchSize / 2));
    const again = AFTER_A_DEATH.has(point);
    if (again) await runUntilEnd('kill/pay-child.js', args, { point: 'settlement.send.posted', passing: middle });
    const passing = BY_BATCH.has(point.split('.')[1]!) && !again ? middle : passingOf(point);
    const died = await runUntilEnd('kill/pay-child.js', args, { point, passing });
    await runUntilEnd('kill/pay-child.js', args);
    const books = await core.ask<CoreReport>('report');
    return { point, died, same: books.sha256 === wanted.owed && books.credits === wanted.due && books.conflicts === 0 };
  } finally {
    await core.stop();
  }
}

function passingOf(point: FaultPoint): number {
  return PASSING[point.split('.')[1]!] ?? 1;
}

/** @returns whether the process was killed. @throws when it ends otherwise than by itself or by SIGKILL */
async function runUntilEnd(
  script: string,
  args: readonly string[],
  fault?: { readonly point: FaultPoint; readonly passing: number },
): Promise<boolean> {
  const inherited = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  const armed = fault === undefined ? {} : { NODE_ENV: 'development', FAULT_AT: `${fault.point}:${fault.passing}` };
  const child = fork(resolve('dist/bench', script), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...inherited, ...armed },
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (signal === 'SIGKILL' && fault !== undefined) return true;
  if (code !== 0) throw new Error(`${script} ended with ${String(code ?? signal)}`);
  return false;
}
