/**
 * A slash of a validator takes from its nominators too. Polkadot reports it at once, holds it back for some eras in which it
 * can be cancelled, and applies it then. Only what is applied moves money (R18).
 */
import { atoms, type Atoms } from '@app/staking-core';

import type { BlockStamp, SlashObservation } from '../chain-adapter.js';
import { addressOf } from './polkadot.address.js';
import { read, type PolkadotClient } from './polkadot.client.js';
import type { ChainEvent } from './polkadot.codec.js';
import { account, amount, badAnswer, fields, list } from './polkadot.decode.js';
import type { BlockEvents } from './polkadot.events.js';
import type { Account } from './polkadot.flows.js';
import type { Plain } from './polkadot.plain.js';
import { positionKey } from './polkadot.state.js';

/** A slash that waits, as far as it takes from us. */
export interface WaitingSlash {
  /** Era at whose start it is applied (old pallet), or in which the offence was (staking-async). */
  readonly era: bigint;
  readonly validator: string;
  readonly amount: Atoms;
  /** Tells slashes of one validator in one era apart that take the same from us; others are told by their amount. */
  readonly ordinal: number;
}

const REPORTS: ReadonlySet<string> = new Set(['staking.SlashReported', 'staking.OffenceReported']);

/** Slashes waiting at a block that will take from `stash`. */
export async function waitingSlashes(client: PolkadotClient, hash: string, stash: string): Promise<WaitingSlash[]> {
  const codec = await client.codecAt(hash);
  const prefix = codec.keyPrefix('staking', 'unappliedSlashes');
  const keys = await client.keys(hash, read('staking', 'unappliedSlashes'));
  const raw = await client.storage(keys.map((key) => [key, hash]));
  return decodeWaiting(
    keys.map((key, i) => ({
      era: eraOfKey(key, prefix),
      value: codec.value('staking', 'unappliedSlashes', raw[i] ?? null),
    })),
    stash,
  );
}

/** Pure. The old pallet keeps a list for each era, staking-async an entry for each page of a slash. */
export function decodeWaiting(
  stored: readonly { readonly era: bigint; readonly value: Plain }[],
  stash: string,
): WaitingSlash[] {
  const waiting: WaitingSlash[] = [];
  for (const { era, value } of stored) {
    for (const entry of Array.isArray(value) ? (value as readonly Plain[]) : [value]) {
      const { validator, others } = fields(entry, 'a waiting slash');
      for (const pair of list(others, 'slashed nominators')) {
        const [who, loss] = list(pair, 'a slashed nominator');
        if (who !== stash) continue;
        const from = account(validator, 'a slashed validator');
        const slash = { era, validator: from, amount: amount(loss, 'a slash') };
        const ordinal = waiting.filter((one) => idOf({ ...one, ordinal: 0 }) === idOf({ ...slash, ordinal: 0 })).length;
        waiting.push({ ...slash, ordinal });
      }
    }
  }
  return waiting.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

/** Everything about slashes between two cuts: reported, begun to wait, cancelled, applied. */
export function slashesBetween(
  blocks: readonly BlockEvents[],
  waiting: { readonly before: readonly WaitingSlash[]; readonly after: readonly WaitingSlash[] },
  to: BlockStamp,
  watched: ReadonlySet<string>,
  who: Account,
): SlashObservation[] {
  const reported = blocks.flatMap((block) => reportedIn(block, watched, who));
  const begun = waiting.after.filter((one) => !waiting.before.some((other) => idOf(other) === idOf(one)));
  const gone = waiting.before.filter((one) => !waiting.after.some((other) => idOf(other) === idOf(one)));
  const unmatched = [...gone];
  const applied = blocks.flatMap((block) => appliedIn(block, unmatched, who));
  return [
    ...reported,
    ...begun.map((one) => waitingRow(one, 'deferred', to, who)),
    // What is gone and was not applied.
    ...unmatched.map((one) => waitingRow(one, 'cancelled', to, who)),
    ...applied,
  ];
}

/**
 * What was taken from us in a block. Each is held against one of the slashes that waited and are `gone`, and takes it out of
 * them: by the validator, from whom the pallet takes before it takes from those behind it, and the amount; by one of the
 * two where the other says nothing (a validator without stake of its own; a stash that held less than the slash).
 */
function appliedIn({ at, events }: BlockEvents, gone: WaitingSlash[], who: Account): SlashObservation[] {
  let reported: string | null = null;
  let behind: string | null = null;
  return events.flatMap((event) => {
    if (REPORTS.has(event.name)) reported = account(event.fields['validator'], 'a slashed validator');
    if (event.name !== 'staking.Slashed') return [];
    const staker = account(event.fields['staker'], 'who was slashed');
    if (staker !== who.stash) {
      if (gone.some((one) => one.validator === staker)) behind = staker;
      return [];
    }
    const loss = amount(event.fields['amount'], 'a slash');
    const waited =
      gone.find((one) => one.validator === behind && one.amount === loss) ??
      gone.find((one) => one.amount === loss) ??
      gone.find((one) => one.validator === behind);
    if (waited !== undefined) gone.splice(gone.indexOf(waited), 1);
    const validator = waited?.validator ?? reported;
    return [
      {
        key: `dot:${at.height}:${event.index}:slash:${who.address}`,
        positionKey: positionKey(who.address),
        validator: validator === null ? who.address : addressOf(validator, who.ss58Prefix),
        kind: 'offence',
        state: 'applied' as const,
        amount: loss,
        atMs: at.timeMs,
        at,
        txid: null,
      },
    ];
  });
}

function reportedIn({ at, events }: BlockEvents, watched: ReadonlySet<string>, who: Account): SlashObservation[] {
  const ours = (event: ChainEvent): boolean =>
    REPORTS.has(event.name) && watched.has(account(event.fields['validator'], 'a slashed validator'));
  return events.filter(ours).map((event) => ({
    key: `dot:${at.height}:${event.index}:slash-reported`,
    positionKey: null,
    validator: addressOf(account(event.fields['validator'], 'a slashed validator'), who.ss58Prefix),
    kind: 'offence',
    state: 'observed' as const,
    amount: atoms(0n),
    atMs: at.timeMs,
    at,
    txid: null,
  }));
}

function waitingRow(
  one: WaitingSlash,
  state: 'deferred' | 'cancelled',
  at: BlockStamp,
  who: Account,
): SlashObservation {
  const validator = addressOf(one.validator, who.ss58Prefix);
  return {
    key: `dot:slash:${one.era}:${validator}:${one.amount}:${one.ordinal}:${who.address}:${state}`,
    positionKey: positionKey(who.address),
    validator,
    kind: 'offence',
    state,
    amount: one.amount,
    atMs: at.timeMs,
    at,
    txid: null,
  };
}

function idOf(one: WaitingSlash): string {
  return `${String(one.era).padStart(10, '0')}:${one.validator}:${one.amount}:${one.ordinal}`;
}

/** The era is the first key of the map, hashed by `Twox64Concat`: eight bytes of hash, then the era itself. */
function eraOfKey(key: string, prefix: string): bigint {
  const place = prefix.length + 16;
  const bytes = Buffer.from(key.slice(place, place + 8), 'hex');
  if (bytes.length !== 4) throw badAnswer('the key of a waiting slash is too short', key);
  return BigInt(bytes.readUInt32LE());
}
