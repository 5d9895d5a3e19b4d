import type { Database } from '../database.js';

/**
 * The local world's time, in which a week passes in a minute (R2). The table exists in development only: the launcher
 * makes it, no migration does, and production refuses CLOCK=world.
 */
export class WorldClockRepository {
  constructor(private readonly db: Database) {}

  /** Makes the clock at `start` unless the world has one already. */
  async prepare(start: Date): Promise<void> {
    await this.db.affected('CREATE TABLE IF NOT EXISTS world_clock (id smallint PRIMARY KEY CHECK (id = 1), now timestamptz NOT NULL)');
    await this.db.affected('INSERT INTO world_clock VALUES (1, $1) ON CONFLICT (id) DO NOTHING', [start]);
  }

  async now(): Promise<Date | undefined> {
    const [table] = await this.db.rows<{ found: string | null }>(`SELECT to_regclass('world_clock')::text AS found`);
    if (table?.found == null) return undefined;
    const [row] = await this.db.rows<{ now: Date }>('SELECT now FROM world_clock');
    return row?.now;
  }

  /** Time only goes forward; an earlier time changes nothing. */
  async advanceTo(now: Date): Promise<void> {
    await this.db.affected('UPDATE world_clock SET now = $1 WHERE now < $1', [now]);
  }
}
