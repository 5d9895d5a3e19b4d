import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const LOOK_MS = 50;

/**
 * Stops taking connections, lets what is under way be answered, then resolves. A kept-alive connection whose request
 * ends during the drain would stay open for minutes: idle ones are closed again and again until none is left.
 */
export async function drain(api: NestFastifyApplication): Promise<void> {
  const server = api.getHttpServer();
  const look = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  try {
    await api.close();
  } finally {
    clearInterval(look);
  }
}
