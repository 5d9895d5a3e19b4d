import type { Atoms, UtcDay } from '@app/staking-core';
import { devAccount, liveThroughDay, startBnbChain, type RunningBnbChain } from '../../../devnet/chains/bnb/index.js';
import { secondsOf, type LocalChain, type LocalChainPlace } from './local-chain.js';

/** Seconds after which the chain's own traffic of a day is over. */
const LATE_IN_THE_DAY = 22 * 3_600;

/** BNB: anvil with our own contracts at the system addresses. Days end by breathe blocks. */
export async function startLocalBnb(place: LocalChainPlace): Promise<LocalBnb> {
  return new LocalBnb(await startBnbChain({ ...place, treasuryBalance: 0n }));
}

class LocalBnb implements LocalChain {
  readonly name = 'bnb';
  readonly token = 'BNB';
  readonly takesDelegations = true;

  constructor(private readonly running: RunningBnbChain) {}

  get url(): string {
    return this.running.url;
  }

  get env(): Record<string, string> {
    const { address, privateKey } = devAccount('treasury');
    return { BNB_RPC_URLS: this.url, BNB_TREASURY_ADDRESS: address, BNB_DEV_KEY: privateKey };
  }

  async fundCustody(amount: Atoms): Promise<void> {
    const { driver, chain } = this.running;
    const treasury = devAccount('treasury').address;
    const held = BigInt(await chain.rpc<string>('eth_getBalance', [treasury, 'latest']));
    if (held > 0n) return;
    await driver.fund(treasury, amount);
    await driver.finalize();
  }

  /** Ends days until `day` is the one it is in, and makes the last midnight final. */
  async enterDay(day: UtcDay): Promise<void> {
    for (;;) {
      const head = await this.running.chain.head();
      if (head.timestamp >= secondsOf(day)) break;
      await this.running.driver.breathe();
    }
    await this.running.driver.finalize();
  }

  /** Fees and strangers' traffic; a day that was cut short is not lived twice. */
  async liveThrough(day: UtcDay): Promise<void> {
    const head = await this.running.chain.head();
    if (head.timestamp < secondsOf(day) + LATE_IN_THE_DAY) await liveThroughDay(this.running.driver, day);
  }

  async includePending(): Promise<void> {
    const status = await this.running.chain.rpc<{ pending: string }>('txpool_status');
    if (status.pending === '0x0') return;
    await this.running.driver.mine();
    await this.running.driver.finalize();
  }

  async finalize(): Promise<void> {
    await this.running.driver.finalize();
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}
