import { dayStartMs, parseUtcDay, type Atoms, type SignedAtoms, type UtcDay } from '@app/staking-core';
import { CAUSE, MAX_SHARD, type SpotEvent, type TokenNames } from './spot-line.js';

const QUOTE = 0x22;
const SPACE = 0x20;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** Decimal digits that a double holds exactly: sequences, and most parts of an amount. */
const EXACT_DIGITS = 15;
const MAX_USER = 64;
const KNOWN_CAUSES = 64;
const INSTANT_LENGTH = '2026-11-19T08:00:00.000Z'.length;

const KEYS = ['shard', 'seq', 'user', 'token', 'at', 'delta', 'free', 'locked', 'cause'] as const;
const SHARD = 0;
const SEQ = 1;
const USER = 2;
const TOKEN = 3;
const AT = 4;
const DELTA = 5;
const FREE = 6;
const LOCKED = 7;
const CAUSE_KEY = 8;
const ALL = 0b1_1111_1111;
const POWERS = Array.from({ length: 78 }, (_, power) => 10n ** BigInt(power));

/**
 * The plain spelling of an event, read without a general JSON parser and without a string or object per field: what a
 * core's own serializer writes. It takes a subset of what `parseSpotLine` takes and gives the same for it; of anything
 * else it gives undefined, and `parseSpotLine` decides and names the error. One scanner for one request.
 */
export class LineScanner {
  private readonly from = new Int32Array(KEYS.length);
  private readonly to = new Int32Array(KEYS.length);
  private readonly causes = new Map<string, string>();
  private dayText = '';
  private day = '' as UtcDay;
  private dayMs = 0;

  constructor(private readonly tokens: TokenNames) {}

  /** @param start of the line in `text`; @param end behind its last character */
  scan(text: string, start: number, end: number, line: number): SpotEvent | undefined {
    if (!this.findFields(text, start, end)) return undefined;
    const shard = this.wholeNumber(text, SHARD);
    const seq = this.wholeNumber(text, SEQ);
    if (shard < 0 || shard > MAX_SHARD || seq < 1) return undefined;
    const token = this.tokens.get(this.field(text, TOKEN));
    const cause = this.cause(text);
    const msOfDay = this.time(text);
    if (!token || cause === undefined || msOfDay < 0 || !this.isPlainUser(text)) return undefined;
    const isSnapshot = this.to[DELTA] === 0;
    if (isSnapshot !== (cause === 'snapshot')) return undefined;
    const deltaAtoms = isSnapshot ? null : this.amount(text, DELTA, token.decimals);
    const freeAtoms = this.amount(text, FREE, token.decimals);
    const lockedAtoms = this.amount(text, LOCKED, token.decimals);
    if (deltaAtoms === undefined || freeAtoms === undefined || lockedAtoms === undefined) return undefined;
    if (freeAtoms < 0n || lockedAtoms < 0n) return undefined;
    return {
      kind: 'event',
      line,
      shard,
      seq,
      user: this.field(text, USER),
      token: token.symbol,
      atMs: this.dayMs + msOfDay,
      day: this.day,
      msOfDay,
      deltaAtoms: deltaAtoms as SignedAtoms | null,
      freeAtoms: freeAtoms as Atoms,
      lockedAtoms: lockedAtoms as Atoms,
      cause,
    };
  }

  /** Where each value stands: between its quotes, or the digits of a number. False: not plain. */
  private findFields(text: string, start: number, end: number): boolean {
    this.to.fill(0);
    let seen = 0;
    let at = start + 1;
    if (text.charCodeAt(start) !== OPEN || text.charCodeAt(end - 1) !== CLOSE) return false;
    for (;;) {
      while (text.charCodeAt(at) === SPACE) at += 1;
      if (text.charCodeAt(at) !== QUOTE) return false;
      const key = keyAt(text, at + 1);
      if (key < 0 || (seen & (1 << key)) !== 0) return false;
      seen |= 1 << key;
      at += KEYS[key]!.length + 2;
      while (text.charCodeAt(at) === SPACE) at += 1;
      if (text.charCodeAt(at) !== COLON) return false;
      at += 1;
      while (text.charCodeAt(at) === SPACE) at += 1;
      at = key <= SEQ ? this.placeNumber(text, at, key) : this.placeString(text, at, end, key);
      if (at < 0) return false;
      while (text.charCodeAt(at) === SPACE) at += 1;
      const next = text.charCodeAt(at);
      if (next === CLOSE) return at === end - 1 && (seen | (1 << DELTA)) === ALL;
      if (next !== COMMA) return false;
      at += 1;
    }
  }

  private placeNumber(text: string, start: number, key: number): number {
    let at = start;
    while (isDigit(text.charCodeAt(at))) at += 1;
    this.from[key] = start;
    this.to[key] = at;
    return at === start ? -1 : at;
  }

