/**
 * Pure: how much of a delegation is effective in an epoch. Stake warms up and cools down at the boundaries of epochs, by
 * at most 9 % of the cluster's effective stake each (all who wait share that, by what they wait with); normally that is
 * enough for everybody at once. The arithmetic follows the stake program's, in integers: nothing here is a float.
 */
export interface Delegation {
  readonly stake: bigint;
  readonly activation: bigint;
  /** `NEVER` while it is not deactivating. */
  readonly deactivation: bigint;
}

/** One epoch of the StakeHistory sysvar: the whole cluster's stake. */
export interface ClusterStake {
  readonly effective: bigint;
  readonly activating: bigint;
  readonly deactivating: bigint;
}

export interface StakeParts {
  readonly effective: bigint;
  readonly activating: bigint;
  readonly deactivating: bigint;
}

export const NEVER = 0xffff_ffff_ffff_ffffn;
/** Basis points of the cluster's effective stake that may come or go at one boundary. */
export const WARMUP_RATE_BPS = 900n;

/** @param history by epoch; an epoch that is missing is older than the sysvar keeps (512 epochs): long since settled */
export function stakeParts(one: Delegation, epoch: bigint, history: ReadonlyMap<bigint, ClusterStake>): StakeParts {
  const grown = warmedUp(one, epoch, history);
  if (epoch < one.deactivation) return { ...grown, deactivating: 0n };
  // In the epoch of the deactivation all that had warmed up is still effective; the rest is inactive at once.
  if (epoch === one.deactivation) {
    return { effective: grown.effective, activating: 0n, deactivating: grown.effective };
  }
  const left = cooledDown(warmedUp(one, one.deactivation, history).effective, one.deactivation, epoch, history);
  return { effective: left, activating: 0n, deactivating: left };
}

function warmedUp(
  one: Delegation,
  epoch: bigint,
  history: ReadonlyMap<bigint, ClusterStake>,
): { readonly effective: bigint; readonly activating: bigint } {
  if (one.activation === NEVER) return { effective: one.stake, activating: 0n }; // stake of genesis
  if (one.activation === one.deactivation) return { effective: 0n, activating: 0n };
  if (epoch < one.activation) return { effective: 0n, activating: 0n };
  if (epoch === one.activation) return { effective: 0n, activating: one.stake };
  let effective = 0n;
  for (let at = one.activation; at < epoch; at += 1n) {
    const cluster = history.get(at);
    if (cluster === undefined) {
      if (at === one.activation) return { effective: one.stake, activating: 0n };
      break;
    }
    if (cluster.activating === 0n) break;
    effective += share(one.stake - effective, cluster.activating, cluster.effective);
    if (effective >= one.stake) return { effective: one.stake, activating: 0n };
  }
  return { effective, activating: one.stake - effective };
}

function cooledDown(stake: bigint, from: bigint, epoch: bigint, history: ReadonlyMap<bigint, ClusterStake>): bigint {
  let left = stake;
  for (let at = from; at < epoch; at += 1n) {
    const cluster = history.get(at);
    if (cluster === undefined) return at === from ? 0n : left;
    if (cluster.deactivating === 0n) return left;
    left -= share(left, cluster.deactivating, cluster.effective);
    if (left <= 0n) return 0n;
  }
  return left;
}

/** Our part of what may move at one boundary, at least one lamport, so that it always comes to an end. */
function share(ours: bigint, waiting: bigint, effective: bigint): bigint {
  const moved = (ours * effective * WARMUP_RATE_BPS) / (waiting * 10_000n);
  return moved > 0n ? moved : 1n;
}
