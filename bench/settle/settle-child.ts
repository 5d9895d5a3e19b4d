import { Database } from '@app/database';
import { seconds } from '../measure/statistics.js';
import { ProductSettlement, type SettlePart } from './product-settlement.js';

export interface SettleAnswer {
  readonly seconds: number;
  readonly error?: string;
}

/** A process with nothing in it but the settlement, so that its memory can be watched from outside. */
async function main(url: string, day: string, shards: number): Promise<void> {
  const db = await Database.open(url, { applicationName: 'bench-settlement', statementTimeoutMs: 0 });
  const product = new ProductSettlement(db, day, shards);
  const answer = (said: SettleAnswer): void => void process.send!(said);
  process.on('message', (part: SettlePart) => {
    seconds(() => product.run(part)).then(
      (took) => answer({ seconds: took }),
      (error: unknown) => answer({ seconds: 0, error: String(error) }),
    );
  });
  process.on('disconnect', () => void db.close());
  answer({ seconds: 0 });
}

await main(process.argv[2] ?? '', process.argv[3] ?? '', Number(process.argv[4]));
