/** R43: a stop or a change takes effect within a second on every process; this is what reading may take of it. */
export const MAX_AGE_MS = 250;

interface Reading<T> {
  readonly startedMs: number;
  readonly value: Promise<T>;
}

/**
 * Something that nearly every call needs and that few ever change, read once for all who ask within a short time, those
 * who ask while it is read among them. Its age counts from before the reading: what comes back late is as old as that.
 * A reading that failed is an error for those who waited for it and nobody's answer after, and what was read before it
 * is not brought up again.
 */
export class KeptReading<T> {
  private last: Reading<T> | undefined;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly maxAgeMs = MAX_AGE_MS,
  ) {}

  get(): Promise<T> {
    const { last } = this;
    return last && performance.now() - last.startedMs < this.maxAgeMs ? last.value : this.fresh();
  }

  /** Begun now, whatever is kept. */
  fresh(): Promise<T> {
    const reading: Reading<T> = { startedMs: performance.now(), value: this.read() };
    this.last = reading;
    reading.value.catch(() => {
      if (this.last === reading) this.last = undefined;
    });
    return reading.value;
  }
}
