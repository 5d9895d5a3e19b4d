/** What came of one request to the staking service. */
export type ServiceAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly json: unknown }
  /** No answer, or one that says "later": whether it was done is unknown, so the same is sent again. */
  | { readonly kind: 'again'; readonly why: string };

export interface ServiceClientOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Per request. */
  readonly timeoutMs: number;
  readonly stopping: AbortSignal;
}

/** The staking service as this core sees it: HTTP and a bearer key, no code in common. */
export class ServiceClient {
  constructor(private readonly options: ServiceClientOptions) {}

  async send(
    method: 'PUT' | 'POST',
    path: string,
    body: string,
    contentType = 'application/json',
  ): Promise<ServiceAnswer> {
    try {
      const response = await fetch(new URL(path, this.options.baseUrl), {
        method,
        headers: { authorization: `Bearer ${this.options.apiKey}`, 'content-type': contentType },
        body,
        redirect: 'error',
        signal: AbortSignal.any([this.options.stopping, AbortSignal.timeout(this.options.timeoutMs)]),
      });
      const text = await response.text();
      const { status } = response;
      if (status >= 500 || status === 408 || status === 425 || status === 429)
        return { kind: 'again', why: `${method} ${path}: ${status}` };
      return { kind: 'answer', status, json: text === '' ? undefined : JSON.parse(text) };
    } catch (error) {
      const cause =
        error instanceof Error && error.cause instanceof Error
          ? `${error.message}: ${error.cause.message}`
          : String(error);
      return { kind: 'again', why: `${method} ${path}: ${cause}` };
    }
  }
}

/** `code` and `detail` of a problem+json body, as far as it has them. */
export function problemOf(json: unknown): { code: string; detail: string } {
  const body = (typeof json === 'object' && json !== null ? json : {}) as { code?: unknown; detail?: unknown };
  return {
    code: typeof body.code === 'string' ? body.code : 'UNKNOWN',
    detail: typeof body.detail === 'string' ? body.detail : 'no detail',
  };
}
