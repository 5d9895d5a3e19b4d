import type { ChainName } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { RevertError } from './rpc-fault.js';

export interface EndpointPoolOptions<E> {
  readonly chain: ChainName;
  readonly endpoints: readonly E[];
  /** Throws unless the endpoint serves the configured chain. Asked before its first use and every `recheckMs`. */
  readonly check: (endpoint: E, signal: AbortSignal) => Promise<void>;
  readonly recheckMs: number;
  /** For so long after a failure an endpoint is asked last; up to 16 times as long when it fails again and again. */
  readonly coolDownMs: number;
}

interface Seat<E> {
  readonly endpoint: E;
  readonly place: number;
  checkedAt: number | null;
  failedAt: number | null;
  /** In a row. */
  failures: number;
}

/**
 * Several endpoints for one chain. A whole piece of work runs on one endpoint, so that what it reads belongs together;
 * when it fails there, the work is done again, from its beginning, on the next. Work must therefore only read, or be
 * harmless to repeat. If all fail, the caller gets an error, never a default (R19).
 */
export class EndpointPool<E> {
  private readonly seats: Seat<E>[];

  constructor(private readonly options: EndpointPoolOptions<E>) {
    this.seats = options.endpoints.map((endpoint, place) => ({
      endpoint,
      place,
      checkedAt: null,
      failedAt: null,
      failures: 0,
    }));
    if (this.seats.length === 0) throw new ChainError('REFUSED', options.chain, 'no RPC endpoint is configured');
  }

  get size(): number {
    return this.seats.length;
  }

  async run<T>(signal: AbortSignal, work: (endpoint: E) => Promise<T>): Promise<T> {
    return (await this.first(signal, this.inOrder(), work)).value;
  }

  /**
   * Does the work on two endpoints and returns both results; `second` is null when there is no second endpoint, or
   * none that answers. The caller compares.
   */
  async runOnTwo<T>(
    signal: AbortSignal,
    work: (endpoint: E) => Promise<T>,
  ): Promise<{ readonly first: T; readonly second: T | null }> {
    const one = await this.first(signal, this.inOrder(), work);
    const others = this.inOrder().filter((seat) => seat !== one.seat);
    if (others.length === 0) return { first: one.value, second: null };
    try {
      return { first: one.value, second: (await this.first(signal, others, work)).value };
    } catch (error) {
      // A second endpoint that refuses our reading outright contradicts the first: that must not be overlooked.
      if (!(error instanceof ChainError) || error.code === 'IDENTITY_BROKEN') throw error;
      return { first: one.value, second: null };
    }
  }

  /**
   * The answers of all endpoints that give one (those that failed lately are left in peace while others answer). For
   * what may be known to one endpoint earlier than to another; the caller chooses.
   */
  async all<T>(signal: AbortSignal, work: (endpoint: E) => Promise<T>): Promise<readonly T[]> {
    const seats = this.inOrder();
    const rested = seats.filter((seat) => !this.isCooling(seat));
    const asked = rested.length > 0 ? rested : seats;
    const answers = await Promise.allSettled(asked.map(async (seat) => this.first(signal, [seat], work)));
    const good = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.value] : []));
    if (good.length > 0) return good;
    signal.throwIfAborted();
    const errors = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    const unexpected = errors.find((error) => !(error instanceof ChainError));
    if (unexpected !== undefined) throw unexpected;
    const left = seats.filter((seat) => !asked.includes(seat));
    if (left.length > 0) return [(await this.first(signal, left, work)).value];
    throw this.verdict(errors.filter((error) => error instanceof ChainError));
  }

  /** Every endpoint's own answer or error, in the configured order. */
  async each<T>(work: (endpoint: E) => Promise<T>): Promise<readonly PromiseSettledResult<T>[]> {
    return Promise.allSettled(this.seats.map((seat) => work(seat.endpoint)));
  }

  private async first<T>(
    signal: AbortSignal,
    seats: readonly Seat<E>[],
    work: (endpoint: E) => Promise<T>,
  ): Promise<{ readonly value: T; readonly seat: Seat<E> }> {
    const failures: ChainError[] = [];
    for (const seat of seats) {
      signal.throwIfAborted();
      try {
        await this.checked(seat, signal);
        const value = await work(seat.endpoint);
        seat.failedAt = null;
        seat.failures = 0;
        return { value, seat };
      } catch (error) {
        if (!(error instanceof ChainError) || !anotherMayKnow(error)) throw error;
        seat.failedAt = performance.now();
        seat.failures += 1;
        if (error.code === 'WRONG_CHAIN') seat.checkedAt = null;
        failures.push(error);
      }
    }
    throw this.verdict(failures);
  }

  private async checked(seat: Seat<E>, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    if (seat.checkedAt !== null && now - seat.checkedAt < this.options.recheckMs) return;
    await this.options.check(seat.endpoint, signal);
    seat.checkedAt = now;
  }

  /** The configured order; those that failed lately come last. */
  private inOrder(): Seat<E>[] {
    return [...this.seats].sort((a, b) => Number(this.isCooling(a)) - Number(this.isCooling(b)) || a.place - b.place);
  }

  private isCooling(seat: Seat<E>): boolean {
    // Longer each time, so that one that hangs does not cost its timeout over and over.
    const rest = this.options.coolDownMs * 2 ** Math.min(seat.failures - 1, 4);
    return seat.failedAt !== null && performance.now() - seat.failedAt < rest;
  }

  /** One error for all: a retryable one if there is any, for then waiting may help. */
  private verdict(failures: readonly ChainError[]): ChainError {
    const chosen = failures.find((one) => one.retryable) ?? failures[0];
    if (chosen === undefined) return new ChainError('UNREACHABLE', this.options.chain, 'no endpoint was asked');
    if (failures.length === 1) return chosen;
    const said = failures.map((one) => `${one.code} (${withoutChain(one)})`).join('; ');
    return new ChainError(chosen.code, this.options.chain, `no endpoint answered: ${said}`, {
      cause: new AggregateError(failures),
    });
  }
}

/** A revert and a broken identity are findings about the chain, not about the endpoint: they go to the caller. */
function anotherMayKnow(error: ChainError): boolean {
  return !(error instanceof RevertError) && error.code !== 'IDENTITY_BROKEN' && error.code !== 'ENDPOINTS_DISAGREE';
}

function withoutChain(error: ChainError): string {
  return error.message.replace(`${error.chain}: `, '');
}
