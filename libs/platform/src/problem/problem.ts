import { STATUS_CODES } from 'node:http';

/** One field's trouble. `pointer` is a JSON pointer into the body (`/prices/BNB`), or `?name`, `:name`, `header name`. */
export interface ProblemItem {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** The body of every error answer (RFC 9457), content type `application/problem+json`. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly ProblemItem[];
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/**
 * Thrown by controllers to answer with problem+json. `detail` is shown to the caller: no SQL, no secrets.
 * `headers` go out with the answer (`Allow`, `Retry-After`, `WWW-Authenticate`).
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly ProblemItem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(init: {
    readonly status: number;
    readonly code: string;
    readonly detail: string;
    readonly title?: string | undefined;
    readonly errors?: readonly ProblemItem[] | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly cause?: unknown;
  }) {
    super(`${init.code}: ${init.detail}`, init.cause === undefined ? undefined : { cause: init.cause });
    this.status = init.status;
    this.code = init.code;
    this.detail = init.detail;
    this.title = init.title ?? STATUS_CODES[init.status] ?? 'Error';
    this.errors = init.errors ?? [];
    this.headers = init.headers ?? {};
  }

  /** @param instance the request's id, so that the answer and the log line can be matched */
  toDetails(instance: string): ProblemDetails {
    return {
      // RFC 9457: about:blank says that the title is the status' own; the code tells problems apart.
      type: 'about:blank',
      title: this.title,
      status: this.status,
      code: this.code,
      detail: this.detail,
      instance,
      ...(this.errors.length > 0 ? { errors: this.errors } : {}),
    };
  }
}
