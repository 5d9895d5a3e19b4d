import { resolve } from 'node:path';
import { startProcess, type RunningProcess } from './child-process.js';
import { untilAnswers } from './http-json.js';

export interface WorldPorts {
  readonly api: number;
  readonly core: number;
}

export interface LocalApps {
  readonly apiUrl: string;
  readonly coreUrl: string;
  /** One sentence about the first program that has died, if any. */
  readonly death: () => string | undefined;
  stop(): Promise<void>;
}

export interface AppsOptions {
  readonly databaseUrl: string;
  /** What chain-sync follows, as environment names. */
  readonly chainEnv: Readonly<Record<string, string>>;
  readonly ports: WorldPorts;
  readonly seed: number;
  /** How many of each program run side by side; one of each unless said otherwise. */
  readonly workers?: { readonly chainSync: number; readonly settlement: number };
  /** How a program is started; the kill suite starts them under a supervisor. */
  readonly start?: typeof startProcess;
}

const TICK_MS = '250';

/** Starts the sample core and our three programs as processes of their own and waits until each is ready. */
export async function startApps(options: AppsOptions): Promise<LocalApps> {
  const apiUrl = `http://127.0.0.1:${options.ports.api}`;
  const coreUrl = `http://127.0.0.1:${options.ports.core}`;
  const shared = {
    NODE_ENV: 'development',
    DATABASE_URL: options.databaseUrl,
    CLOCK: 'world',
    TICK_MS,
    LOG_LEVEL: 'info',
  };
  const { workers = { chainSync: 1, settlement: 1 } } = options;
  const processes: RunningProcess[] = [];
  const start = (name: string, script: string, args: readonly string[], env: Record<string, string>) =>
    processes.push((options.start ?? startProcess)(name, resolve('dist', script), args, env));
  let ended: string | undefined;
  try {
    start(
      'core',
      'devnet/core/main.js',
      ['--port', String(options.ports.core), '--api', apiUrl, '--seed', String(options.seed)],
      {
        DATABASE_URL: options.databaseUrl,
      },
    );
    start('api', 'apps/api/src/main.js', [], { ...shared, API_PORT: String(options.ports.api) });
    for (const name of named('chain-sync', workers.chainSync)) {
      start(name, 'apps/chain-sync/src/main.js', [], { ...shared, ...options.chainEnv });
    }
    for (const name of named('settlement', workers.settlement)) {
      start(name, 'apps/settlement/src/main.js', [], { ...shared, CORE_URL: coreUrl });
    }
    for (const running of processes) {
      void running.ended.then((code) => {
        ended ??= `${running.name} ended by itself (code ${code ?? 'signal'}); its last lines:\n${running.lastLines()}`;
      });
    }
    const death = () => ended;
    await Promise.all([
      untilAnswers(`${apiUrl}/health/ready`, 30_000, death),
      untilAnswers(`${coreUrl}/health/ready`, 30_000, death),
    ]);
    return { apiUrl, coreUrl, death, stop: () => stopAll(processes) };
  } catch (error) {
    await stopAll(processes);
    throw error;
  }
}

/** `settlement`, `settlement-2`, … */
function named(program: string, count: number): string[] {
  return Array.from({ length: count }, (_unused, index) => (index === 0 ? program : `${program}-${index + 1}`));
}

/** The api first, so that nothing new comes in; the core last, so that credits in flight are answered. */
async function stopAll(processes: readonly RunningProcess[]): Promise<void> {
  const isCore = (running: RunningProcess) => running.name === 'core';
  await Promise.all(processes.filter((running) => !isCore(running)).map((running) => running.stop()));
  await Promise.all(processes.filter(isCore).map((running) => running.stop()));
}
