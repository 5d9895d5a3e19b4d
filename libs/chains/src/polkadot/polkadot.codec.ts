import { ApiPromise } from '@polkadot/api';

import { ChainError } from '../chain-error.js';
import { badAnswer } from './polkadot.decode.js';
import { offline, type RuntimeParts } from './polkadot.offline.js';
import { explainPayload, payloadOf, signedPayload, type ExplainedPayload, type Mortality } from './polkadot.payload.js';
import { plain, type Plain } from './polkadot.plain.js';

type Extrinsic = ReturnType<ApiPromise['tx'][string][string]>;
type Entry = ApiPromise['query'][string][string];

export interface ChainEvent {
  /** Place in the block. */
  readonly index: number;
  /** The extrinsic it happened in; null: the block's own start or end. */
  readonly extrinsic: number | null;
  /** `staking.Rewarded` */
  readonly name: string;
  readonly fields: Readonly<Record<string, Plain>>;
}

/**
 * `@polkadot/api` as what it is best at: knowing the runtime's types. It never talks to a node here; it is opened on
 * the metadata that we have read ourselves, so every read keeps our own pins, time limits and failover. One per
 * runtime version.
 */
export class Codec {
  private constructor(
    private readonly api: ApiPromise,
    readonly parts: RuntimeParts,
  ) {}

  static async open(parts: RuntimeParts): Promise<Codec> {
    const provider = offline(parts);
    try {
      const metadata = { [`${parts.genesisHash}-${parts.specVersion}`]: parts.metadata as `0x${string}` };
      const api = new ApiPromise({ provider, metadata, noInitWarn: true, throwOnConnect: true });
      await api.isReadyOrError;
      return new Codec(api, parts);
    } catch (cause) {
      throw new ChainError('BAD_ANSWER', 'polkadot', 'the metadata of the runtime cannot be read', { cause });
    }
  }

  /** Whether the runtime has this storage item: names differ between the relay's pallet and staking-async. */
  has(pallet: string, item: string): boolean {
    return this.api.query[pallet]?.[item] !== undefined;
  }

  hasPallet(pallet: string): boolean {
    return this.api.tx[pallet] !== undefined;
  }

  hasCall(pallet: string, call: string): boolean {
    return this.api.tx[pallet]?.[call] !== undefined;
  }

  key(pallet: string, item: string, ...args: readonly unknown[]): string {
    return this.entry(pallet, item).key(...args);
  }

  keyPrefix(pallet: string, item: string, ...args: readonly unknown[]): string {
    return this.entry(pallet, item).keyPrefix(...args);
  }

  /** A stored value; what is not stored is the item's default, or null where it has none. */
  value(pallet: string, item: string, raw: string | null): Plain {
    const { meta } = this.entry(pallet, item).creator;
    if (raw === null && meta.modifier.isOptional) return null;
    const typeId = meta.type.isPlain ? meta.type.asPlain : meta.type.asMap.value;
    return this.decode(this.api.registry.createLookupType(typeId), raw ?? meta.fallback.toHex(), `${pallet}.${item}`);
  }

  /** null when the runtime has no such constant. */
  constant(pallet: string, name: string): Plain {
    const found = this.api.consts[pallet]?.[name];
    return found === undefined ? null : plain(found);
  }

  events(raw: string | null): ChainEvent[] {
    if (raw === null) return [];
    const { meta } = this.entry('system', 'events').creator;
    const records = this.create(this.api.registry.createLookupType(meta.type.asPlain), raw, 'the events of a block');
    return [...(records as unknown as Iterable<EventRecordLike>)].map((record, index) => {
      const { section, method, data } = record.event;
      const names = data.names ?? data.map((_, i) => String(i));
      return {
        index,
        extrinsic: record.phase.isApplyExtrinsic ? record.phase.asApplyExtrinsic.toNumber() : null,
        name: `${section}.${method}`,
        fields: Object.fromEntries(names.map((name, i) => [name, plain(data[i])])),
      };
    });
  }

