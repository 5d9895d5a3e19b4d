import type { Clock as ClockPort } from '@app/platform';

/** The clock as an injection token: world time in development, the database's in production. */
export abstract class Clock implements ClockPort {
  abstract now(): Promise<Date>;
}
