import type { Atoms, UtcDay } from '@app/staking-core';
import { FINAL_LAG, startSolanaChain, type RunningSolanaChain } from '../../../devnet/chains/solana/index.js';
import { secondsOf, type LocalChain, type LocalChainPlace } from './local-chain.js';

/** Into the day by this much: its first block is final, which takes some 13 seconds. */
const INTO_THE_DAY_MS = 60_000;
const LATE_IN_THE_DAY_MS = 22 * 3_600_000;

/** SOL: a real Bank in a child process behind a JSON-RPC front. Epochs last 48 hours 36 minutes, as on the real chain. */
export async function startLocalSolana(place: LocalChainPlace): Promise<LocalSolana> {
  return new LocalSolana(await startSolanaChain(place));
}

class LocalSolana implements LocalChain {
  readonly name = 'solana';
  readonly token = 'SOL';
  readonly takesDelegations = true;

  constructor(private readonly running: RunningSolanaChain) {}

  get url(): string {
    return this.running.url;
  }

  get env(): Record<string, string> {
    const { treasury, identity, url } = this.running;
    return {
      SOL_RPC_URLS: url,
      SOL_GENESIS_HASH: identity.genesisHash,
      SOL_TREASURY_ADDRESS: treasury.address,
      SOL_WITHDRAWER_ADDRESS: treasury.withdrawer,
      SOL_DEV_KEY: `0x${treasury.devKey}`,
    };
  }

  async fundCustody(amount: Atoms): Promise<void> {
    const { chain, treasury } = this.running;
    const held = await chain.accountAt(treasury.address, chain.finalSlot);
    if (held === null || held.lamports === 0n) await this.running.fundTreasury(amount);
  }

  enterDay(day: UtcDay): Promise<void> {
    return this.running.advanceTo(secondsOf(day) * 1000 + INTO_THE_DAY_MS);
  }

  liveThrough(day: UtcDay): Promise<void> {
    return this.running.advanceTo(secondsOf(day) * 1000 + LATE_IN_THE_DAY_MS);
  }

  /** Slots go by only when something was included: else the chain's time would depend on how often somebody looked. */
  async includePending(): Promise<void> {
    const { chain } = this.running;
    const before = chain.ledger.headSlot;
    await chain.include();
    if (chain.ledger.headSlot !== before) await this.finalize();
  }

  finalize(): Promise<void> {
    return this.running.chain.passSlots(2n * FINAL_LAG);
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}
