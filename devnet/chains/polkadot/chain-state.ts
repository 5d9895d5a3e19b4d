/** Every value that every key ever had, so that the state after any block can be asked for. */
export class ChainState {
  private readonly versions = new Map<string, { height: number; value: string | null }[]>();
  private readonly sorted: string[];

  constructor(first: Readonly<Record<string, string>>, height: number) {
    for (const [key, value] of Object.entries(first)) this.versions.set(key, [{ height, value }]);
    this.sorted = [...this.versions.keys()].sort();
  }

  apply(height: number, changes: readonly (readonly [string, string | null])[]): void {
    for (const [key, value] of changes) {
      const known = this.versions.get(key);
      if (known === undefined) {
        this.versions.set(key, [{ height, value }]);
        this.sorted.splice(this.placeOf(key), 0, key);
      } else if (known.at(-1)?.height === height) known[known.length - 1] = { height, value };
      else known.push({ height, value });
    }
  }

  /** Forgets what blocks above `height` changed. */
  truncate(height: number): void {
    for (const known of this.versions.values()) {
      while ((known.at(-1)?.height ?? 0) > height) known.pop();
    }
  }

  get(key: string, height: number): string | null {
    const known = this.versions.get(key) ?? [];
    let low = 0;
    let high = known.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((known[middle]?.height ?? 0) <= height) low = middle + 1;
      else high = middle;
    }
    return known[low - 1]?.value ?? null;
  }

  /** Keys with the prefix after `start`, in order, that have a value at that height. */
  keys(prefix: string, count: number, start: string, height: number): string[] {
    const found: string[] = [];
    for (let i = this.placeOf(prefix); i < this.sorted.length && found.length < count; i++) {
      const key = this.sorted[i] ?? '';
      if (!key.startsWith(prefix)) break;
      if (key > start && this.get(key, height) !== null) found.push(key);
    }
    return found;
  }

  private placeOf(key: string): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.sorted[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
