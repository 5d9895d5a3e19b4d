import type pg from 'pg';

const COPY_DATA = 0x64;
/** CopyOutResponse, ParameterStatus, NoticeResponse, NotificationResponse: they may come between rows. */
const IN_BETWEEN = new Set([0x48, 0x53, 0x4e, 0x41]);
const HEADER = 5;

/** One row of `COPY … TO STDOUT`: `bytes[from, to)`, its line end included. Only valid during the call. */
export type EachRow = (bytes: Buffer, from: number, to: number) => void;

/** What was given since the last time is about to leave its buffer: whoever looks at rows together, looks now. */
export type RowsLeave = () => void;

/**
 * Reads `COPY … TO STDOUT` where it lies in the socket's chunks: nothing is made per row, which is what a stream of rows
 * costs most. Memory is one chunk; as rows are taken synchronously, the socket is the back-pressure. When `each` throws,
 * the rest is let through unread, so that the connection stays usable, and the error is thrown at the end.
 */
export function readCopy(
  client: pg.PoolClient,
  text: string,
  each: EachRow,
  leave: RowsLeave = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyReading(text, each, leave, resolve, reject) as unknown as pg.Submittable);
  });
}

interface Connection {
  readonly stream: NodeJS.EventEmitter;
  query(text: string): void;
}

type OnData = (chunk: Buffer) => void;

class CopyReading {
  private rest: Buffer | null = null;
  private failure: { readonly error: unknown } | null = null;
  private detach: (unread: Buffer) => void = () => undefined;

  constructor(
    private readonly text: string,
    private readonly each: EachRow,
    private readonly leave: RowsLeave,
    private readonly resolve: () => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  /** Takes the place of the driver's own parser until the last row is in. */
  submit(connection: Connection): void {
    const { stream } = connection;
    const [parser] = stream.listeners('data') as OnData[];
    if (!parser) throw new Error('COPY: the connection is not being read');
    const mine: OnData = (chunk) => this.take(chunk);
    stream.removeListener('data', parser);
    stream.on('data', mine);
    this.detach = (unread) => {
      stream.removeListener('data', mine);
      stream.on('data', parser);
      parser(unread);
    };
    connection.query(this.text);
  }

  handleError(error: unknown): void {
    this.reject(error);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    if (this.failure) this.reject(this.failure.error);
    else this.resolve();
  }

  private take(chunk: Buffer): void {
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (at + HEADER <= bytes.length) {
      const code = bytes[at] as number;
      const end = at + 1 + lengthAt(bytes, at + 1);
      if (code !== COPY_DATA && !IN_BETWEEN.has(code)) {
        // The end, or an error: the driver's to read.
        this.left();
        this.rest = null;
        this.detach(bytes.subarray(at));
        return;
      }
      if (end > bytes.length) break;
      if (code === COPY_DATA && this.failure === null) this.give(bytes, at + HEADER, end);
      at = end;
    }
    this.left();
    this.rest = at === bytes.length ? null : bytes.subarray(at);
  }

  private give(bytes: Buffer, from: number, to: number): void {
    try {
      this.each(bytes, from, to);
    } catch (error) {
      this.failure = { error };
    }
  }

  private left(): void {
    if (this.failure !== null) return;
    try {
      this.leave();
    } catch (error) {
      this.failure = { error };
    }
  }
}

/** A message of less than 2 GiB, which all are. */
function lengthAt(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
