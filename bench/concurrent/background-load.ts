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
  readonly readP50MsByCall: Readonly<Record<string, number>>;
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
  private reads: { readonly name: string; readonly ms: number }[] = [];
  private lines = 0;
  private errors = 0;
  private firstError: string | undefined;
  private measuring = false;
  private since = 0;
  private measuredMs = 0;
  private running = true;
  private held = false;
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

  /** Sends nothing more until `goOn`, and waits for what is under way. */
  async hold(): Promise<void> {
    this.held = true;
    await Promise.all(this.underWay);
  }

  goOn(): void {
    this.held = false;
  }

  /** What was counted, and nothing is left of it. */
  figures(): BackgroundFigures {
    const seconds = this.measuredMs / 1000;
    const figures = {
      ingestPerSecond: Math.round(this.lines / seconds),
      ingestP50Ms: round(quantile(this.ingest, 0.5), 1),
      ingestP99Ms: round(quantile(this.ingest, 0.99), 1),
      readsPerSecond: Math.round(this.reads.length / seconds),
      readP50Ms: this.readMs(0.5),
      readP99Ms: this.readMs(0.99),
      readP50MsByCall: Object.fromEntries(this.calls.map(({ name }) => [name, this.readMs(0.5, name)])),
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
    let last = performance.now();
    while (this.running) {
      await pause(FEED_TICK_MS);
      const now = performance.now();
      const due = this.held ? 0 : Math.round(((now - last) / 1000) * this.rates.eventsPerSecond);
      last = now;
      if (due > 0) await this.track(this.say(this.feed.lines(due, this.rates.at)));
    }
  }

  private async say(lines: readonly string[]): Promise<void> {
    const [began, counts] = [performance.now(), this.measuring];
    try {
      const answer = await postFeed(this.api, Readable.from([lines.join('')], { objectMode: false }));
      if (answer.accepted !== lines.length) this.failed(`${answer.accepted} of ${lines.length} lines were accepted`);
      if (counts) this.lines += answer.accepted;
    } catch (error) {
      this.failed(String(error));
      this.running = false;
    }
    if (counts) this.ingest.push(performance.now() - began);
  }

  private async readOn(): Promise<void> {
    let due = performance.now();
    for (let n = 0; this.running; n += 1) {
      due += 1000 / this.rates.readsPerSecond;
      await pause(Math.max(0, due - performance.now()));
      if (this.held) {
        due = performance.now();
        continue;
      }
      void this.track(this.read(this.calls[n % this.calls.length]!, n, due));
    }
  }

  /** Timed from when it was due: waiting for our own turn is the user's time too. */
  private async read(call: ApiCall, n: number, due: number): Promise<void> {
    const counts = this.measuring;
    const { status, text } = await send(this.api, this.agent, call, n);
    if (counts) this.reads.push({ name: call.name, ms: performance.now() - due });
    if (status < 200 || status > 299) this.failed(`${call.path(n)}: ${status} ${text.slice(0, 200)}`);
  }

  private async track(one: Promise<void>): Promise<void> {
    this.underWay.add(one);
    await one.finally(() => this.underWay.delete(one));
  }

  private readMs(share: number, name?: string): number {
    const some = this.reads.filter((read) => name === undefined || read.name === name);
    return round(
      quantile(
        some.map((read) => read.ms),
        share,
      ),
      1,
    );
  }

  private failed(why: string): void {
    this.errors += 1;
    this.firstError ??= why;
  }
}
