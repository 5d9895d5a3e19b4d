import type { Database } from '../database.js';

export interface World {
  /** Names the local chain's folder: a fresh database never meets the chain of an old one. */
  readonly id: string;
  readonly firstDay: string;
  /** Last day that was lived to its end; null before the first. */
  readonly livedThrough: string | null;
}

/**
 * The local world's time, in which a week passes in a minute (R2). The table exists in development only: the launcher
 * makes it, no migration does, and production refuses CLOCK=world.
 */
export class WorldClockRepository {
  constructor(private readonly db: Database) {}

  /** The world of this database; made at `start` with its first measured day when there is none yet. */
  async prepare(start: Date, firstDay: string): Promise<World> {
    await this.db.affected(`
      CREATE TABLE IF NOT EXISTS world_clock (
        id            smallint PRIMARY KEY CHECK (id = 1),
        now           timestamptz NOT NULL,
        world_id      uuid NOT NULL DEFAULT gen_random_uuid(),
        first_day     date NOT NULL,
        lived_through date
      )`);
    await this.db.affected(
      'INSERT INTO world_clock (id, now, first_day) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING',
      [start, firstDay],
    );
    const [world] = await this.db.rows<World>(
      'SELECT world_id::text AS id, first_day AS "firstDay", lived_through AS "livedThrough" FROM world_clock',
    );
    if (world === undefined) throw new Error('the world clock has no row');
    return world;
  }

  /** Undefined in a database that is no local world. */
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

  async livedThrough(day: string): Promise<void> {
    await this.db.affected(
      'UPDATE world_clock SET lived_through = $1 WHERE lived_through IS NULL OR lived_through < $1',
      [day],
    );
  }
}
