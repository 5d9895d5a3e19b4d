export interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly checks: Readonly<Record<string, { readonly status: 'ok' | 'failing'; readonly detail?: string }>>;
}

/** A probe resolves when all is well (with a short remark if it likes) and rejects when not. */
export type HealthProbe = () => Promise<string | void>;

/**
 * Readiness of a process: each named probe asked at the same time, one that does not answer in time counts as failing.
 * The detail of a failure is the error's message without its stack; give probes that say nothing secret.
 */
export class HealthChecks {
  private readonly probes = new Map<string, HealthProbe>();

  constructor(private readonly timeoutMs = 2_000) {}

  add(name: string, probe: HealthProbe): this {
    this.probes.set(name, probe);
    return this;
  }

  async report(): Promise<HealthReport> {
    const entries = await Promise.all(
      [...this.probes].map(async ([name, probe]) => [name, await this.ask(probe)] as const),
    );
    const failing = entries.some(([, check]) => check.status === 'failing');
    return { status: failing ? 'failing' : 'ok', checks: Object.fromEntries(entries) };
  }

  private async ask(probe: HealthProbe): Promise<HealthReport['checks'][string]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${this.timeoutMs} ms`)), this.timeoutMs);
    });
    try {
      const remark = await Promise.race([Promise.resolve().then(probe), late]);
      return remark ? { status: 'ok', detail: remark } : { status: 'ok' };
    } catch (error) {
      return { status: 'failing', detail: error instanceof Error ? error.message : 'failed' };
    } finally {
      clearTimeout(timer);
    }
  }
}
