import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

/** Everything that ever happened to the chain, in order: with it, a fresh Bank becomes the same chain again. */
export type ChainEvent =
  | { readonly t: 'transactions'; readonly slot: string; readonly txs: readonly string[] }
  /** The boundary: credits earned in the epoch before, by validator, then the payout over the first blocks. */
  | { readonly t: 'epoch'; readonly epoch: string; readonly credits: readonly string[] }
  | { readonly t: 'commission'; readonly slot: string; readonly validator: number; readonly commission: number }
  | { readonly t: 'delinquent'; readonly slot: string; readonly validator: number; readonly delinquent: boolean }
  /** Credits in the middle of an epoch; the rest comes at its end. */
  | { readonly t: 'votes'; readonly slot: string; readonly validator: number; readonly credits: string }
  /** Slots went by in which nothing happened. */
  | { readonly t: 'head'; readonly slot: string };

export interface RecordedEvent {
  readonly event: ChainEvent;
  /** Digest of what the event did, chained to the one before: a replay that differs is found at once. */
  readonly digest: string;
}

/** `events.jsonl`. A line is on disk before anybody sees what it says. */
export class EventRecord {
  private constructor(
    private readonly file: number,
    readonly events: RecordedEvent[],
  ) {}

  static open(path: string): EventRecord {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    // A line that a kill cut short has been seen by nobody.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const events = whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RecordedEvent);
    if (whole.length !== text.length) truncateSync(path, Buffer.byteLength(whole));
    return new EventRecord(openSync(path, 'a'), events);
  }

  append(one: RecordedEvent): void {
    writeSync(this.file, `${JSON.stringify(one)}\n`);
    fsyncSync(this.file);
    this.events.push(one);
  }

  close(): void {
    closeSync(this.file);
  }
}
