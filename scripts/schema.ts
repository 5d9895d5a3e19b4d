import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Database, schemaText } from '@app/database';
import { openTestDatabase } from '@app/platform';
import { CommandError, flags, runCommand } from './command-line.js';

const FILE = resolve('libs/database/schema.sql');

/** The tests' own server, started for this unless a test run has it up; that one keeps it. */
const stopSharedServer = createRequire(resolve('package.json'))(
  './test/support/stop-test-postgres.cjs',
) as () => Promise<void>;

/** `npm run schema` writes libs/database/schema.sql from the migrations; with --check it only compares. */
runCommand(async () => {
  const { check } = flags('npm run schema -- [--check]', { check: { type: 'boolean', default: false } });
  const testDatabase = await openTestDatabase('schema');
  let text: string;
  try {
    const database = await Database.open(testDatabase.url);
    try {
      await database.migrate();
      text = await schemaText(database);
    } finally {
      await database.close();
    }
  } finally {
    await testDatabase.drop();
    await stopSharedServer();
  }
  if (!check) {
    writeFileSync(FILE, text);
    console.log('libs/database/schema.sql is written');
    return;
  }
  if (readFileSync(FILE, 'utf8') !== text) {
    throw new CommandError(
      'libs/database/schema.sql is not what the migrations make: run `npm run schema` and commit the difference',
    );
  }
  console.log('schema: libs/database/schema.sql is what the migrations make');
});
