/**
 * The time that raises alarms and guards the payout window (R2, R24). Days close by what the core and the chains
 * said, never by this.
 */
export interface Clock {
  now(): Promise<Date>;
}

/** The part of a connection the clocks need; fits a TypeORM DataSource, QueryRunner or manager and a pg client. */
export interface ClockSource {
  query(sql: string, params?: unknown[]): Promise<unknown>;
}

/** The clock has no answer, which is never "now" of some other clock. */
export class ClockError extends Error {
  override readonly name = 'ClockError';

  constructor(
    readonly code: 'CLOCK_UNREADABLE' | 'WORLD_NOT_OPEN',
    message: string,
  ) {
    super(message);
  }
}

/** Production: the time of the database, one clock for all processes. Outside a transaction's own frozen now(). */
export class DatabaseClock implements Clock {
  constructor(private readonly source: ClockSource) {}

  now(): Promise<Date> {
    return readMilliseconds(
      this.source,
      'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint::text as ms',
    );
  }
}

/** Development and tests: the local world's time, which lives through a week in a minute. */
export class WorldClock implements Clock {
  constructor(private readonly source: ClockSource) {}

  now(): Promise<Date> {
    return readMilliseconds(
      this.source,
      'select floor(extract(epoch from now) * 1000)::bigint::text as ms from world_clock where id = 1',
    );
  }
}

/** This machine's clock: for logs, timeouts and pauses only. Never for a decision about money. */
export class SystemClock implements Clock {
  now(): Promise<Date> {
    return Promise.resolve(new Date());
  }
}

export function createClock(kind: 'database' | 'world', source: ClockSource): Clock {
  return kind === 'world' ? new WorldClock(source) : new DatabaseClock(source);
}

async function readMilliseconds(source: ClockSource, sql: string): Promise<Date> {
  const answer = await source.query(sql);
  // TypeORM answers with the rows, pg with { rows }.
  const rows: unknown = Array.isArray(answer) ? answer : (answer as { rows?: unknown }).rows;
  if (!Array.isArray(rows)) throw new ClockError('CLOCK_UNREADABLE', 'the database gave no time');
  if (rows.length === 0) throw new ClockError('WORLD_NOT_OPEN', 'the local world has no time yet: start it first');
  const text: unknown = (rows[0] as { ms?: unknown }).ms;
  if (typeof text !== 'string' || !/^-?\d+$/.test(text)) {
    throw new ClockError('CLOCK_UNREADABLE', 'the database gave no time');
  }
  return new Date(Number(text));
}
