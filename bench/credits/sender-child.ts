import { Database } from '@app/database';
import { seconds } from '../measure/statistics.js';
import { type CreditPart, ProductCredits } from './product-credits.js';

export interface SenderAnswer {
  readonly seconds: number;
  readonly error?: string;
}

/** A process with nothing in it but the sending of credits: its memory can be watched from outside, and it can be killed. */
async function main(url: string, coreUrl: string): Promise<void> {
  const db = await Database.open(url, { applicationName: 'bench-credits', statementTimeoutMs: 0 });
  const product = new ProductCredits(db, coreUrl);
  const answer = (said: SenderAnswer): void => void process.send!(said);
  process.on('message', (part: CreditPart) => {
    seconds(() => product.run(part)).then(
      (took) => answer({ seconds: took }),
      (error: unknown) => answer({ seconds: 0, error: String(error) }),
    );
  });
  process.on('disconnect', () => void db.close());
  answer({ seconds: 0 });
}

await main(process.argv[2] ?? '', process.argv[3] ?? '');
