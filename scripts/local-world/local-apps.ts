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
  readonly chainUrl: string;
  readonly treasury: { readonly address: string; readonly privateKey: string };
  readonly ports: WorldPorts;
  readonly seed: number;
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
  const chain = {
    BNB_RPC_URLS: options.chainUrl,
    BNB_TREASURY_ADDRESS: options.treasury.address,
    BNB_DEV_KEY: options.treasury.privateKey,
  };
  const processes: RunningProcess[] = [];
  const start = (name: string, script: string, args: readonly string[], env: Record<string, string>) =>
    processes.push(startProcess(name, resolve('dist', script), args, env));
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
    start('chain-sync', 'apps/chain-sync/src/main.js', [], { ...shared, ...chain });
    start('settlement', 'apps/settlement/src/main.js', [], { ...shared, CORE_URL: coreUrl });
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

/** The api first, so that nothing new comes in; the core last, so that credits in flight are answered. */
async function stopAll(processes: readonly RunningProcess[]): Promise<void> {
  const byName = (name: string) => processes.filter((running) => running.name === name);
  await Promise.all(
    [...byName('api'), ...byName('chain-sync'), ...byName('settlement')].map((running) => running.stop()),
  );
  await Promise.all(byName('core').map((running) => running.stop()));
}
