/** The measured day. */
export const DAY = '2026-11-19';
const START = Date.parse(`${DAY}T00:00:00.000Z`);
const DAY_LENGTH = 86_400_000;

/** Milliseconds after the start of the measured day -> ISO instant; Infinity has none. */
export function instantAt(ms: number): string | null {
  return ms === Infinity ? null : new Date(START + ms).toISOString();
}

/** 0 is the measured day, -1 the one before. */
export function dayAt(offset: number): string {
  return new Date(START + offset * DAY_LENGTH).toISOString().slice(0, 10);
}
