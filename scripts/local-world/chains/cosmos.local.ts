import type { Atoms, UtcDay } from '@app/staking-core';
import { DEFAULT_VALIDATORS, startCosmosChain, type RunningCosmosChain } from '../../../devnet/chains/cosmos/index.js';
import { secondsOf, type LocalChain, type LocalChainPlace } from './local-chain.js';

/** Into the day by this much: its first block is there, and final. */
const INTO_THE_DAY_MS = 2_000;
const LATE_IN_THE_DAY_MS = 22 * 3_600_000;

/** More than half of all coins are bonded, as on the Hub: else the few that are would share a yield nobody believes (R22). */
const BIG_VALIDATORS = DEFAULT_VALIDATORS.map((spec) => ({ ...spec, selfStake: spec.selfStake * 16n }));

/** ATOM: a protocol model of the Cosmos Hub on its real wire format. A committed block is final. */
export async function startLocalCosmos(place: LocalChainPlace): Promise<LocalCosmos> {
  return new LocalCosmos(await startCosmosChain({ ...place, validators: BIG_VALIDATORS }));
}

class LocalCosmos implements LocalChain {
  readonly name = 'cosmos';
  readonly token = 'ATOM';
  readonly takesDelegations = true;

  constructor(private readonly running: RunningCosmosChain) {}

  get url(): string {
    return this.running.url;
  }

  get env(): Record<string, string> {
    const { treasury, identity, url } = this.running;
    return {
      ATOM_RPC_URLS: url,
      ATOM_CHAIN_ID: identity.chainId,
      ATOM_TREASURY_ADDRESS: treasury.address,
      ATOM_REWARDS_ADDRESS: treasury.address,
      ATOM_PUBLIC_KEY: treasury.publicKey,
      ATOM_DEV_KEY: `0x${treasury.privateKey}`,
    };
  }

  async fundCustody(amount: Atoms): Promise<void> {
    const { chain, treasury } = this.running;
    if ((chain.state.balances.get(treasury.address) ?? 0n) === 0n) await this.running.fundTreasury(amount);
  }

  enterDay(day: UtcDay): Promise<void> {
    return this.running.advanceTo(secondsOf(day) * 1000 + INTO_THE_DAY_MS);
  }

  liveThrough(day: UtcDay): Promise<void> {
    return this.running.advanceTo(secondsOf(day) * 1000 + LATE_IN_THE_DAY_MS);
  }

  async includePending(): Promise<void> {
    if (this.running.chain.pending > 0) await this.running.includePending();
  }

  finalize(): Promise<void> {
    return this.running.includePending();
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}
