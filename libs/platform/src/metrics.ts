import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** One process's figures. A name asked for twice gives the same instrument, so modules need not share variables. */
export class Metrics {
  readonly registry = new Registry();

  /** @param options.runtime adds Node's own figures (memory, event loop, garbage collection) */
  constructor(options: { readonly app: string; readonly runtime?: boolean }) {
    this.registry.setDefaultLabels({ app: options.app });
    if (options.runtime) collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return this.once(name, () => new Counter<L>({ name, help, labelNames, registers: [this.registry] }), Counter);
  }

  gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return this.once(name, () => new Gauge<L>({ name, help, labelNames, registers: [this.registry] }), Gauge);
  }

  /** @param buckets upper bounds in seconds */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets: number[] = [0.005, 0.025, 0.1, 0.25, 1, 5, 30],
  ): Histogram<L> {
    const make = () => new Histogram<L>({ name, help, labelNames, buckets, registers: [this.registry] });
    return this.once(name, make, Histogram);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Text for `GET /metrics`. */
  render(): Promise<string> {
    return this.registry.metrics();
  }

  private once<M extends object>(name: string, make: () => M, kind: { readonly name: string }): M {
    const known: unknown = this.registry.getSingleMetric(name);
    if (known === undefined) return make();
    if ((known as object).constructor.name !== kind.name) throw new TypeError(`metric ${name} is of another kind`);
    return known as M;
  }
}

export type { Counter, Gauge, Histogram } from 'prom-client';
