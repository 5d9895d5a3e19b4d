import { CoreStandIn } from './core-stand-in.js';

/** The core as a process of its own, as it is in life. Asked `report`, it says what it holds; asked `credits`, how many. */
async function main(users: number, latencyMs: number): Promise<void> {
  const core = new CoreStandIn(users, latencyMs);
  process.on('message', (asked: 'report' | 'credits') => {
    process.send!(asked === 'report' ? core.report() : core.credits);
  });
  process.on('disconnect', () => void core.stop().then(() => process.exit(0)));
  process.send!(await core.start());
}

await main(Number(process.argv[2]), Number(process.argv[3]));
