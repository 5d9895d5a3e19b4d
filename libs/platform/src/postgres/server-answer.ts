import pg from 'pg';

/** How a server at a port takes our password and question. */
export type Answer =
  | { readonly kind: 'ready'; readonly dataDirectory: string }
  /** Up, but not taking connections yet or any more (SQLSTATE 57P03), or all slots taken. */
  | { readonly kind: 'busy'; readonly message: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'wrong password'; readonly message: string }
  | { readonly kind: 'stranger'; readonly message: string };

export async function askServer(url: string): Promise<Answer> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that dies while we ask reports here as well; the rejected promise is enough.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
    return { kind: 'ready', dataDirectory: rows[0]?.folder ?? '' };
  } catch (error) {
    return answerOf(error as Error & { code?: string });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function answerOf(error: Error & { code?: string }): Answer {
  const { code, message } = error;
  if (code === '57P03' || code === '53300' || code === '57P01') return { kind: 'busy', message };
  if (code === '28P01' || code === '28000') return { kind: 'wrong password', message };
  if (code === 'ECONNREFUSED') return { kind: 'refused' };
  if (code === 'ECONNRESET' || /terminated|timeout/i.test(message)) return { kind: 'busy', message };
  return { kind: 'stranger', message };
}
