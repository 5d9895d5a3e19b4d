import type { UtcDay } from '@app/staking-core';
import type { RunningBnbChain } from '../../devnet/chains/bnb/index.js';

/** Unix seconds of the day's 00:00 UTC. */
export function secondsOf(day: UtcDay): number {
  return Math.floor(Date.parse(`${day}T00:00:00.000Z`) / 1000);
}

/** Ends days on the chain until `day` is the one it is in, and makes the last midnight final. */
export async function breatheInto(running: RunningBnbChain, day: UtcDay): Promise<void> {
  for (;;) {
    const head = await running.chain.head();
    if (head.timestamp >= secondsOf(day)) break;
    await running.driver.breathe();
  }
  await running.driver.finalize();
}

/** Transactions of ours that wait in the mempool are put into blocks, as miners would. */
export async function includeWaiting(running: RunningBnbChain): Promise<void> {
  const status = await running.chain.rpc<{ pending: string }>('txpool_status');
  if (status.pending !== '0x0') {
    await running.driver.mine();
    await running.driver.finalize();
  }
}
