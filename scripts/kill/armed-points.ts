/**
 * The fault points of the stretch that is being lived, and how often each was hit. Both workers of a kind are armed
 * with the same point: whoever gets there first falls.
 */
export class ArmedPoints {
  readonly hits = new Map<string, number>();
  private open: string[] = [];

  /** Points that were not reached in the stretch before are dropped: that moment has passed. */
  nextStretch(points: readonly string[]): void {
    this.open = [...points];
  }

  /** FAULT_AT for a new life of a worker of this program. */
  armFor(program: string): string | undefined {
    const point = this.open.find((name) => name.startsWith(`${program}.`));
    return point === undefined ? undefined : `${point}:1`;
  }

  /** @returns the point's name */
  fell(faultAt: string): string {
    const [point = faultAt] = faultAt.split(':');
    this.hits.set(point, (this.hits.get(point) ?? 0) + 1);
    this.open = this.open.filter((name) => name !== point);
    return point;
  }

  waiting(program: string): boolean {
    return this.armFor(program) !== undefined;
  }
}
