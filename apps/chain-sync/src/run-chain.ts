import { setTimeout as sleep } from 'node:timers/promises';
import { ChainError, type TransactionSigner } from '@app/chains';
import { FactContradiction, LeaseLost, type ChainOperationRepository } from '@app/database';
import { InvariantViolation } from '@app/staking-core';
import { observeChain, type ObserveOutcome } from './observe/observe-chain.js';
import type { ObserveParts } from './observe/observe-parts.js';
import { advanceOperations } from './operate/advance-operations.js';
import { claimWhatIsDue } from './operate/claim-what-is-due.js';
import { keepStakeOnTarget } from './operate/keep-stake-on-target.js';
import type { StakePolicy } from './operate/stake-target.js';

/** Delegating, and asking for what is due, with a development key; absent in production. */
export interface DevelopmentOperating {
  readonly signer: TransactionSigner;
  readonly operations: ChainOperationRepository;
  readonly policy: StakePolicy;
}

export interface ChainStatus {
  readonly outcome: ObserveOutcome['kind'] | 'starting';
  /** Code of the last look's error; null when it went well. */
  readonly error: string | null;
  /** Looks in a row that ended in an error. */
  readonly failures: number;
  readonly haltedReason: string | null;
}

const MAX_BACKOFF_MS = 30_000;
const DOUBLINGS_AT_MOST = 5;

/** Follows one chain until told to stop. An error ends one look, never the process: other chains go on. */
export class ChainRunner {
  /** Hash of the final block at which the last plan was made: at the same block the answer is the same. */
  private plannedAt: string | null = null;
  private current: ChainStatus = { outcome: 'starting', error: null, failures: 0, haltedReason: null };

  constructor(
    readonly parts: ObserveParts,
    private readonly operating: DevelopmentOperating | null,
    private readonly tickMs: number,
  ) {}

  get chain(): string {
    return this.parts.adapter.chain;
  }

  get status(): ChainStatus {
    return this.current;
  }

  async run(shutdown: AbortSignal): Promise<void> {
    while (!shutdown.aborted) {
      await this.look(shutdown);
      await sleep(this.pauseMs(), undefined, { signal: shutdown }).catch(() => undefined);
    }
    await this.parts.leadership.release().catch(() => undefined);
    await this.parts.adapter.close().catch((error: unknown) => {
      this.parts.log.warn({ chain: this.chain, err: error }, 'the adapter did not close cleanly');
    });
  }

  /** One look: read what is final, then move what we are doing ourselves. Never throws. */
  async look(shutdown: AbortSignal): Promise<ChainStatus> {
    try {
      const outcome = await observeChain(this.parts, shutdown);
      await this.operate(outcome, shutdown);
      this.went(outcome);
    } catch (error) {
      if (shutdown.aborted) return this.current;
      this.failed(error);
    }
    return this.current;
  }

  private async operate(outcome: ObserveOutcome, shutdown: AbortSignal): Promise<void> {
    if (!this.operating || (outcome.kind !== 'observed' && outcome.kind !== 'not-started')) return;
    const { adapter, metrics, log, reach, leadership } = this.parts;
    const { signer, operations, policy } = this.operating;
    const held = await leadership.hold();
    if (!held) return;
    const signal = AbortSignal.any([shutdown, held.signal]);
    const parts = { adapter, signer, operations, lease: held.lease, metrics, log, reach };
    await advanceOperations(parts, outcome.final, signal);
    if (this.plannedAt === outcome.final.hash) return;
    const claims = await claimWhatIsDue(parts, outcome.final, signal);
    // With a claim under way it plans nothing: rewards come first, they are what days wait for (R19).
    const planned = claims + (await keepStakeOnTarget(parts, policy, outcome.final, signal));
    this.plannedAt = outcome.final.hash;
    if (planned > 0) await advanceOperations(parts, outcome.final, signal);
  }

  private went(outcome: ObserveOutcome): void {
    const { metrics, log } = this.parts;
    const haltedReason = outcome.kind === 'halted' ? outcome.reason : null;
    if (haltedReason !== null && this.current.haltedReason !== haltedReason) {
      log.error({ chain: this.chain, reason: haltedReason }, 'chain is halted');
    }
    metrics.leading(this.chain, outcome.kind !== 'standby');
    if (outcome.kind !== 'standby') metrics.halted(this.chain, haltedReason !== null);
    this.current = { outcome: outcome.kind, error: null, failures: 0, haltedReason };
  }

  private failed(error: unknown): void {
    const { leadership, metrics, log } = this.parts;
    if (error instanceof LeaseLost) leadership.drop();
    const code = codeOf(error);
    metrics.failed(this.chain, code);
    const changed = this.current.error !== code;
    const level = isExpected(error) ? 'warn' : 'error';
    if (changed || level === 'error') log[level]({ chain: this.chain, code, err: error }, 'look at the chain failed');
    this.current = { ...this.current, error: code, failures: this.current.failures + 1 };
  }

  private pauseMs(): number {
    return pauseAfter(this.current.failures, this.tickMs);
  }
}

/** Twice as long after each failure in a row, up to half a minute. */
export function pauseAfter(failures: number, tickMs: number): number {
  const doublings = Math.min(failures, DOUBLINGS_AT_MOST);
  return Math.min(tickMs * 2 ** doublings, Math.max(tickMs, MAX_BACKOFF_MS));
}

export const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNEXPECTED';
};

function isExpected(error: unknown): boolean {
  if (error instanceof InvariantViolation || error instanceof FactContradiction) return false;
  if (error instanceof ChainError) return error.retryable;
  return error instanceof Error && 'retryable' in error && error.retryable === true;
}
