import Table from 'cli-table3';
import { formatAmount, atoms, utcDay } from '@app/staking-core';
import { parseCatalogue } from '@app/database';
import { loadEnv } from '@app/platform';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { settleCommand } from '../apps/settlement/src/index.js';
import { CommandError, dayFlag, flags, runCommand } from './command-line.js';
import { readRunFile } from './local-world/run-file.js';
import { EMBEDDED_DATA_DIR, findDatabase } from './local-world/world-database.js';

const USAGE = 'npm run settle -- --day 2026-11-17 [--token BNB] [--dry-run]';

/** `npm run settle`: settles what of a day can be settled now; with --dry-run by the same code, rolled back. */
runCommand(async () => {
  const given = flags(USAGE, {
    day: { type: 'string' },
    token: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
  });
  const day = utcDay(dayFlag('day', given.day));
  const { tokens } = parseCatalogue(readFileSync(resolve('config/tokens.yaml'), 'utf8'));
  const token = given.token;
  if (token !== undefined && tokens[token] === undefined) {
    throw new CommandError(`--token ${token} is not listed; listed are ${Object.keys(tokens).join(', ')}`, 2);
  }
  const { url } = await findDatabase(EMBEDDED_DATA_DIR, console.error);
  const run = readRunFile();
  const env = loadEnv(
    { ...process.env, DATABASE_URL: url, ...(run === undefined ? {} : { CORE_URL: run.coreUrl }) },
    { needs: ['DATABASE_URL'] },
  );
  const rows = await settleCommand({ day, dryRun: given['dry-run'], ...(token === undefined ? {} : { token }) }, env);
  if (rows.length === 0)
    throw new CommandError(`${day} has no settlement yet: its feed is not closed, or it lies before the first day`);
  const table = new Table({
    head: ['Token', 'State', 'Released', 'Pool', 'Paid to users', 'Leftover', 'Users', ''],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const amount = (value: bigint | null) =>
      value === null ? '–' : formatAmount(atoms(value), tokens[row.token]?.decimals ?? 0);
    table.push([
      row.token,
      row.state,
      amount(row.released),
      amount(row.pool),
      amount(row.paid),
      amount(row.leftover),
      row.users ?? '–',
      row.waitingFor ?? '',
    ]);
  }
  console.log(given['dry-run'] ? `dry run of ${day}: nothing was stored, nothing left` : day);
  console.log(table.toString());
});
