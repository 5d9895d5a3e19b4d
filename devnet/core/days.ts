export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** True for a day that exists; `2026-02-30` does not, although Date would roll it over. */
export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00.000Z`);
  return Number.isInteger(ms) && dayOf(ms) === text;
}

/** True for an existing UTC instant with milliseconds, `2026-11-19T00:05:00.000Z`. */
export function isInstant(text: string): boolean {
  return INSTANT.test(text) && isDay(text.slice(0, 10)) && Number.isInteger(Date.parse(text));
}

/** Milliseconds since 1970 of the day's 00:00:00.000 UTC. */
export const dayStart = (day: string): number => Date.parse(`${day}T00:00:00.000Z`);
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const instant = (ms: number): string => new Date(ms).toISOString();
export const addDays = (day: string, days: number): string => dayOf(dayStart(day) + days * DAY_MS);
export const daysBetween = (from: string, to: string): number => (dayStart(to) - dayStart(from)) / DAY_MS;