  /** The sentence of a `DispatchError`, e.g. `staking.NotController`. */
  dispatchError(error: Plain): string {
    const { kind, value } = (error ?? {}) as { kind?: string; value?: unknown };
    if (kind !== 'Module') return kind ?? 'unknown';
    const { index, error: code } = value as { index: bigint; error: string };
    try {
      const found = this.api.registry.findMetaError({
        index: this.api.createType('u8', index),
        error: this.api.createType('[u8; 4]', code),
      } as never);
      return `${found.section}.${found.name}`;
    } catch {
      return `error ${code} of pallet ${index}`;
    }
  }

  call(pallet: string, name: string, ...args: readonly unknown[]): Extrinsic {
    const make = this.api.tx[pallet]?.[name];
    if (make === undefined) throw new ChainError('REFUSED', 'polkadot', `the runtime has no call ${pallet}.${name}`);
    return make(...args);
  }

  /** What is to be signed for this call, as bytes that can be taken apart again. */
  payload(call: Extrinsic, life: Mortality): string {
    return payloadOf(this.api.registry, this.parts, call, life);
  }

  /** Takes the bytes of `payload` apart. Throws `REFUSED` for bytes that are not exactly those of what they say. */
  explain(bytes: string): ExplainedPayload {
    return explainPayload(this.api.registry, bytes);
  }

  /** The finished extrinsic, as it goes over the wire. `signature`: the byte of its kind, then the signature itself. */
  signed(bytes: string, account: string, signature: string): string {
    return signedPayload(this.api.registry, bytes, account, signature);
  }

  hash(bytes: string): string {
    return this.api.registry.hash(Buffer.from(bytes.slice(2), 'hex')).toHex();
  }

  headerHash(header: object): string {
    return this.api.registry.createType('Header', header).hash.toHex();
  }

  /** Sender and nonce of signed bytes; null for an inherent. */
  signerOf(bytes: string): { readonly account: string; readonly nonce: bigint } | null {
    try {
      const extrinsic = this.api.registry.createType('Extrinsic', bytes);
      if (!extrinsic.isSigned) return null;
      const account = plain(extrinsic.signer) as { value?: Plain } | string;
      const id = typeof account === 'string' ? account : account.value;
      return typeof id === 'string' ? { account: id, nonce: extrinsic.nonce.toBigInt() } : null;
    } catch {
      return null;
    }
  }

  close(): Promise<void> {
    return this.api.disconnect();
  }

  private entry(pallet: string, item: string): Entry {
    const found = this.api.query[pallet]?.[item];
    if (found === undefined) throw new ChainError('REFUSED', 'polkadot', `the runtime has no ${pallet}.${item}`);
    return found;
  }

  private create(type: string, raw: string, what: string): unknown {
    let decoded;
    try {
      decoded = this.api.registry.createTypeUnsafe(type, [Buffer.from(raw.slice(2), 'hex')]);
    } catch (cause) {
      throw new ChainError('BAD_ANSWER', 'polkadot', `${what} cannot be decoded`, { cause });
    }
    // polkadot-js is lenient about bytes that are too many or too few; money is not.
    if (decoded.toHex() !== raw && Buffer.from(decoded.toU8a()).toString('hex') !== raw.slice(2)) {
      throw badAnswer(`${what} does not have the length of its type`);
    }
    return decoded;
  }

  private decode(type: string, raw: string, what: string): Plain {
    return plain(this.create(type, raw, what));
  }
}

interface EventRecordLike {
  readonly phase: { readonly isApplyExtrinsic: boolean; readonly asApplyExtrinsic: { toNumber(): number } };
  readonly event: {
    readonly section: string;
    readonly method: string;
    readonly data: readonly unknown[] & { readonly names: readonly string[] | null };
  };
}
