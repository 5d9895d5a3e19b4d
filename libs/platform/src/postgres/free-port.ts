import { createServer } from 'node:net';
import { EmbeddedPostgresError } from './postgres-error.js';

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** The first free loopback port from `from` on, within a hundred. */
export async function nextFreePort(from: number): Promise<number> {
  for (let port = from; port < Math.min(from + 100, 65_536); port += 1) {
    if (await isPortFree(port)) return port;
  }
  throw new EmbeddedPostgresError('PG_NO_PORT', `No free port from ${from} on: close something or pass another port.`);
}
