import { createReadStream, createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Database } from '@app/database';
import { DAY } from '../generate/calendar.js';
import { seconds } from '../measure/statistics.js';

const CHUNK = 1 << 20;

/**
 * The least that any settlement has to do: the same rows, ready-made as COPY's text, into a bare table with the same
 * primary key, one table a token, on as many streams at once.
 */
export class WriteFloor {
  private readonly folder = resolve('.local/bench/rows');

  constructor(
    private readonly db: Database,
    private readonly tokens: readonly string[],
  ) {}

  /** Takes the rows of a settled day. */
  async takeRows(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    for (const token of this.tokens) {
      await this.db.transaction(async (tx) => {
        const out = await tx.copyOut(
          `COPY (SELECT * FROM reward WHERE day = '${DAY}' AND token = '${token}') TO STDOUT`,
        );
        await pipeline(out, createWriteStream(this.file(token)));
      });
    }
  }

  async run(streams: number): Promise<number> {
    await this.forget();
    const waiting = [...this.tokens];
    const stream = async (): Promise<void> => {
      for (let token = waiting.shift(); token !== undefined; token = waiting.shift()) await this.load(token);
    };
    return seconds(() => Promise.all(Array.from({ length: streams }, stream)));
  }

  async forget(): Promise<void> {
    for (const token of this.tokens) await this.db.affected(`DROP TABLE IF EXISTS floor_${token.toLowerCase()}`);
  }

  private async load(token: string): Promise<void> {
    const table = `floor_${token.toLowerCase()}`;
    await this.db.transaction(async (tx) => {
      await tx.affected(`CREATE TABLE ${table} (LIKE reward)`);
      await tx.copyIn(`COPY ${table} FROM STDIN`, createReadStream(this.file(token), { highWaterMark: CHUNK }));
      await tx.affected(`ALTER TABLE ${table} ADD PRIMARY KEY (user_id, day, token)`);
    });
  }

  private file(token: string): string {
    return join(this.folder, `${token}.copy`);
  }
}