  /** Visible ASCII without escapes; anything else is not plain. */
  private placeString(text: string, start: number, end: number, key: number): number {
    if (text.charCodeAt(start) !== QUOTE) return -1;
    let at = start + 1;
    for (; at < end; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code <= SPACE || code > 0x7e || code === 0x5c || code === 0x2f) return -1;
    }
    if (at >= end) return -1;
    this.from[key] = start + 1;
    this.to[key] = at;
    return at + 1;
  }

  private field(text: string, key: number): string {
    return text.slice(this.from[key], this.to[key]);
  }

  /** -1 for what is not plain: a leading zero, more digits than are exact. */
  private wholeNumber(text: string, key: number): number {
    const start = this.from[key]!;
    const length = this.to[key]! - start;
    if (length > EXACT_DIGITS || (length > 1 && text.charCodeAt(start) === ZERO)) return -1;
    return digits(text, start, this.to[key]!);
  }

  private isPlainUser(text: string): boolean {
    const start = this.from[USER]!;
    const length = this.to[USER]! - start;
    return length > 0 && length <= MAX_USER && !(length <= 2 && text.charCodeAt(start) === DOT);
  }

  private cause(text: string): string | undefined {
    const said = this.field(text, CAUSE_KEY);
    const known = this.causes.get(said);
    if (known !== undefined) return known;
    if (!CAUSE.test(said)) return undefined;
    if (this.causes.size < KNOWN_CAUSES) this.causes.set(said, said);
    return said;
  }

  /** Milliseconds of the day, and the day itself in `this.day`; -1 for what is not plain. */
  private time(text: string): number {
    const at = this.from[AT]!;
    if (this.to[AT]! - at !== INSTANT_LENGTH || !this.takeDay(text, at)) return -1;
    const marks =
      text.charCodeAt(at + 10) === 0x54 &&
      text.charCodeAt(at + 13) === COLON &&
      text.charCodeAt(at + 16) === COLON &&
      text.charCodeAt(at + 19) === DOT &&
      text.charCodeAt(at + 23) === 0x5a;
    const hours = digits(text, at + 11, at + 13);
    const minutes = digits(text, at + 14, at + 16);
    const seconds = digits(text, at + 17, at + 19);
    const ms = digits(text, at + 20, at + 23);
    if (!marks || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 || ms < 0) {
      return -1;
    }
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
  }

  /** Lines come day by day: mostly it is the day of the line before. */
  private takeDay(text: string, at: number): boolean {
    if (this.dayText !== '' && text.startsWith(this.dayText, at)) return true;
    const parsed = parseUtcDay(text.slice(at, at + 10));
    if (!parsed.ok) return false;
    this.dayText = parsed.day;
    this.day = parsed.day;
    this.dayMs = Number(dayStartMs(parsed.day));
    return true;
  }

  /** Atoms, put together from two exact numbers, or from all digits where a token has many; undefined: not plain. */
  private amount(text: string, key: number, decimals: number): bigint | undefined {
    const end = this.to[key]!;
    let start = this.from[key]!;
    const negative = text.charCodeAt(start) === MINUS;
    if (negative) start += 1;
    let dot = start;
    while (dot < end && text.charCodeAt(dot) !== DOT) dot += 1;
    const whole = dot - start;
    const places = dot === end ? 0 : end - dot - 1;
    if (whole === 0 || whole > EXACT_DIGITS || (whole > 1 && text.charCodeAt(start) === ZERO)) return undefined;
    if ((dot !== end && places === 0) || places > decimals || whole + decimals > 77) return undefined;
    const tokens = digits(text, start, dot);
    const rest = digits(text, dot + 1, end);
    if (tokens < 0 || rest < 0) return undefined;
    let atoms: bigint;
    if (places > EXACT_DIGITS) {
      atoms = BigInt(text.slice(start, dot) + text.slice(dot + 1, end)) * POWERS[decimals - places]!;
    } else {
      atoms = tokens === 0 ? 0n : BigInt(tokens) * POWERS[decimals]!;
      if (rest > 0) atoms += BigInt(rest) * POWERS[decimals - places]!;
    }
    if (!negative) return atoms;
    return atoms === 0n ? undefined : -atoms;
  }
}

function keyAt(text: string, at: number): number {
  const key = keyOf(text.charCodeAt(at), text.charCodeAt(at + 1));
  const name = KEYS[key];
  return name !== undefined && text.startsWith(name, at) && text.charCodeAt(at + name.length) === QUOTE ? key : -1;
}

/** The key that begins with these two characters. */
function keyOf(first: number, second: number): number {
  if (first === 0x73) return second === 0x68 ? SHARD : SEQ;
  if (first === 0x75) return USER;
  if (first === 0x74) return TOKEN;
  if (first === 0x61) return AT;
  if (first === 0x64) return DELTA;
  if (first === 0x66) return FREE;
  if (first === 0x6c) return LOCKED;
  return first === 0x63 ? CAUSE_KEY : -1;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

/** As a number, exactly up to 15 digits; -1 when something else stands among them. */
function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return -1;
    value = value * 10 + (code - ZERO);
  }
  return value;
}
