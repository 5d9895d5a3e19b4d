import { nextDay, type Atoms, type UtcDay } from '@app/staking-core';
import { startPolkadotChain, type RunningPolkadotChain } from '../../../devnet/chains/polkadot/index.js';
import { secondsOf, type LocalChain, type LocalChainPlace } from './local-chain.js';

/** Into the day by this much: its first blocks are there. */
const INTO_THE_DAY_MS = 15 * 60_000;
const LATE_IN_THE_DAY_MS = 22 * 3_600_000;

/** DOT: a replay of a month that a real runtime lived. Its stake is recorded too, so nothing is delegated here. */
export async function startLocalPolkadot(place: LocalChainPlace): Promise<LocalPolkadot> {
  return new LocalPolkadot(await startPolkadotChain(place));
}

class LocalPolkadot implements LocalChain {
  readonly name = 'polkadot';
  readonly token = 'DOT';
  readonly takesDelegations = false;

  constructor(private readonly running: RunningPolkadotChain) {}

  get url(): string {
    return this.running.url;
  }

  get env(): Record<string, string> {
    const { treasury, identity, url } = this.running;
    return { DOT_RPC_URLS: url, DOT_GENESIS_HASH: identity.genesisHash, DOT_TREASURY_ADDRESS: treasury.address };
  }

  fundCustody(amount: Atoms): Promise<void> {
    return this.running.fundTreasury(amount);
  }

  enterDay(day: UtcDay): Promise<void> {
    return this.running.advanceTo(secondsOf(day) * 1000 + INTO_THE_DAY_MS);
  }

  liveThrough(day: UtcDay): Promise<void> {
    return this.running.advanceTo(secondsOf(day) * 1000 + LATE_IN_THE_DAY_MS);
  }

  tells(day: UtcDay): boolean {
    return secondsOf(nextDay(day)) * 1000 + INTO_THE_DAY_MS <= this.running.endsAtMs;
  }

  includePending(): Promise<void> {
    return this.running.includePending();
  }

  finalize(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}
