import {
  DAY_MS,
  dayOf,
  parseAmount,
  parseInstant,
  parseSignedAmount,
  parseUtcDay,
  type Atoms,
  type SignedAtoms,
  type UtcDay,
} from '@app/staking-core';
import { Problem } from '@app/platform';
import { isUserId } from '../http/fields.js';
import { parseStrictJson } from '../http/strict-json.js';

/** A change or statement of one Spot balance, as the core's feed says it. */
export interface SpotEvent {
  readonly kind: 'event';
  readonly line: number;
  readonly shard: number;
  readonly seq: number;
  readonly user: string;
  readonly token: string;
  /** What the line names, in epoch milliseconds; `day` and `msOfDay` say the same. */
  readonly atMs: number;
  readonly day: UtcDay;
  readonly msOfDay: number;
  /** null on a snapshot line, which sets the balance. */
  readonly deltaAtoms: SignedAtoms | null;
  readonly freeAtoms: Atoms;
  readonly lockedAtoms: Atoms;
  readonly cause: string;
}

/** The shard has said everything about this day (R2). */
export interface EndOfDay {
  readonly kind: 'mark';
  readonly line: number;
  readonly shard: number;
  readonly seq: number;
  readonly day: UtcDay;
}

export type SpotLine = SpotEvent | EndOfDay;

/** Why a line is refused; `field` is empty when it is the line as a whole. */
export interface LineRefusal {
  readonly line: number;
  readonly status: 400 | 409 | 413 | 422;
  readonly code: string;
  readonly field: string;
  readonly detail: string;
}

export class LineRefused extends Error {
  constructor(readonly refusal: LineRefusal) {
    super(refusal.code);
    this.name = 'LineRefused';
  }
}

/** Symbol and decimals by every name the token is known by, aliases included. */
export type TokenNames = ReadonlyMap<string, { readonly symbol: string; readonly decimals: number }>;

/** More shards than any core has: a damaged number must not open one that would then hold up every day. */
export const MAX_SHARD = 1023;
const EVENT_FIELDS = new Set(['shard', 'seq', 'user', 'token', 'at', 'delta', 'free', 'locked', 'cause']);
const MARK_FIELDS = new Set(['shard', 'seq', 'endOfDay']);
export const CAUSE = /^[a-z][a-z0-9_.-]{0,31}$/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * One NDJSON line -> what it says.
 * @param line its number in the request, from 1
 * @throws LineRefused with a stable code and the field
 */
export function parseSpotLine(text: string, line: number, tokens: TokenNames): SpotLine {
  const fields = parseFlatObject(text, line);
  const refuse = refuser(line);
  const shard = fields['shard'];
  const seq = fields['seq'];
  const mark = 'endOfDay' in fields;
  for (const name of Object.keys(fields)) {
    if (!(mark ? MARK_FIELDS : EVENT_FIELDS).has(name))
      throw refuse(400, 'UNKNOWN_FIELD', name, 'is not a known field');
  }
  if (typeof shard !== 'number' || !Number.isInteger(shard) || shard < 0 || shard > MAX_SHARD) {
    throw refuse(400, 'SHARD_RANGE', 'shard', `a shard is a whole number from 0 to ${MAX_SHARD}`);
  }
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) {
    throw refuse(400, 'SEQ_RANGE', 'seq', 'a sequence is a whole number from 1 to 9007199254740991');
  }
  if (!mark) return parseEvent(fields, { line, shard, seq }, tokens);
  const day = parseUtcDay(fields['endOfDay']);
  if (!day.ok) throw refuse(400, day.code, 'endOfDay', day.detail);
  return { kind: 'mark', line, shard, seq, day: day.day };
}

function parseEvent(
  fields: Fields,
  place: { readonly line: number; readonly shard: number; readonly seq: number },
  tokens: TokenNames,
): SpotEvent {
  const refuse = refuser(place.line);
  const { user, token: name, cause } = fields;
  if (typeof user !== 'string' || !isUserId(user)) {
    throw refuse(400, 'USER_ID_FORMAT', 'user', 'a user id is 1 to 64 visible characters in NFC without slashes');
  }
  const token = typeof name === 'string' ? tokens.get(name) : undefined;
  if (!token) {
    const known = [...new Set([...tokens.values()].map((one) => one.symbol))].join(', ');
    throw refuse(422, 'TOKEN_UNKNOWN', 'token', `no such token; listed: ${known}`);
  }
  const at = parseInstant(fields['at']);
  if (!at.ok) throw refuse(400, at.code, 'at', at.detail);
  if (typeof cause !== 'string' || !CAUSE.test(cause)) {
    throw refuse(400, 'CAUSE_FORMAT', 'cause', 'a cause is a lower-case word such as "trade"');
  }
  if ((cause === 'snapshot') !== (fields['delta'] === undefined)) {
    throw refuse(400, 'DELTA_OR_SNAPSHOT', 'delta', 'a line has a delta, or the cause "snapshot" and none');
  }
  return {
    kind: 'event',
    ...place,
    user,
    token: token.symbol,
    atMs: Number(at.epochMs),
    day: dayOf(at.epochMs),
    msOfDay: Number(at.epochMs % DAY_MS),
    deltaAtoms: fields['delta'] === undefined ? null : signedField(fields, 'delta', token.decimals, place.line),
    freeAtoms: amountField(fields, 'free', token.decimals, place.line),
    lockedAtoms: amountField(fields, 'locked', token.decimals, place.line),
    cause,
  };
}

function amountField(fields: Fields, name: string, decimals: number, line: number): Atoms {
  const parsed = parseAmount(fields[name], decimals);
  if (parsed.ok) return parsed.atoms;
  // A negative balance is well-formed and impossible.
  throw refuser(line)(parsed.code === 'AMOUNT_NEGATIVE' ? 422 : 400, parsed.code, name, parsed.detail);
}

function signedField(fields: Fields, name: string, decimals: number, line: number): SignedAtoms {
  const parsed = parseSignedAmount(fields[name], decimals);
  if (parsed.ok) return parsed.atoms;
  throw refuser(line)(400, parsed.code, name, parsed.detail);
}

/** Lines are flat and short, so that most need no second look: as many keys as quote-and-colon pairs, no escapes. */
function parseFlatObject(text: string, line: number): Fields {
  const refuse = refuser(line);
  try {
    const value: unknown = text.includes('\\') ? parseStrictJson(text) : JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw refuse(400, 'LINE_NOT_OBJECT', '', 'a line is one JSON object');
    }
    if ((text.match(/"\s*:/g) ?? []).length !== Object.keys(value).length) parseStrictJson(text);
    return value as Fields;
  } catch (error) {
    if (error instanceof LineRefused) throw error;
    if (error instanceof Problem) throw refuse(400, error.code, '', error.detail);
    throw refuse(400, 'JSON_SYNTAX', '', 'the line is not valid JSON');
  }
}

export function refuser(line: number) {
  return (status: LineRefusal['status'], code: string, field: string, detail: string) =>
    new LineRefused({ line, status, code, field, detail });
}
