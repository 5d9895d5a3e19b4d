import { resolve } from 'node:path';
import { startProcess, type RunningProcess } from '../../scripts/local-world/child-process.js';
import { DEV_CORE_KEY, untilAnswers } from '../../scripts/local-world/http-json.js';

const PORT = 4877;

export interface ApiProcess {
  readonly url: string;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The built API as a process of its own, on a port that nothing else of ours uses. */
export async function startApi(databaseUrl: string, env: Record<string, string> = {}): Promise<ApiProcess> {
  const api: RunningProcess = startProcess('bench-api', resolve('dist/apps/api/src/main.js'), [], {
    NODE_ENV: 'development',
    DATABASE_URL: databaseUrl,
    API_PORT: String(PORT),
    CORE_API_KEY: DEV_CORE_KEY,
    LOG_LEVEL: 'error',
    ...env,
  });
  let ended = false;
  void api.ended.then(() => (ended = true));
  const url = `http://127.0.0.1:${PORT}`;
  try {
    await untilAnswers(`${url}/health/ready`, 30_000, () => (ended ? `the API ended: ${api.lastLines()}` : undefined));
  } catch (error) {
    await api.stop();
    throw error;
  }
  return { url, pid: api.pid, headers: { authorization: `Bearer ${DEV_CORE_KEY}` }, stop: () => api.stop() };
}
