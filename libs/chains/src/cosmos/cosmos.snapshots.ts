import { ChainError } from '../chain-error.js';

/**
 * Books of an account at a cut, kept as text. Ordinary nodes throw states away after some hours or days, so the state of
 * the cut before is kept when it is observed live. What is kept is a fact about one block hash: it saves a read, and
 * never replaces one that can still be made.
 */
export interface CutSnapshots {
  load(key: string): Promise<string | null>;
  /** Kept when it returns. Something else under the same key is refused with an error, and what was first stays. */
  save(key: string, text: string): Promise<void>;
}

/** Lost with the process: then a pruned cut is `STATE_PRUNED`, and an archive endpoint is needed once. */
export class MemorySnapshots implements CutSnapshots {
  private readonly kept = new Map<string, string>();

  constructor(private readonly most = 64) {}

  load(key: string): Promise<string | null> {
    return Promise.resolve(this.kept.get(key) ?? null);
  }

  save(key: string, text: string): Promise<void> {
    if ((this.kept.get(key) ?? text) !== text) {
      const detail = `the books under ${key} were read otherwise before`;
      return Promise.reject(new ChainError('ENDPOINTS_DISAGREE', 'cosmos', detail));
    }
    this.kept.delete(key);
    this.kept.set(key, text);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.most) break;
      this.kept.delete(oldest);
    }
    return Promise.resolve();
  }
}

/** JSON with `bigint` as digits and an `n`: no address or hash has that form. */
export function toText(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one));
}

export function fromText(text: string): unknown {
  return JSON.parse(text, (_, one: unknown) =>
    typeof one === 'string' && /^-?\d+n$/.test(one) ? BigInt(one.slice(0, -1)) : one,
  );
}
