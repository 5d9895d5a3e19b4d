/** What this core can do wrong on purpose with the next calls of POST /credits; development only. */
export const FAULT_KINDS = ['drop-after-credit', 'hang', 'status-500', 'reset', 'half', 'wrong-total', 'slow'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Faults waiting for credit calls, first come first served; gone when the process ends. */
export class Faults {
  private readonly waiting: { kind: FaultKind; times: number }[] = [];

  arm(kind: FaultKind, times: number): void {
    this.waiting.push({ kind, times });
  }

  clear(): void {
    this.waiting.length = 0;
  }

  /** The fault for this call, if one waits. */
  next(): FaultKind | undefined {
    const first = this.waiting[0];
    if (!first) return undefined;
    first.times -= 1;
    if (first.times <= 0) this.waiting.shift();
    return first.kind;
  }

  list(): readonly { kind: FaultKind; times: number }[] {
    return this.waiting.map((fault) => ({ ...fault }));
  }
}
