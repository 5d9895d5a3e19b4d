import { parseInstant, parseUtcDay } from '@app/staking-core';
import { z } from 'zod';

/**
 * Fields that many routes share. A message that begins with `CODE: ` becomes that stable code (see validation.ts), so
 * the schema is at once the check, the documentation and the error.
 */
const text = (what: string) =>
  z.string({
    error: (issue) =>
      issue.input === undefined
        ? `MISSING: ${what} is missing`
        : Array.isArray(issue.input)
          ? `REPEATED: is given more than once`
          : `INVALID: ${what} is a string`,
  });

const USER_ID =
  'USER_ID_FORMAT: 1 to 64 characters in NFC without slashes, spaces at the ends, control or format characters';

/** A user id of the exchange. It becomes part of credit ids and URLs, so twins and invisible characters are refused. */
export function isUserId(id: string): boolean {
  if (id === '' || id === '.' || id === '..' || id.length > 128 || [...id].length > 64) return false;
  return !/[\p{C}\p{Zl}\p{Zp}/\\]|^\s|\s$/u.test(id) && id.normalize('NFC') === id;
}

export const userId = z
  .string({ error: USER_ID })
  .refine(isUserId, USER_ID)
  .meta({ description: 'user id of the exchange', minLength: 1, maxLength: 64, example: 'u1' });

export const tokenName = text('a token')
  .max(64, 'TOKEN_UNKNOWN: is not a token we list')
  .meta({ description: 'symbol or alias of a listed token', example: 'BNB' });

export const day = text('a day')
  .superRefine((value, context) => {
    const parsed = parseUtcDay(value);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: `${parsed.code}: ${parsed.detail}` });
  })
  .meta({ description: 'UTC day', format: 'date', example: '2026-11-19' });

export const instantText = text('a time')
  .superRefine((value, context) => {
    const parsed = parseInstant(value);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: `${parsed.code}: ${parsed.detail}` });
  })
  .meta({ description: 'UTC time with milliseconds', format: 'date-time', example: '2026-11-19T08:00:00.000Z' });

export const limit = text('a limit')
  .regex(/^[1-9][0-9]{0,2}$/, 'LIMIT: a whole number from 1 to 500')
  .refine((value) => Number(value) <= 500, 'LIMIT: a whole number from 1 to 500')
  .transform(Number)
  .meta({ description: 'page size, 1 to 500', example: '100' });

export const cursor = text('a cursor')
  .max(512, 'CURSOR_INVALID: is not a cursor of this list')
  .meta({ description: '`next` of the page before' });

/** Amounts depend on the token's decimals; the route parses them (AMOUNT_* codes). */
export const amountText = z
  .string({
    error: (issue) =>
      issue.input === undefined
        ? 'MISSING: an amount is missing'
        : 'AMOUNT_NOT_STRING: an amount is a string such as "1.5"',
  })
  .meta({ description: 'decimal amount in whole tokens', pattern: '^(0|[1-9][0-9]*)(\\.[0-9]+)?$', example: '1.5' });

export const switchValue = z.boolean({ error: 'INVALID: is true or false' });
