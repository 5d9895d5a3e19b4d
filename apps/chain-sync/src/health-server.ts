import { createServer, type Server } from 'node:http';
import { ConfigError, type HealthChecks, type Metrics } from '@app/platform';

/** `/health/live`, `/health/ready` (also `/health`) and `/metrics`, on the loopback interface unless told otherwise. */
export async function startHealthServer(
  health: HealthChecks,
  metrics: Metrics,
  port: number,
  host = '127.0.0.1',
): Promise<Server> {
  const server = createServer((request, response) => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET') return send(405, 'text/plain', 'only GET\n');
    if (path === '/health/live') return send(200, 'application/json', '{"status":"ok"}');
    if (path === '/health' || path === '/health/ready') {
      health.report().then(
        (report) => send(report.status === 'ok' ? 200 : 503, 'application/json', JSON.stringify(report)),
        () => send(503, 'application/json', '{"status":"failing"}'),
      );
      return;
    }
    if (path === '/metrics') {
      metrics.render().then(
        (text) => send(200, metrics.contentType, text),
        () => send(500, 'text/plain', 'metrics failed\n'),
      );
      return;
    }
    send(404, 'text/plain', 'not found\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

/** @returns null when no port was asked for; @throws ConfigError when it is none */
export function healthPortOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new ConfigError(['--health-port: must be a port number from 0 to 65535; example: 4802']);
  return port;
}
