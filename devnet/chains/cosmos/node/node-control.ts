/** One validator of the local chain. */
export interface Seat {
  readonly number: number;
  readonly moniker: string;
  /** `cosmosvaloper1…` */
  readonly operator: string;
  /** `cosmosvalcons1…` */
  readonly consensus: string;
  /** Silenced by `silence`. */
  readonly down: boolean;
}

export interface NodeStatus {
  readonly chainId: string;
  readonly driven: boolean;
  readonly height: number;
  readonly timeMs: number;
  readonly seats: readonly Seat[];
}

const HOUR_MS = 3_600_000;
/** A long advance is many real blocks. */
const PATIENCE_MS = 300_000;

/** The developer's verbs of the node (control.go). What they cause, the chain's own rules do. */
export class NodeControl {
  constructor(private readonly url: string) {}

  status(): Promise<NodeStatus> {
    return this.call('GET', '/status');
  }

  /** Driven time: so many blocks, each a second after the one before. */
  async blocks(count: number): Promise<void> {
    await this.call('POST', '/blocks', { count });
  }

  /** Driven time: blocks until that time, at most `stepMs` apart and one a second before each UTC midnight. */
  async advance(toMs: number, stepMs: number = HOUR_MS): Promise<void> {
    await this.call('POST', '/advance', { toMs, stepMs });
  }

  /** The seat no longer votes: after half a window of blocks the chain slashes and jails it for downtime. */
  async silence(seat: number): Promise<void> {
    await this.call('POST', '/seats/down', { seat });
  }

  /** It votes again. A jailed one must also be freed by its operator (`unjail`). */
  async revive(seat: number): Promise<void> {
    await this.call('POST', '/seats/up', { seat });
  }

  /** It votes twice in the next block: evidence reaches the chain, which slashes it and buries it for ever. */
  async doubleSign(seat: number): Promise<void> {
    await this.call('POST', '/seats/double-sign', { seat });
  }

  private async call<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${said.trim()}`);
    return JSON.parse(said) as T;
  }
}
