import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { dropDatabase, onShutdown, resetEmbeddedPostgres } from '@app/platform';
import { addDays, utcDay } from '@app/staking-core';
import { flags, runCommand, tokenList, wholeNumber } from './command-line.js';
import { LOCAL_TOKENS } from './local-world/chains/index.js';
import { checkName, dayTable, type LivedDay } from './local-world/day-table.js';
import { freePorts } from './local-world/free-ports.js';
import { LocalWorld } from './local-world/local-world.js';
import { Progress } from './local-world/progress.js';
import { findDatabase } from './local-world/world-database.js';

const USAGE = 'npm run demo -- [--days 3] [--users 200] [--seed 7] [--tokens BNB,…]';

/** `npm run demo`: a world of its own, lived through and thrown away; the last line is one JSON object. */
async function demo(): Promise<void> {
  const given = flags(USAGE, {
    days: { type: 'string', default: '3' },
    users: { type: 'string', default: '200' },
    seed: { type: 'string', default: '7' },
    tokens: { type: 'string' },
  });
  const days = wholeNumber('days', given.days, 1, 60);
  const users = wholeNumber('users', given.users, 20, 100_000);
  const seed = wholeNumber('seed', given.seed, 0, 999_999_999);
  const tokens = tokenList(given.tokens, LOCAL_TOKENS);
  const progress = new Progress();
  const name = `soft_staking_demo_${process.pid}`;
  const home = resolve('.local', name);
  const dataDir = resolve(home, 'postgres');

  progress.step('starting PostgreSQL');
  const { url, embedded } = await findDatabase(dataDir, (line) => progress.say(line), name);
  let world: LocalWorld | undefined;
  const cleanUp = async (): Promise<void> => {
    await world?.close();
    if (embedded === undefined) await dropDatabase(process.env['DATABASE_URL'] as string, name);
    else await resetEmbeddedPostgres(dataDir);
    await rm(home, { recursive: true, force: true });
  };
  const shutdown = onShutdown(cleanUp, { deadlineMs: 20_000 });

  const lived: LivedDay[] = [];
  let failure: unknown;
  try {
    progress.step('starting the local chains, the sample exchange and the apps');
    const [api = 0, core = 0] = await freePorts(2);
    const firstDay = addDays(utcDay(new Date().toISOString().slice(0, 10)), -days);
    world = await LocalWorld.open({
      databaseUrl: url,
      users,
      seed,
      firstDay,
      ports: { api, core, chain: 0 },
      tokens,
      chainsDir: home,
      say: (line) => progress.say(line),
    });
    for (let count = 1; count <= days; count += 1) {
      const day = await world.nextDay();
      lived.push(await world.liveNextDay((step) => progress.step(`${day} (day ${count} of ${days}): ${step}`)));
      progress.say(`${day} lived through`);
    }
  } catch (error) {
    failure = error;
  }
  shutdown.dispose();
  await cleanUp();
  report(lived, failure);
}

function report(lived: readonly LivedDay[], failure: unknown): void {
  if (lived.length > 0) console.log(dayTable(lived));
  const failed = lived.flatMap(({ day, checks }) =>
    checks.filter((check) => !check.passed).map((check) => `${day} ${checkName(check)}: ${check.detail}`),
  );
  for (const line of failed) console.log(`FAILED ${line}`);
  if (failure !== undefined) console.error(failure instanceof Error ? failure.message : String(failure));
  const ok = failure === undefined && failed.length === 0;
  if (ok)
    console.log(
      `every check held: ${lived.reduce((sum, { checks }) => sum + checks.length, 0)} over ${lived.length} days`,
    );
  const summary = lived.map(({ day, tokens }) => ({
    day,
    tokens: Object.fromEntries(
      Object.entries(tokens).map(
        ([token, { state, observed, released, stake, qualifying, pool, paid, leftover, users }]) => [
          token,
          { state, observed, released, stake, qualifying, pool, paid, leftover, users },
        ],
      ),
    ),
  }));
  console.log(JSON.stringify({ ok, days: summary }));
  process.exitCode = ok ? 0 : 1;
}

runCommand(demo);
