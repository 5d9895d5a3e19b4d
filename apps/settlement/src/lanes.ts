interface Waiting {
  readonly weight: number;
  readonly go: () => void;
}

/**
 * At most so many at once: the process's share of the cores, whatever many tokens have to do. The heaviest goes first,
 * so that the small ones fill what it leaves and nobody waits for a large one at the end.
 */
export class Lanes {
  private free: number;
  private readonly waiting: Waiting[] = [];

  constructor(lanes: number) {
    this.free = lanes;
  }

  /** Weight of all that waits for a lane. */
  get queued(): number {
    return this.waiting.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** `work` must not wait for a lane itself. Of equal weight, in the order they came. */
  async run<T>(weight: number, work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((go) => this.queue({ weight, go }));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next.go();
      else this.free += 1;
    }
  }

  private queue(one: Waiting): void {
    const place = this.waiting.findIndex(({ weight }) => weight < one.weight);
    this.waiting.splice(place < 0 ? this.waiting.length : place, 0, one);
  }
}
