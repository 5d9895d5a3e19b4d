import { DAY_LENGTH } from './population.js';
import type { FeedEvent } from './trading-day.js';

const LENGTH = BigInt(DAY_LENGTH);

/** Where a running balance stands, as `spot_balance` keeps it: this day's integral and the day before's. */
export interface RunningBalance {
  free: bigint;
  /** 0 the measured day. */
  day: number;
  integral: bigint;
  prevIntegral: bigint | null;
  knownFromMs: number;
  lastMs: number;
  /** Balance x time of the measured day until `leftMs` of its user; from that on it is fixed. */
  left: bigint;
}

/** Balances that have moved since 00:00, fed line by line. Who has not moved has no entry. */
export class RunningBalances {
  readonly moved = new Map<number, RunningBalance>();

  /** @param leftMs when the user switches off during the measured day; Infinity: not then */
  take(event: FeedEvent, leftMs: number): void {
    const day = event.late ? 1 : event.day;
    const ms = event.late ? 0 : event.ms;
    const rest = LENGTH - BigInt(ms);
    const at = day * DAY_LENGTH + ms;
    const before = event.free - event.delta;
    let running = this.moved.get(event.position);
    if (running === undefined) {
      running = event.snapshot
        ? { free: 0n, day, integral: 0n, prevIntegral: null, knownFromMs: at, lastMs: at, left: 0n }
        : {
            free: before,
            day: -1,
            integral: before * LENGTH,
            prevIntegral: null,
            knownFromMs: -DAY_LENGTH,
            lastMs: at,
            left: leftMs === Infinity ? 0n : before * BigInt(leftMs),
          };
      this.moved.set(event.position, running);
    }
    if (running.day < day) {
      running.prevIntegral = running.day === day - 1 ? running.integral : before * LENGTH;
      running.integral = before * LENGTH;
      running.day = day;
    }
    running.integral += event.delta * rest;
    if (leftMs !== Infinity && at < leftMs) running.left += event.delta * BigInt(leftMs - at);
    running.free = event.free;
    running.lastMs = at;
  }
}
