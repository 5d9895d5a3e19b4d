import { createServer, type Server } from 'node:http';
import { resolve } from 'node:path';
import { onShutdown } from '@app/platform';
import { addDays, utcDay } from '@app/staking-core';
import { CommandError, flags, runCommand, tokenList, wholeNumber } from './command-line.js';
import { LOCAL_CHAINS, LOCAL_TOKENS } from './local-world/chains/index.js';
import { checkName, dayTable, type LivedDay } from './local-world/day-table.js';
import { LocalWorld } from './local-world/local-world.js';
import { Progress } from './local-world/progress.js';
import { readRunFile, removeRunFile, writeRunFile } from './local-world/run-file.js';
import { EMBEDDED_DATA_DIR, findDatabase } from './local-world/world-database.js';

const USAGE = 'npm start -- [--days 7] [--users 200] [--seed 7] [--tokens BNB,…]';

/** All ports follow from API_PORT (4800: core 4811, control 4812, chains from 4856), so that two worlds fit on one machine. */
const portsBeside = (api: number) => ({ api, core: api + 11, control: api + 12, chain: api + 56 });

/** `npm start`: everything on nothing but Node, a first week lived through, then up until Ctrl-C. */
async function start(): Promise<void> {
  const given = flags(USAGE, {
    days: { type: 'string', default: '7' },
    users: { type: 'string', default: '200' },
    seed: { type: 'string', default: '7' },
    tokens: { type: 'string' },
  });
  const days = wholeNumber('days', given.days, 1, 400);
  const users = wholeNumber('users', given.users, 20, 100_000);
  const tokens = tokenList(given.tokens, LOCAL_TOKENS);
  const ports = portsBeside(wholeNumber('API_PORT', process.env['API_PORT'] || '4800', 1, 65_000));
  const other = readRunFile();
  if (other !== undefined)
    throw new CommandError(
      `it is running already (process ${other.pid}, ${other.apiUrl}); stop that one first, or use \`npm run day\``,
    );

  const progress = new Progress();
  const began = performance.now();
  progress.step('starting PostgreSQL');
  const { url, embedded } = await findDatabase(EMBEDDED_DATA_DIR, (line) => progress.say(line));
  const stops: (() => Promise<unknown>)[] = [];
  let stopping = false;
  const shutdown = onShutdown(
    async () => {
      stopping = true;
      progress.say('\nstopping …');
      for (const stop of stops.reverse()) await stop().catch((error: unknown) => progress.say(String(error)));
      removeRunFile();
    },
    { deadlineMs: 20_000 },
  );
  if (embedded !== undefined) stops.push(() => embedded.stop());

  try {
    progress.step('starting the local chains, the sample exchange and the apps');
    const world = await LocalWorld.open({
      databaseUrl: url,
      users,
      seed: wholeNumber('seed', given.seed, 0, 999_999_999),
      firstDay: addDays(utcDay(new Date().toISOString().slice(0, 10)), -days),
      ports,
      tokens,
      chainsDir: resolve('.local'),
      say: (line) => progress.say(line),
    });
    stops.push(() => world.close());
    const lived = await liveThrough(world, days, progress, () => stopping);
    if (stopping) return;
    const control = await serveControl(world, ports.control, progress);
    stops.push(async () => void control.close());
    const urls = {
      apiUrl: world.apps.apiUrl,
      coreUrl: world.apps.coreUrl,
      chainUrls: world.chains.urls,
      controlUrl: `http://127.0.0.1:${ports.control}`,
    };
    writeRunFile({ pid: process.pid, ...urls });
    if (lived.length > 0) console.log(dayTable(lived));
    printUrls(urls, Math.round((performance.now() - began) / 1000));
    watchApps(
      world,
      progress,
      () => stopping,
      () => shutdown.begin(1),
    );
  } catch (error) {
    if (stopping) return;
    for (const stop of stops.reverse()) await stop().catch(() => undefined);
    throw error;
  }
}

/** The first week; a world that has lived some of it already (an earlier start was killed) lives the rest. */
async function liveThrough(
  world: LocalWorld,
  days: number,
  progress: Progress,
  stopping: () => boolean,
): Promise<LivedDay[]> {
  const lived: LivedDay[] = [];
  const last = addDays(world.firstDay, days - 1);
  for (let day = await world.nextDay(); day <= last && !stopping(); day = await world.nextDay()) {
    const began = performance.now();
    const done = await world.liveNextDay((step) =>
      progress.step(`${day} (day ${lived.length + 1} of ${days}): ${step}`),
    );
    lived.push(done);
    const failed = done.checks.filter((check) => !check.passed);
    progress.say(
      `${day} lived through in ${((performance.now() - began) / 1000).toFixed(1)} s, ${failed.length === 0 ? `${done.checks.length} checks held` : `FAILED: ${failed.map((check) => `${checkName(check)} (${check.detail})`).join('; ')}`}`,
    );
  }
  return lived;
}

/** `npm run day` asks here. One day at a time. */
function serveControl(world: LocalWorld, port: number, progress: Progress): Promise<Server> {
  let turn: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    if (request.method !== 'POST' || request.url !== '/day') {
      response.writeHead(404).end();
      return;
    }
    const one = turn.then(() => world.liveNextDay((step) => progress.step(`one more day: ${step}`)));
    turn = one.catch(() => undefined);
    one.then(
      (lived) => {
        progress.say(dayTable([lived]));
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(lived));
      },
      (error: unknown) => {
        response.writeHead(500, { 'content-type': 'application/problem+json' }).end(
          JSON.stringify({
            title: 'The day could not be lived',
            status: 500,
            code: 'DAY_FAILED',
            detail: error instanceof Error ? error.message : String(error),
          }),
        );
      },
    );
  });
  return new Promise((listening, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      failed(
        error.code === 'EADDRINUSE'
          ? new CommandError(`port ${port} is in use by another program; stop it first`)
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', () => listening(server));
  });
}

function watchApps(world: LocalWorld, progress: Progress, stopping: () => boolean, stop: () => void): void {
  const timer = setInterval(() => {
    const death = world.apps.death();
    if (death === undefined || stopping()) return;
    clearInterval(timer);
    progress.say(death);
    stop();
  }, 1_000);
  timer.unref();
}

function printUrls(
  urls: { apiUrl: string; coreUrl: string; chainUrls: Record<string, string> },
  seconds: number,
): void {
  console.log(
    [
      '',
      `Up after ${seconds} s. Ctrl-C stops everything; the next start goes on from here.`,
      '',
      `  API            ${urls.apiUrl}/v1/tokens     (Authorization: Bearer dev-core-key)`,
      `  API docs       ${urls.apiUrl}/docs`,
      `  OpenAPI        ${urls.apiUrl}/openapi.json`,
      `  health         ${urls.apiUrl}/health/ready   metrics ${urls.apiUrl}/metrics`,
      `  sample core    ${urls.coreUrl}`,
      ...LOCAL_CHAINS.filter(({ token }) => urls.chainUrls[token] !== undefined).map(
        ({ token, made }) => `  ${`${token} (local)`.padEnd(14)} ${urls.chainUrls[token]}     (${made})`,
      ),
      '  logs           .local/logs/',
      '',
      '  npm run day                                     lets one more day pass',
      '  npm run explain -- --user U --token BNB --day D   recomputes one reward by hand',
      '',
    ].join('\n'),
  );
}

runCommand(start);
