import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '@app/platform';
import { z } from 'zod';
import { isDay, isInstant } from './days.js';
import { FAULT_KINDS, type Faults } from './faults.js';
import type { SampleCore } from './sample-core.js';
import { jsonBody } from './json-body.js';
import { LISTED } from './tokens.js';

const day = z
  .string()
  .refine(isDay, { message: 'must be an existing day, YYYY-MM-DD', params: { code: 'DATE_INVALID' } });

const openingWith = (defaults: OpeningDefaults) =>
  z.strictObject({
    users: z.int().min(1).max(100_000).default(defaults.users),
    seed: z.int().min(0).default(defaults.seed),
    firstDay: day,
    tokens: z
      .array(z.enum([...LISTED.keys()]))
      .min(1)
      .default([...LISTED.keys()]),
  });
const oneDay = z.strictObject({ day });
const time = z.strictObject({
  now: z
    .string()
    .refine(isInstant, { message: 'must be a time like 2026-11-20T00:05:00.000Z', params: { code: 'DATE_FORMAT' } }),
});
const fault = z.strictObject({
  // 500 is the short way to say status-500; none takes all waiting faults away.
  kind: z.enum([...FAULT_KINDS, '500', 'none']),
  times: z.int().min(1).max(10_000).default(1),
});

/** What the command line said, for an opening that leaves it open. */
export interface OpeningDefaults {
  readonly seed: number;
  readonly users: number;
}

/** What the local world steers this core by; not part of what an exchange would offer. */
export function devRoutes(
  server: FastifyInstance,
  core: SampleCore,
  faults: Faults,
  guard: (request: FastifyRequest) => Promise<void>,
  defaults: OpeningDefaults,
): void {
  const options = { onRequest: guard };
  const opening = openingWith(defaults);
  server.post('/dev/open', options, (request) => core.open(opening.parse(jsonBody(request))));
  server.post('/dev/day', options, (request) => core.runTradingDay(oneDay.parse(jsonBody(request)).day));
  server.post('/dev/deliver', options, () => core.deliver());
  server.post('/dev/time', options, (request) => core.setTime(Date.parse(time.parse(jsonBody(request)).now)));
  server.post('/dev/fault', options, (request) => {
    const { kind, times } = fault.parse(jsonBody(request));
    if (kind === 'none') faults.clear();
    else faults.arm(kind === '500' ? 'status-500' : kind, times);
    return { waiting: faults.list() };
  });
  server.get('/dev/books', options, (request) => core.books(oneDay.parse(request.query).day));
  server.get('/dev/state', options, () => core.state());
  server.get('/dev/people', options, async () => ({ items: await core.people() }));
  server.get<{ Params: { user: string } }>('/dev/accounts/:user', options, async (request) => {
    const account = await core.account(request.params.user);
    if (account) return account;
    throw new Problem({ status: 404, code: 'ACCOUNT_UNKNOWN', detail: 'there is no account of this name' });
  });
}
