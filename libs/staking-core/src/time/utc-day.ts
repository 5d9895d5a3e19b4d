import { invariant } from '../money/invariant.js';

declare const dayBrand: unique symbol;

/** A UTC calendar day, 'YYYY-MM-DD', 1970-01-01 to 9999-12-31: `[00:00:00.000, next 00:00:00.000)`. Sorts as text. */
export type UtcDay = string & { readonly [dayBrand]: 'UtcDay' };

/** Milliseconds of one UTC day; UTC days have no leap seconds here (POSIX time, as chains and databases count). */
export const DAY_MS = 86_400_000n;

export type ParsedDay =
  | { readonly ok: true; readonly day: UtcDay }
  | {
      readonly ok: false;
      readonly code: 'DATE_NOT_STRING' | 'DATE_FORMAT' | 'DATE_INVALID' | 'DATE_RANGE';
      readonly detail: string;
    };

/** Days from 1970-01-01 to 9999-12-31. */
const LAST_EPOCH_DAY = 2_932_896n;

export function parseUtcDay(input: unknown): ParsedDay {
  if (typeof input !== 'string')
    return { ok: false, code: 'DATE_NOT_STRING', detail: 'a day is a string such as "2026-11-19"' };
  const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(input);
  if (match === null)
    return { ok: false, code: 'DATE_FORMAT', detail: 'a day is written YYYY-MM-DD, such as "2026-11-19"' };
  const year = BigInt(match[1] ?? '');
  const month = BigInt(match[2] ?? '');
  const dayOfMonth = BigInt(match[3] ?? '');
  if (month < 1n || month > 12n || dayOfMonth < 1n || dayOfMonth > daysInMonth(year, month)) {
    return { ok: false, code: 'DATE_INVALID', detail: `there is no day ${input}` };
  }
  if (year < 1970n) return { ok: false, code: 'DATE_RANGE', detail: `${input} is before 1970` };
  return { ok: true, day: input as UtcDay };
}

/** @throws InvariantViolation: for literals and values that were checked before. Outside input goes through `parseUtcDay`. */
export function utcDay(text: string): UtcDay {
  const parsed = parseUtcDay(text);
  invariant(parsed.ok, 'not a UTC day', { text });
  return parsed.day;
}

/** The day that holds this millisecond; 00:00:00.000 belongs to the new day. */
export function dayOf(epochMs: bigint): UtcDay {
  invariant(epochMs >= 0n, 'time starts in 1970', { epochMs });
  return dayFromEpochDay(epochMs / DAY_MS);
}

/** First millisecond of the day. */
export function dayStartMs(day: UtcDay): bigint {
  return epochDayOf(day) * DAY_MS;
}

/** First millisecond of the next day: the day's exclusive end. */
export function dayEndMs(day: UtcDay): bigint {
  return dayStartMs(day) + DAY_MS;
}

export function nextDay(day: UtcDay): UtcDay {
  return addDays(day, 1);
}

export function previousDay(day: UtcDay): UtcDay {
  return addDays(day, -1);
}

export function addDays(day: UtcDay, days: number | bigint): UtcDay {
  return dayFromEpochDay(epochDayOf(day) + BigInt(days));
}

/** -1, 0 or 1: usable as a sort function. */
export function compareDays(a: UtcDay, b: UtcDay): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** How many days `to` lies after `from` (negative when before). */
export function daysBetween(from: UtcDay, to: UtcDay): bigint {
  return epochDayOf(to) - epochDayOf(from);
}

/** All days from `first` to `last`, both included; empty when `last` is earlier. */
export function dayRange(first: UtcDay, last: UtcDay): UtcDay[] {
  const days: UtcDay[] = [];
  for (let day = first; day <= last; day = nextDay(day)) days.push(day);
  return days;
}

/** Days since 1970-01-01 (civil calendar, proleptic Gregorian), counting years from March so that a leap day is last. */
export function epochDayOf(day: UtcDay): bigint {
  const month = BigInt(day.slice(5, 7));
  const year = BigInt(day.slice(0, 4)) - (month <= 2n ? 1n : 0n);
  const monthFromMarch = (month + 9n) % 12n;
  const dayOfYear = (153n * monthFromMarch + 2n) / 5n + BigInt(day.slice(8, 10)) - 1n;
  return year * 365n + year / 4n - year / 100n + year / 400n + dayOfYear - 719_468n;
}

/** Thousands of instants in a row are of one day. */
let last = { epochDay: 0n, day: '1970-01-01' as UtcDay };

/** Inverse of `epochDayOf`. */
export function dayFromEpochDay(epochDay: bigint): UtcDay {
  if (epochDay !== last.epochDay) last = { epochDay, day: civilDay(epochDay) };
  return last.day;
}

function civilDay(epochDay: bigint): UtcDay {
  invariant(epochDay >= 0n && epochDay <= LAST_EPOCH_DAY, 'a day lies between 1970 and 9999', { epochDay });
  const shifted = epochDay + 719_468n;
  const era = shifted / 146_097n;
  const dayOfEra = shifted % 146_097n;
  const yearOfEra = (dayOfEra - dayOfEra / 1_460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const monthFromMarch = (5n * dayOfYear + 2n) / 153n;
  const dayOfMonth = dayOfYear - (153n * monthFromMarch + 2n) / 5n + 1n;
  const month = monthFromMarch < 10n ? monthFromMarch + 3n : monthFromMarch - 9n;
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(dayOfMonth, 2)}` as UtcDay;
}

function daysInMonth(year: bigint, month: bigint): bigint {
  if (month === 2n) return isLeap(year) ? 29n : 28n;
  return month === 4n || month === 6n || month === 9n || month === 11n ? 30n : 31n;
}

function isLeap(year: bigint): boolean {
  return (year % 4n === 0n && year % 100n !== 0n) || year % 400n === 0n;
}

function pad(value: bigint, width: number): string {
  return value.toString().padStart(width, '0');
}
