import { createHash } from 'node:crypto';
import { Problem } from '@app/platform';

/**
 * A cursor is the last row's key, bound to the list it came from: the same call with another filter or another user
 * refuses it. It is no secret and no credential.
 * @param scope everything that makes the list what it is, e.g. `['rewards', user, token]`
 */
export function encodeCursor(scope: readonly (string | undefined)[], key: readonly string[]): string {
  return Buffer.from(JSON.stringify([digestOf(scope), ...key]), 'utf8').toString('base64url');
}

/** @throws Problem 400 CURSOR_INVALID for anything that `encodeCursor` did not make for this list */
export function decodeCursor(scope: readonly (string | undefined)[], cursor: string, length: number): string[] {
  const parts = partsOf(cursor);
  if (parts.length !== length + 1 || encodeCursor(scope, parts.slice(1)) !== cursor) {
    throw cursorInvalid();
  }
  return parts.slice(1);
}

export function cursorInvalid(): Problem {
  return new Problem({
    status: 400,
    code: 'CURSOR_INVALID',
    detail: 'this is not a cursor of this list: repeat the call without it',
    errors: [{ pointer: '/cursor', code: 'CURSOR_INVALID', message: 'is not a cursor of this list' }],
  });
}

function partsOf(cursor: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) && parts.every((part): part is string => typeof part === 'string') ? parts : [];
  } catch {
    return [];
  }
}

function digestOf(scope: readonly (string | undefined)[]): string {
  return createHash('sha256')
    .update(JSON.stringify(scope.map((part) => part ?? null)))
    .digest('base64url')
    .slice(0, 12);
}
