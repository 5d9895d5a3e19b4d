import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '@app/platform';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { checkBatch, creditUsers, findCredit, listCredits, type CreditBatch } from './credits.js';
import { isDay, isInstant } from './days.js';
import type { Faults } from './faults.js';
import type { SampleCore } from './sample-core.js';
import { jsonBody } from './json-body.js';
import { atEdge } from './tokens.js';

/** The sender's world time, for the time of the credits; development worlds run on their own clock. */
export const WORLD_TIME_HEADER = 'x-world-time';

const SLOW_MS = 2_000;
const HANG_MS = 120_000;

const listQuery = z.strictObject({
  day: z.string().refine(isDay, { message: 'must be an existing day, YYYY-MM-DD', params: { code: 'DATE_INVALID' } }),
  token: z.string().min(1).max(12),
  cursor: z.string().max(400).optional(),
});

/** What the staking service calls: credits in, and questions about credits. */
export function creditRoutes(server: FastifyInstance, core: SampleCore, faults: Faults, secret: string): void {
  const webhook = new Webhook(secret);

  server.post('/credits', async (request, reply) => {
    checkSignature(webhook, request);
    const batch = checkBatch(jsonBody(request));
    const worldTimeMs = worldTimeOf(request);
    const fault = faults.next();
    if (fault === 'status-500') throw new Problem({ status: 500, code: 'INTERNAL', detail: 'asked to fail' });
    if (fault === 'reset') return cut(request, reply);
    if (fault === 'half') {
      const half = batch.credits.slice(0, Math.floor(batch.credits.length / 2));
      await creditUsers(core.pool, { ...batch, credits: half }, worldTimeMs);
      return cut(request, reply);
    }
    const results = await creditUsers(core.pool, batch, worldTimeMs);
    if (fault === 'drop-after-credit') return cut(request, reply);
    if (fault === 'hang') return hang(request, reply);
    if (fault === 'slow') await sleep(SLOW_MS);
    return { results, ...echoOf(batch, fault === 'wrong-total') };
  });

  server.get<{ Params: { id: string } }>('/credits/:id', async (request) => {
    checkSignatureIfAny(webhook, request);
    const credit = await findCredit(core.pool, request.params.id);
    if (credit) return credit;
    throw new Problem({ status: 404, code: 'CREDIT_UNKNOWN', detail: 'no credit of this id was ever made' });
  });

  server.get('/credits', async (request) => {
    checkSignatureIfAny(webhook, request);
    const { day, token, cursor } = listQuery.parse(request.query);
    return listCredits(core.pool, { day, token, after: cursor && Buffer.from(cursor, 'base64url').toString() });
  });
}

/** Count and sum as this core added them up from the items it received. */
function echoOf(batch: CreditBatch, wrong: boolean): { count: number; total: string } {
  return { count: batch.credits.length, total: atEdge(batch.total + (wrong ? 1n : 0n), batch.token) };
}

function checkSignature(webhook: Webhook, request: FastifyRequest): void {
  try {
    const body = typeof request.body === 'string' ? request.body : '';
    webhook.verify(body, request.headers as Record<string, string>, { jsonParse: false });
  } catch {
    const detail = 'the request needs webhook-id, webhook-timestamp and a webhook-signature that fits the body';
    throw new Problem({ status: 401, code: 'SIGNATURE', detail });
  }
}

/** Questions may come unsigned, this core is on loopback; a signature that is there has to be right. */
function checkSignatureIfAny(webhook: Webhook, request: FastifyRequest): void {
  if (request.headers['webhook-signature'] !== undefined) checkSignature(webhook, request);
}

function worldTimeOf(request: FastifyRequest): number | undefined {
  const text = request.headers[WORLD_TIME_HEADER];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && isInstant(text)) return Date.parse(text);
  const detail = `${WORLD_TIME_HEADER} must be a time like 2026-11-20T00:05:00.000Z`;
  throw new Problem({ status: 400, code: 'DATE_FORMAT', detail });
}

/** No answer at all: the connection breaks, and the sender does not know what was done. */
function cut(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
  return reply;
}

function hang(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  const timer = setTimeout(() => request.raw.socket.destroy(), HANG_MS);
  request.raw.socket.once('close', () => clearTimeout(timer));
  return reply;
}
