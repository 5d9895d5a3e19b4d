import { devAccount, type DevAccount } from './dev-keys.js';
import { ReplayChain, type ReplayOptions } from './replay/replay-chain.js';

export interface RunningPolkadotChain {
  readonly url: string;
  /** As the adapter's option wants it. */
  readonly identity: { readonly genesisHash: string };
  /** The stash whose recorded stake this is, a published development key. */
  readonly treasury: DevAccount;
  readonly validators: readonly string[];
  /** What the treasury owns in planck: fixed by the recording. */
  readonly custody: bigint;
  /** After this time (unix ms) nothing was recorded any more: the chain stands still. */
  readonly endsAtMs: number;
  /** Custody cannot grow in a replay: throws when the books say that more is held than the recorded treasury owns. */
  fundTreasury(atoms: bigint): Promise<void>;
  /** The chain lives to that time, everything final. */
  advanceTo(unixMs: number): Promise<void>;
  /** Nothing ever waits: a replay takes no transactions. */
  includePending(): Promise<void>;
  stop(): Promise<void>;
}

/** The Polkadot of the local world: a replay of a recorded run (see README.md), which needs nothing but Node. */
export async function startPolkadotChain(options: ReplayOptions): Promise<RunningPolkadotChain> {
  const replay = await ReplayChain.open(options);
  return {
    url: replay.url,
    identity: { genesisHash: replay.genesisHash },
    treasury: devAccount('treasury'),
    validators: replay.validators,
    custody: replay.custody,
    endsAtMs: replay.endsAtMs,
    fundTreasury: (atoms) =>
      atoms <= replay.custody
        ? Promise.resolve()
        : Promise.reject(new Error(`the recorded treasury owns ${replay.custody} planck, not ${atoms}`)),
    advanceTo: (unixMs) => Promise.resolve(replay.advanceTo(unixMs)),
    includePending: () => Promise.resolve(),
    stop: () => replay.stop(),
  };
}
