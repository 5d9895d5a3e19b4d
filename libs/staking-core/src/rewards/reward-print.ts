import { mixed } from './key-hashes.js';

/** So many hashes of 32 bits are added up exactly in a double. */
const MOST = 1_048_576;
const TAB = 9;

/**
 * A print of a set of lines, in any order: two sums of hashes, 32 bits each and exact. Sets that differ in one line have the
 * same print once in 2^64 times; so do sets that differ in more, unless somebody makes them on purpose. A line is fed in
 * fields, and is `field TAB field TAB … TAB field`.
 */
export class RewardPrint {
  private low = SEED_LOW;
  private high = SEED_HIGH;
  private lows = 0;
  private highs = 0;
  private count = 0;
  private lowSum = 0n;
  private highSum = 0n;

  feed(bytes: Uint8Array, start: number, end: number): void {
    let { low, high } = this;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      low = (low * 0x1b873 + byte) | 0;
      high = (high * 0x5bd1f + byte) | 0;
    }
    this.low = low;
    this.high = high;
  }

  tab(): void {
    this.low = (this.low * 0x1b873 + TAB) | 0;
    this.high = (this.high * 0x5bd1f + TAB) | 0;
  }

  endLine(): void {
    this.lows += mixed(this.low) >>> 0;
    this.highs += mixed(this.high) >>> 0;
    this.low = SEED_LOW;
    this.high = SEED_HIGH;
    this.count += 1;
    if (this.count === MOST) this.carry();
  }

  equals(other: RewardPrint): boolean {
    this.carry();
    other.carry();
    return this.lowSum === other.lowSum && this.highSum === other.highSum;
  }

  private carry(): void {
    this.lowSum += BigInt(this.lows);
    this.highSum += BigInt(this.highs);
    this.lows = 0;
    this.highs = 0;
    this.count = 0;
  }
}

const SEED_LOW = 17;
const SEED_HIGH = 0x5bd1;
