import { Database } from '@app/database';
import { ProductCredits } from '../credits/product-credits.js';

/** Pays the benchmark's checked day from wherever it was left, and ends. FAULT_AT says where it is to be killed. */
async function main(url: string, coreUrl: string, claimMs: number): Promise<void> {
  const db = await Database.open(url, { applicationName: 'bench-kill', statementTimeoutMs: 0 });
  await new ProductCredits(db, coreUrl, claimMs).runAll();
  await db.close();
  process.disconnect();
}

await main(process.argv[2] ?? '', process.argv[3] ?? '', Number(process.argv[4]));
