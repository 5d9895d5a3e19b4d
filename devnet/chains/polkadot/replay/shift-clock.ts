import type { Recording } from './recording.js';

/** Keys of the two values that hold a time: `Timestamp.Now` and `Staking.ActiveEra`. */
export interface ClockKeys {
  readonly now: string;
  readonly activeEra: string;
}

export const CLOCK_KEYS: ClockKeys = {
  now: '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb',
  activeEra: '0x5f3e4907f716ac89b6347d15ececedca487df464e44a534ba6b0cbb32407b587',
};

/**
 * Moves a recording in time, so that it happens when the local world needs it: block times, the starts of eras, and the
 * extrinsics that set the clock. Hashes stay those of the recorded blocks: a replay is not the chain.
 */
export function shiftClock(recording: Recording, byMs: number, keys = CLOCK_KEYS): Recording {
  if (byMs === 0) return recording;
  const by = BigInt(byMs);
  const value = (key: string, raw: string | null): string | null => {
    if (raw === null) return null;
    if (key === keys.now) return little(from(raw, 0) + by);
    // Index (4 bytes), a flag that there is a start, and the start.
    if (key === keys.activeEra && raw.slice(10, 12) === '01')
      return raw.slice(0, 12) + little(from(raw, 5) + by).slice(2);
    return raw;
  };
  const { genesis, blocks } = recording;
  return {
    ...recording,
    startsAtMs: recording.startsAtMs + byMs,
    genesis: {
      ...genesis,
      state: Object.fromEntries(Object.entries(genesis.state).map(([key, raw]) => [key, value(key, raw) ?? raw])),
    },
    blocks: blocks.map((block) => ({
      ...block,
      extrinsics: block.extrinsics.map((one, i) => (i === 0 ? shiftInherent(one, by) : one)),
      changes: block.changes.map(([key, raw]) => [key, value(key, raw)] as const),
    })),
  };
}

/** The time of a recorded block. */
export function timeOf(block: Recording['blocks'][number], keys = CLOCK_KEYS): number {
  const raw = block.changes.find(([key]) => key === keys.now)?.[1];
  if (raw === undefined || raw === null) throw new Error(`block ${block.number} says no time`);
  return Number(from(raw, 0));
}

/** `timestamp.set`: length, version, two bytes for the call, then a compact number of six bytes (its prefix is 0x0b). */
function shiftInherent(bytes: string, by: bigint): string {
  const place = bytes.length - 14;
  if (bytes.length !== 24 || bytes.slice(place, place + 2) !== '0b') return bytes;
  const now = Buffer.from(bytes.slice(place + 2), 'hex');
  const moved = BigInt(now.readUIntLE(0, 6)) + by;
  now.writeUIntLE(Number(moved), 0, 6);
  return bytes.slice(0, place + 2) + now.toString('hex');
}

function from(raw: string, offset: number): bigint {
  return Buffer.from(raw.slice(2), 'hex').readBigUInt64LE(offset);
}

function little(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return `0x${bytes.toString('hex')}`;
}
