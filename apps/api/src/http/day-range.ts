import { daysBetween, parseUtcDay } from '@app/staking-core';
import type { z } from 'zod';
import { day } from './fields.js';

/** More than a year in one list is a mistake or an export; exports are another call. */
const MAX_DAYS = 366n;

export const dayRangeFields = { from: day.optional(), to: day.optional() };

/** `from` <= `to`, and at most 366 days between them. */
export function checkDays(
  query: { from?: string | undefined; to?: string | undefined },
  context: z.RefinementCtx,
): void {
  const from = parseUtcDay(query.from);
  const to = parseUtcDay(query.to);
  if (!from.ok || !to.ok) return;
  const span = daysBetween(from.day, to.day);
  const message = span < 0n ? 'DATE_RANGE: from lies after to' : 'DATE_RANGE: more than 366 days';
  if (span < 0n || span >= MAX_DAYS) context.addIssue({ code: 'custom', path: ['from'], message });
}
