import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, type Logger } from '@app/platform';
import type { ChainMetrics } from './chain-sync.metrics.js';
import { codeOf, pauseAfter, type ChainRunner, type ChainStatus } from './run-chain.js';

export interface FollowParts {
  readonly metrics: ChainMetrics;
  readonly log: Logger;
  readonly tickMs: number;
}

/**
 * One configured chain for the life of the process: opened as soon as it can be, then followed. Whatever fails on the
 * way, in its code, its configuration or its endpoints, delays this chain's token and no other.
 */
export class FollowedChain {
  private runner: ChainRunner | null = null;
  private underWay: Promise<void> | null = null;
  private opening: ChainStatus = { outcome: 'starting', error: null, failures: 0, haltedReason: null };

  constructor(
    readonly chain: string,
    private readonly open: () => Promise<ChainRunner>,
    private readonly parts: FollowParts,
  ) {}

  get status(): ChainStatus {
    return this.runner?.status ?? this.opening;
  }

  finalityAlarm(): string | null {
    return this.parts.metrics.finalityAlarm(this.chain);
  }

  /**
   * One try to open it; a second call while it is under way waits for the same try.
   * @throws ConfigError and nothing else
   */
  prepare(): Promise<void> {
    this.underWay ??= this.tryToOpen().finally(() => (this.underWay = null));
    return this.underWay;
  }

  /** Resolves after shutdown; never rejects. */
  async run(shutdown: AbortSignal): Promise<void> {
    const { log, tickMs } = this.parts;
    const aborted = new Promise<void>((done) => shutdown.addEventListener('abort', () => done(), { once: true }));
    while (!shutdown.aborted) {
      try {
        // An endpoint that never answers must not hold up the end of the process either.
        await Promise.race([this.prepare(), aborted]);
        if (this.runner) return await this.runner.run(shutdown);
      } catch (error) {
        this.couldNotOpen(error);
      }
      const pauseMs = pauseAfter(this.opening.failures, tickMs);
      await sleep(pauseMs, undefined, { signal: shutdown }).catch(() => undefined);
    }
    log.info({ chain: this.chain }, 'the chain was never opened');
  }

  private async tryToOpen(): Promise<void> {
    try {
      this.runner ??= await this.open();
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      this.couldNotOpen(error);
    }
  }

  private couldNotOpen(error: unknown): void {
    const { metrics, log } = this.parts;
    const code = codeOf(error);
    metrics.failed(this.chain, code);
    if (this.opening.error !== code) log.error({ chain: this.chain, code, err: error }, 'the chain cannot be opened');
    this.opening = { ...this.opening, error: code, failures: this.opening.failures + 1 };
  }
}
