import { Database } from '@app/database';
import { settleToChecked } from './resumed-settlement.js';

/** Settles a day once, and ends. FAULT_AT says where it is to be killed on the way. */
async function main(url: string, day: string, shards: number): Promise<void> {
  const db = await Database.open(url, { applicationName: 'bench-kill', statementTimeoutMs: 0, poolSize: shards + 8 });
  await settleToChecked(db, day, shards);
  await db.close();
  process.disconnect();
}

await main(process.argv[2] ?? '', process.argv[3] ?? '', Number(process.argv[4]));
