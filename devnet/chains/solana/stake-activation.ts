/** A stake account's delegation, as far as the local chain has to know it. */
export interface Delegation {
  readonly voter: Buffer;
  readonly stake: bigint;
  readonly activation: bigint;
  readonly deactivation: bigint;
}

export interface HistoryEntry {
  readonly epoch: bigint;
  readonly effective: bigint;
  readonly activating: bigint;
  readonly deactivating: bigint;
}

const NEVER = 0xffff_ffff_ffff_ffffn;
const RATE = 0.09;

export function delegationOf(data: Buffer): Delegation | null {
  if (data.length !== 200 || data.readUInt32LE(0) !== 2) return null;
  return {
    voter: data.subarray(124, 156),
    stake: data.readBigUInt64LE(156),
    activation: data.readBigUInt64LE(164),
    deactivation: data.readBigUInt64LE(172),
  };
}

/** The StakeHistory sysvar, newest epoch first. */
export function historyOf(data: Buffer): HistoryEntry[] {
  const count = Number(data.readBigUInt64LE(0));
  return Array.from({ length: count }, (_, i) => {
    const at = 8 + i * 32;
    const [epoch, effective, activating, deactivating] = [0, 8, 16, 24].map((o) => data.readBigUInt64LE(at + o));
    return {
      epoch: epoch ?? 0n,
      effective: effective ?? 0n,
      activating: activating ?? 0n,
      deactivating: deactivating ?? 0n,
    };
  });
}

/**
 * Effective stake in `epoch`, in floating point as the 1.18 runtime computes it: what `getVoteAccounts` of the local
 * chain reports. The adapter has its own, exact code for the same question.
 */
export function effectiveStake(one: Delegation, epoch: bigint, history: readonly HistoryEntry[]): bigint {
  const entry = (at: bigint): HistoryEntry | undefined => history.find((e) => e.epoch === at);
  const grown = activated(one, epoch, entry);
  if (epoch <= one.deactivation) return grown;
  let left = activated(one, one.deactivation, entry);
  for (let at = one.deactivation; at < epoch; at += 1n) {
    const cluster = entry(at);
    if (cluster === undefined || cluster.deactivating === 0n) return at === one.deactivation ? 0n : left;
    const weight = Number(left) / Number(cluster.deactivating);
    const gone = BigInt(Math.max(1, Math.floor(weight * (Number(cluster.effective) * RATE))));
    if (gone >= left) return 0n;
    left -= gone;
  }
  return left;
}

function activated(one: Delegation, epoch: bigint, entry: (at: bigint) => HistoryEntry | undefined): bigint {
  if (one.activation === NEVER) return one.stake;
  if (one.activation === one.deactivation || epoch <= one.activation) return 0n;
  let grown = 0n;
  for (let at = one.activation; at < epoch && grown < one.stake; at += 1n) {
    const cluster = entry(at);
    if (cluster === undefined) return at === one.activation ? one.stake : grown;
    if (cluster.activating === 0n) return grown;
    const weight = Number(one.stake - grown) / Number(cluster.activating);
    grown += BigInt(Math.max(1, Math.floor(weight * (Number(cluster.effective) * RATE))));
  }
  return grown > one.stake ? one.stake : grown;
}
