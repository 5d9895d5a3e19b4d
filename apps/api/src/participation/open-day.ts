import { dayEndMs, formatInstant, utcDay } from '@app/staking-core';

/** A closed day never reopens (R14): what is said about it takes effect at 00:00 of the first open day. */
export function effectiveMs(atMs: bigint, closedThrough: string | null): bigint {
  if (closedThrough === null) return atMs;
  const openFromMs = dayEndMs(utcDay(closedThrough));
  return atMs > openFromMs ? atMs : openFromMs;
}

export function effectiveAt(atMs: bigint, closedThrough: string | null): string {
  return formatInstant(effectiveMs(atMs, closedThrough));
}
