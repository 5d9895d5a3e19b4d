import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type ApiCall, send } from '../api/load.js';
import type { LiveFeed } from '../generate/live-feed.js';
import type { ApiProcess } from '../measure/api-process.js';
import { postFeed } from '../measure/post-feed.js';
import { quantile, round } from '../measure/statistics.js';

export interface BackgroundFigures {
  readonly ingestPerSecond: number;
  readonly ingestP50Ms: number;
  readonly ingestP99Ms: number;
  readonly readsPerSecond: number;
  readonly readP50Ms: number;
  readonly readP99Ms: number;
  readonly reads: number;
  readonly errors: number;
  readonly firstError?: string;
}

/** What comes in while a day is settled: so many events and reads a second, by the clock, whether answered or not. */
export interface Rates {
  readonly eventsPerSecond: number;
  readonly readsPerSecond: number;
  /** The time that the lines name. */
  readonly at: string;
}

const FEED_TICK_MS = 100;

/**
 * Load at a fixed rate: a slow answer does not make the next request wait with it, as users would not. The feed's lines
 * are in order, so a request of them follows the one before; a late one carries what has gathered meanwhile.
 */
export class BackgroundLoad {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });
  private ingest: number[] = [];
  private reads: number[] = [];
  private lines = 0;
  private errors = 0;
  private firstError: string | undefined;
  private measuring = false;
  private since = 0;
  private measuredMs = 0;
  private running = true;
  private readonly underWay = new Set<Promise<void>>();
  private readonly feeding: Promise<void>;
  private readonly reading: Promise<void>;

  constructor(
    private readonly api: ApiProcess,
    private readonly feed: LiveFeed,
    private readonly calls: readonly ApiCall[],
    private readonly rates: Rates,
  ) {
    this.feeding = this.feedOn();
    this.reading = this.readOn();
  }

  /** Counts what begins from here on. */
  measure(): void {
    this.since = performance.now();
    this.measuring = true;
  }

  /** Counts no more; `measure` adds to what there is. */
  pause(): void {
    this.measuredMs += performance.now() - this.since;
    this.measuring = false;
  }

  /** What was counted, and nothing is left of it. */
  figures(): BackgroundFigures {
    const seconds = this.measuredMs / 1000;
    const figures = {
      ingestPerSecond: Math.round(this.lines / seconds),
      ingestP50Ms: round(quantile(this.ingest, 0.5), 1),
      ingestP99Ms: round(quantile(this.ingest, 0.99), 1),
      readsPerSecond: Math.round(this.reads.length / seconds),
      readP50Ms: round(quantile(this.reads, 0.5), 1),
      readP99Ms: round(quantile(this.reads, 0.99), 1),
      reads: this.reads.length,
      errors: this.errors,
      ...(this.firstError === undefined ? {} : { firstError: this.firstError }),
    };
    [this.ingest, this.reads, this.lines, this.errors, this.firstError] = [[], [], 0, 0, undefined];
    this.measuredMs = 0;
    return figures;
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all([this.feeding, this.reading, ...this.underWay]);
    this.agent.destroy();
  }

  private async feedOn(): Promise<void> {
    const start = performance.now();
    let said = 0;
    while (this.running) {
      const due = Math.floor(((performance.now() - start) / 1000) * this.rates.eventsPerSecond);
      const some = this.feed.lines(due - said, this.rates.at);
      said = due;
      if (some.length > 0) {
        const [began, counts] = [performance.now(), this.measuring];
        try {
          const answer = await postFeed(this.api, Readable.from([some.join('')], { objectMode: false }));
          if (answer.accepted !== some.length) this.failed(`${answer.accepted} of ${some.length} lines were accepted`);
          if (counts) this.lines += answer.accepted;
        } catch (error) {
          this.failed(String(error));
          return;
        }
        if (counts) this.ingest.push(performance.now() - began);
      }
      await pause(FEED_TICK_MS);
    }
  }

  private async readOn(): Promise<void> {
    const start = performance.now();
    for (let n = 0; this.running; n += 1) {
      const due = start + (n * 1000) / this.rates.readsPerSecond;
      await pause(Math.max(0, due - performance.now()));
      const call = this.calls[n % this.calls.length]!;
      const counts = this.measuring;
      // From when it was due: time spent waiting for our own turn is the user's time too.
      const one = send(this.api, this.agent, call, n).then(({ status, text }) => {
        if (counts) this.reads.push(performance.now() - due);
        if (status < 200 || status > 299) this.failed(`${call.path(n)}: ${status} ${text.slice(0, 200)}`);
      });
      this.underWay.add(one);
      void one.finally(() => this.underWay.delete(one));
    }
  }

  private failed(why: string): void {
    this.errors += 1;
    this.firstError ??= why;
  }
}
