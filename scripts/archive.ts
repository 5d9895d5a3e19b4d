import { loadEnv } from '@app/platform';
import { utcDay } from '@app/staking-core';
import { archiveCommand, type ArchiveVerb } from '../apps/settlement/src/index.js';
import { CommandError, dayFlag, runCommand } from './command-line.js';
import { EMBEDDED_DATA_DIR, findDatabase } from './local-world/world-database.js';
import { parseArgs } from 'node:util';

const USAGE = 'npm run archive -- list | export|verify|drop|restore --day 2026-11-17 [--subject log|rewards]';
const VERBS: readonly string[] = ['export', 'verify', 'drop', 'restore'];
const DONE: Readonly<Record<ArchiveVerb, string>> = {
  export: 'is exported and was read back; it still lies in the database',
  verify: 'is what was written, file by file and row by row',
  drop: 'lies in its archive alone',
  restore: 'is back in the database, until it is dropped by hand',
};

/** `npm run archive`: days that leave the database, and come back. */
runCommand(async () => {
  const { verb, day, subject } = given();
  const { url } = await findDatabase(EMBEDDED_DATA_DIR, console.error);
  const env = loadEnv({ ...process.env, DATABASE_URL: url }, { needs: ['DATABASE_URL'] });
  if (verb === 'list') {
    const days = await archiveCommand({ verb }, env);
    for (const one of days)
      console.log(`${one.day}  ${one.subject.padEnd(7)}  ${one.state.padEnd(8)}  ${one.lines} rows`);
    if (days.length === 0) console.log('no day is archived yet');
    return;
  }
  await archiveCommand({ verb: verb as ArchiveVerb, subject, day: utcDay(dayFlag('day', day)) }, env);
  console.log(`${day} (${subject}) ${DONE[verb as ArchiveVerb]}`);
});

function given(): { verb: ArchiveVerb | 'list'; day: string | undefined; subject: 'log' | 'rewards' } {
  try {
    const { values, positionals } = parseArgs({
      args: process.argv.slice(2),
      options: { day: { type: 'string' }, subject: { type: 'string', default: 'log' } },
      allowPositionals: true,
    });
    const [verb, ...rest] = positionals;
    const { day, subject } = values;
    const known = verb === 'list' || (verb !== undefined && VERBS.includes(verb));
    if (!known || rest.length > 0 || (subject !== 'log' && subject !== 'rewards'))
      throw new Error('not a call of this command');
    return { verb: verb as ArchiveVerb | 'list', day, subject };
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\nusage: ${USAGE}`, 2);
  }
}
