import { setTimeout as pause } from 'node:timers/promises';
import { cpus } from 'node:os';
import type { Database } from '@app/database';
import { DEFAULT_LIMITS } from '../../apps/settlement/src/settlement-tools.js';
import { checkpoint, openBenchDatabase, walMiBSince, walPosition } from '../measure/bench-server.js';
import { cpuSeconds, HAS_PROC, MemoryWatch, serverCpuSeconds } from '../measure/processes.js';
import { Progress } from '../measure/progress.js';
import { round } from '../measure/statistics.js';
import { Child } from './child.js';
import type { CoreReport } from './core-stand-in.js';
import { owedHash, UNIT, writeCreditDay } from './credit-day.js';
import type { CreditPart } from './product-credits.js';
import type { SenderAnswer } from './sender-child.js';

export interface CreditsOptions {
  readonly credits: number;
  /** What the core takes to answer a call. */
  readonly latencyMs: number;
  /** SIGKILL of the sender in the middle, and another one after it. */
  readonly kill: boolean;
}

/** The size that the target speaks of: so many credits in 15 minutes. */
const TARGET = { credits: 3_000_000, seconds: 900 };
const LOOK_MS = 500;

/** `npm run bench -- credits`: the credits of one token's day to a core that takes its time. */
export async function creditsBench({ credits, latencyMs, kill }: CreditsOptions): Promise<Record<string, unknown>> {
  const progress = new Progress(`credits ${credits}`, 4);
  progress.step('write a checked day');
  const bench = await openBenchDatabase('bench_credits');
  const core = await Child.start('credits/core-child.js', [String(credits), String(latencyMs)]);
  let sender = await Child.start('credits/sender-child.js', [bench.url, core.first as string]);
  try {
    const due = await writeCreditDay(bench.db, credits);
    await checkpoint(bench.db);
    const watch = new MemoryWatch(sender.pid, bench.server.pid);
    progress.step('write down what will be sent');
    const [wal, cpu] = [await walPosition(bench.db), serverCpuSeconds(bench.server.pid)];
    const plan = await run(sender, 'plan');
    progress.step(`send ${due} credits, each batch answered after ${latencyMs} ms`);
    const start = performance.now();
    const telling = tellRest(core, due, progress);
    // What starting a process costs is not part of a batch.
    let ownCpu = -cpuSeconds(sender.pid);
    if (kill) {
      const dying = run(sender, 'send').catch(() => 0);
      while ((await telling.credits()) < due / 2) await pause(LOOK_MS / 5);
      ownCpu += cpuSeconds(sender.pid);
      await sender.kill();
      await dying;
      progress.say('the sender was killed; another one goes on');
      sender = await Child.start('credits/sender-child.js', [bench.url, core.first as string]);
      ownCpu -= cpuSeconds(sender.pid);
    }
    await run(sender, 'send');
    const send = (performance.now() - start) / 1000;
    telling.stop();
    const serverCpu = serverCpuSeconds(bench.server.pid) - cpu;
    const walMiB = await walMiBSince(bench.db, wal);
    ownCpu += cpuSeconds(sender.pid);
    progress.step('compare with the books of the core');
    const reconcile = await run(sender, 'reconcile');
    const peaks = watch.stop();
    const books = await core.ask<CoreReport>('report');
    const batches = await batchesOf(bench.db);
    const hashOk = books.sha256 === (await owedHash(bench.db)) && books.credits === due && books.conflicts === 0;
    const forTarget = round((send / credits) * TARGET.credits, 1);
    return {
      credits,
      sent: books.credits,
      batches,
      latencyMs,
      inFlight: DEFAULT_LIMITS.inFlight,
      atOnce: books.atOnce,
      planSeconds: round(plan),
      sendSeconds: round(send),
      batchesPerSecond: round(batches / send, 1),
      creditsPerSecond: Math.round(due / send),
      reconcileSeconds: round(reconcile),
      // Batches cost the same however many there are: from fewer credits this is drawn, not measured.
      secondsFor3M: forTarget,
      extrapolated: credits < TARGET.credits,
      within15Minutes: forTarget + (plan / credits) * TARGET.credits <= TARGET.seconds,
      ownCpuMsPerBatch: HAS_PROC ? round((ownCpu * 1000) / batches, 2) : null,
      postgresCpuMsPerBatch: HAS_PROC ? round((serverCpu * 1000) / batches, 2) : null,
      walMiB: round(walMiB, 1),
      peakMiB: HAS_PROC ? peaks.ownMiB : null,
      postgresPeakMiB: HAS_PROC ? peaks.serverMiB : null,
      killed: kill,
      posts: books.posts,
      askedById: books.asked,
      answeredAsDuplicates: books.duplicates,
      conflicts: books.conflicts,
      loadAverage: peaks.loadAverage,
      cores: cpus().length,
      hashOk,
    };
  } finally {
    await sender.stop();
    await core.stop();
    await bench.close();
  }
}

async function run(sender: Child, part: CreditPart): Promise<number> {
  const { seconds, error } = await sender.ask<SenderAnswer>(part);
  if (error !== undefined) throw new Error(`credits, ${part}: ${error}`);
  return seconds;
}

/** Asks the core now and then how far it is, and says how long the rest will take. */
function tellRest(core: Child, due: number, progress: Progress) {
  const start = performance.now();
  let asking: Promise<number> | undefined;
  const credits = (): Promise<number> => (asking ??= core.ask<number>('credits').finally(() => (asking = undefined)));
  const timer = setInterval(() => {
    void credits().then((done) => {
      const elapsed = (performance.now() - start) / 1000;
      if (done > 0 && done < due)
        progress.say(`${done} of ${due} (about ${Math.round((elapsed / done) * (due - done))} s left)`);
    });
  }, LOOK_MS * 20);
  return { credits, stop: () => clearInterval(timer) };
}

async function batchesOf(db: Database): Promise<number> {
  const [row] = await db.rows<{ batches: number }>(
    'SELECT count(*)::int AS batches FROM credit_batch WHERE day = $1::date AND token = $2',
    [UNIT.day, UNIT.token],
  );
  return row?.batches ?? 0;
}
