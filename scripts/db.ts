import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { embeddedPostgresStatus, resetEmbeddedPostgres, stopEmbeddedPostgres } from '@app/platform';
import { CommandError, runCommand } from './command-line.js';
import { readRunFile } from './local-world/run-file.js';
import { distributeOver } from './distribute.js';
import { EMBEDDED_DATA_DIR, findDatabase, openMigrated } from './local-world/world-database.js';

const USAGE = 'npm run db:up | db:down | db:reset | db:migrate | db:distribute [-- --dry-run]';

/** `npm run db:*`: the embedded PostgreSQL by itself. With DATABASE_URL only `db:migrate` touches anything. */
async function db(): Promise<void> {
  const verb = process.argv[2];
  const own = process.env['DATABASE_URL'] ? 'DATABASE_URL names a server of your own: ' : undefined;
  switch (verb) {
    case 'up': {
      const { url } = await findDatabase(EMBEDDED_DATA_DIR, console.error);
      console.log(own ? `${own}nothing to start` : `PostgreSQL is up: ${withoutPassword(url)}`);
      return;
    }
    case 'down':
      if (own) throw new CommandError(`${own}it is yours to stop`);
      refuseWhileRunning(verb);
      console.log(
        (await stopEmbeddedPostgres(EMBEDDED_DATA_DIR))
          ? 'PostgreSQL is stopped; the data stays'
          : 'PostgreSQL was not running',
      );
      return;
    case 'reset':
      if (own) throw new CommandError(`${own}its data is never removed from here`);
      refuseWhileRunning(verb);
      await resetEmbeddedPostgres(EMBEDDED_DATA_DIR);
      for (const chain of ['bnb', 'solana', 'cosmos', 'polkadot']) {
        rmSync(resolve('.local', chain), { recursive: true, force: true });
      }
      console.log('the embedded database and the local chains are gone; `npm start` makes new ones');
      return;
    case 'migrate': {
      const { url } = await findDatabase(EMBEDDED_DATA_DIR, console.error);
      const database = await openMigrated(url);
      await database.close();
      console.log(`migrated, and config/tokens.yaml is in: ${withoutPassword(url)}`);
      return;
    }
    case 'distribute':
      return distributeOver(process.argv.slice(3));
    case 'status':
      console.log(JSON.stringify(await embeddedPostgresStatus(EMBEDDED_DATA_DIR)));
      return;
    default:
      throw new CommandError(`usage: ${USAGE}`, 2);
  }
}

function refuseWhileRunning(verb: string): void {
  const run = readRunFile();
  if (run !== undefined)
    throw new CommandError(`\`npm start\` is running (process ${run.pid}); stop it before db:${verb}`);
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = '***';
  return shown.toString();
}

runCommand(db);
