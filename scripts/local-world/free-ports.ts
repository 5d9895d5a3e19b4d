import { createServer } from 'node:net';

/** So many ports of loopback that nothing listens on, all different: a throw-away world never meets a running one. */
export async function freePorts(count: number): Promise<number[]> {
  const taken = await Promise.all(Array.from({ length: count }, takePort));
  for (const { free } of taken) free();
  return taken.map(({ port }) => port);
}

function takePort(): Promise<{ port: number; free: () => void }> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') failed(new Error('no free port'));
      else found({ port: address.port, free: () => server.close() });
    });
  });
}
