const LIMIT_BYTES = 16 * 1024 * 1024;

/** Body of an answer as text; one that is larger than any honest answer is cut off as an error. */
export async function readLimitedText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size > LIMIT_BYTES) throw new RangeError('the answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
