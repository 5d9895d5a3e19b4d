import { invariant } from '../money/invariant.js';
import { DAY_MS, dayOf, dayStartMs, parseUtcDay } from './utc-day.js';

export type ParsedInstant =
  | { readonly ok: true; readonly epochMs: bigint }
  | {
      readonly ok: false;
      readonly code: 'TIME_NOT_STRING' | 'TIME_FORMAT' | 'TIME_INVALID' | 'TIME_RANGE';
      readonly detail: string;
    };

const GRAMMAR = /^([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z$/;

/** ISO-8601 UTC with milliseconds, exactly `2026-11-19T08:00:00.000Z`, to epoch milliseconds. No other spelling,
 *  no offset, no 24:00, no leap second: one instant, one text. */
export function parseInstant(input: unknown): ParsedInstant {
  if (typeof input !== 'string') {
    return { ok: false, code: 'TIME_NOT_STRING', detail: 'a time is a string such as "2026-11-19T08:00:00.000Z"' };
  }
  const match = GRAMMAR.exec(input);
  if (match === null) {
    return {
      ok: false,
      code: 'TIME_FORMAT',
      detail: 'a time is UTC with milliseconds, such as "2026-11-19T08:00:00.000Z"',
    };
  }
  const parsed = parseUtcDay(match[1]);
  if (!parsed.ok) {
    return { ok: false, code: parsed.code === 'DATE_RANGE' ? 'TIME_RANGE' : 'TIME_INVALID', detail: parsed.detail };
  }
  const hours = BigInt(match[2] ?? '');
  const minutes = BigInt(match[3] ?? '');
  const seconds = BigInt(match[4] ?? '');
  if (hours > 23n || minutes > 59n || seconds > 59n) {
    return { ok: false, code: 'TIME_INVALID', detail: `there is no time ${input}` };
  }
  const ofDay = ((hours * 60n + minutes) * 60n + seconds) * 1000n + BigInt(match[5] ?? '');
  return { ok: true, epochMs: dayStartMs(parsed.day) + ofDay };
}

/** @throws InvariantViolation: for literals and values checked before. Outside input goes through `parseInstant`. */
export function instant(text: string): bigint {
  const parsed = parseInstant(text);
  invariant(parsed.ok, 'not a UTC time with milliseconds', { text });
  return parsed.epochMs;
}

/** Epoch milliseconds -> `2026-11-19T08:00:00.000Z`. */
export function formatInstant(epochMs: bigint): string {
  const day = dayOf(epochMs);
  const ofDay = epochMs % DAY_MS;
  const time = [ofDay / 3_600_000n, (ofDay / 60_000n) % 60n, (ofDay / 1000n) % 60n].map((part) =>
    part.toString().padStart(2, '0'),
  );
  return `${day}T${time.join(':')}.${(ofDay % 1000n).toString().padStart(3, '0')}Z`;
}
