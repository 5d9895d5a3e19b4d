import type { Block, ChainTransaction, InflationReward } from './solana.decode.js';

/** Finality on Solana is for ever, so what an endpoint has said about final things need not be asked again. */
const MOST = 20_000;

/** Per endpoint and adapter, in memory: losing it costs time only. */
export class FinalFacts {
  readonly transactions = new Map<string, ChainTransaction>();
  /** Block times of payouts, by slot. */
  readonly times = new Map<bigint, bigint>();
  /** Rewards that are decided, by epoch and account. */
  readonly rewards = new Map<string, InflationReward | null>();
  /** First block of an epoch and the last of its payout, once both are final. */
  readonly epochs = new Map<bigint, { readonly first: Block; readonly cut: Block }>();
  /** First blocks of UTC days, by the day's first millisecond. */
  readonly midnights = new Map<bigint, Block>();

  keepTransaction(one: ChainTransaction): void {
    if (this.transactions.size >= MOST) this.transactions.clear();
    this.transactions.set(one.txid, one);
  }
}
