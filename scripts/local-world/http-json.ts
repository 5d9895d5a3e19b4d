/** The development key of the sample core; production refuses to start with it. */
export const DEV_CORE_KEY = 'dev-core-key';

export class HttpRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'HttpRefusal';
  }
}

/** JSON over loopback HTTP; a refusal becomes one sentence with its stable code. */
export async function callJson<T>(
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  body?: unknown,
  timeoutMs = 30_000,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${DEV_CORE_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new HttpRefusal(
      0,
      'UNREACHABLE',
      `${new URL(url).origin} does not answer (${cause}); is \`npm start\` running?`,
    );
  }
  const text = await response.text();
  if (!response.ok) {
    const problem = asProblem(text);
    throw new HttpRefusal(response.status, problem.code, `${method} ${new URL(url).pathname}: ${problem.detail}`);
  }
  return JSON.parse(text) as T;
}

/** Asks until it answers 2xx; the sentence of the last refusal when it does not within the time. */
export async function untilAnswers(
  url: string,
  timeoutMs: number,
  alive: () => string | undefined = () => undefined,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const death = alive();
    if (death !== undefined) throw new Error(death);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      await response.arrayBuffer();
      if (response.ok) return;
    } catch {
      // not listening yet
    }
    if (performance.now() > deadline) throw new Error(`${url} did not become ready within ${timeoutMs / 1000} s`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

function asProblem(text: string): { code: string; detail: string } {
  try {
    const problem = JSON.parse(text) as { code?: string; detail?: string; title?: string };
    return { code: problem.code ?? 'UNKNOWN', detail: problem.detail ?? problem.title ?? text.slice(0, 200) };
  } catch {
    return { code: 'UNKNOWN', detail: text.slice(0, 200) };
  }
}
