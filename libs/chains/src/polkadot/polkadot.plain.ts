/** Pure: what polkadot-js decodes, as plain values: whole numbers are `bigint` at once, accounts and bytes are hex. */
import { badAnswer } from './polkadot.decode.js';

export type Plain =
  bigint | boolean | string | null | readonly Plain[] | { readonly [name: string]: Plain } | ReadonlyMap<Plain, Plain>;

interface Decoded {
  readonly isNone?: boolean;
  readonly isBasic?: boolean;
  readonly type?: unknown;
  readonly inner?: unknown;
  readonly defKeys?: unknown;
  /** Of a call. */
  readonly section?: string;
  readonly method?: unknown;
  readonly argsEntries?: readonly (readonly [string, unknown])[];
  unwrap?(): unknown;
  toBigInt?(): bigint;
  toHex?(): string;
}

/** An enum becomes `{ kind, value }`; a call `{ call, args }`; a struct an object; a map a `Map`. */
export function plain(decoded: unknown): Plain {
  if (decoded === null || decoded === undefined) return null;
  const one = decoded as Decoded;
  if (typeof one.toBigInt === 'function') return one.toBigInt();
  if (one.argsEntries !== undefined) {
    const args = Object.fromEntries(one.argsEntries.map(([name, value]) => [camel(name), plain(value)]));
    return { call: `${one.section}.${String(one.method)}`, args };
  }
  // Before the option: an enum too says `isNone`, of its content.
  if (typeof one.isBasic === 'boolean') return { kind: String(one.type), value: plain(one.inner) };
  if (typeof one.isNone === 'boolean') return one.isNone ? null : plain(one.unwrap?.());
  if (decoded instanceof Boolean) return decoded.valueOf();
  if (decoded instanceof String) return decoded.valueOf();
  if (decoded instanceof Uint8Array) return hexOf(one);
  if (Array.isArray(decoded)) return decoded.map(plain);
  if (decoded instanceof Set) return [...decoded].map(plain);
  if (decoded instanceof Map) return Array.isArray(one.defKeys) ? struct(decoded) : mapOf(decoded);
  if (typeof one.toHex === 'function') {
    const hex = one.toHex();
    return hex === '0x' ? null : hex;
  }
  throw badAnswer('a value of a shape that is not known');
}

function hexOf(one: Decoded): string {
  return one.toHex?.() ?? '0x';
}

function struct(decoded: ReadonlyMap<string, unknown>): Plain {
  return Object.fromEntries([...decoded].map(([name, value]) => [name, plain(value)]));
}

function mapOf(decoded: ReadonlyMap<unknown, unknown>): Plain {
  return new Map([...decoded].map(([key, value]) => [plain(key), plain(value)]));
}

/** Arguments of calls come in the runtime's own spelling, everything else in ours. */
function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
