import { type Atoms, formatAmount, parseAmount, type UtcDay } from '@app/staking-core';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { readLimitedText } from './limited-text.js';

/** One credit as it is sent: the id is permanent (R23). */
export interface Credit {
  readonly id: string;
  readonly user: string;
  readonly amount: Atoms;
  readonly kind: 'reward' | 'adjustment' | 'boost';
}

export interface CreditBatch {
  readonly id: string;
  readonly day: UtcDay;
  readonly token: string;
  readonly decimals: number;
  readonly credits: readonly Credit[];
}

/** The core's answer, item by item. Not believed before `readBatchEcho` has compared it. */
export interface BatchAnswer {
  readonly results: readonly {
    readonly id: string;
    readonly status: 'credited' | 'duplicate' | 'rejected';
    readonly reason?: string;
  }[];
  readonly count: bigint;
  readonly totalAtoms: Atoms;
}

/** A credit as the core has it in its books. */
export interface BookedCredit extends Credit {
  readonly token: string;
  readonly day: string;
}

export interface BookedPage {
  readonly items: readonly Credit[];
  readonly next: string | null;
}

/** `unknown`: it may have been done or not; nothing may be concluded, least of all zero. */
export type Answer<T> =
  { readonly kind: 'answered'; readonly value: T } | { readonly kind: 'unknown'; readonly why: string };

export interface CoreClientOptions {
  readonly url: string;
  /** Standard Webhooks secret, `whsec_...`. */
  readonly secret: string;
  /** One call, connection included. */
  readonly timeoutMs?: number;
  /** Aborts calls under way when the process is asked to end. */
  readonly signal?: AbortSignal;
}

const ID = z.string().min(1).max(256);
const AMOUNT = z.string().max(200);
const KIND = z.enum(['reward', 'adjustment', 'boost']);
const BATCH_ANSWER = z.object({
  results: z.array(
    z.object({
      id: ID,
      status: z.enum(['credited', 'duplicate', 'rejected']),
      reason: z.string().max(1000).optional(),
    }),
  ),
  count: z.int().min(0),
  total: AMOUNT,
});
const BOOKED = z.object({
  id: ID,
  user: z.string().min(1),
  token: z.string(),
  amount: AMOUNT,
  kind: KIND,
  day: z.string(),
});
const PAGE = z.object({
  items: z.array(z.object({ id: ID, user: z.string().min(1), amount: AMOUNT, kind: KIND })),
  next: z.string().min(1).nullish(),
});

/** The exchange's core over HTTP. No call throws for what the core or the network does: it answers `unknown`. */
export class CoreClient {
  private readonly webhook: Webhook;
  private readonly base: string;

  constructor(private readonly options: CoreClientOptions) {
    this.webhook = new Webhook(options.secret);
    this.base = options.url.replace(/\/+$/, '');
  }

  /** `POST /credits`, signed. @param message names this attempt (webhook-id) */
  async post(batch: CreditBatch, message: string): Promise<Answer<BatchAnswer>> {
    const body = JSON.stringify({
      batch: batch.id,
      token: batch.token,
      day: batch.day,
      count: batch.credits.length,
      total: formatAmount(sumOf(batch.credits), batch.decimals),
      credits: batch.credits.map(({ id, user, amount, kind }) => ({
        id,
        user,
        amount: formatAmount(amount, batch.decimals),
        kind,
      })),
    });
    // The signature's time is this machine's: it only proves that the message is fresh.
    const at = new Date();
    const headers = {
      'content-type': 'application/json',
      'webhook-id': message,
      'webhook-timestamp': Math.floor(at.getTime() / 1000).toString(),
      'webhook-signature': this.webhook.sign(message, at, body),
    };
    const answer = await this.call('/credits', { method: 'POST', headers, body });
    if (answer.kind === 'unknown') return answer;
    if (answer.value.status !== 200) return unknown(`the core answered ${answer.value.status} to a batch`);
    return read(BATCH_ANSWER, answer.value.text, (raw) => ({
      results: raw.results.map(({ id, status, reason }) => ({
        id,
        status,
        ...(reason === undefined ? {} : { reason }),
      })),
      count: BigInt(raw.count),
      totalAtoms: amountOf(raw.total, batch.decimals),
    }));
  }

  /** `GET /credits/{id}`; null: the core says that it has no such credit. */
  async find(id: string, decimals: number): Promise<Answer<BookedCredit | null>> {
    const answer = await this.call(`/credits/${encodeURIComponent(id)}`, {});
    if (answer.kind === 'unknown') return answer;
    const { status, type, text } = answer.value;
    // A 404 of a proxy or of a wrong path is no statement about a credit: then it would be sent again for nothing.
    if (status === 404 && type.startsWith('application/problem+json')) return { kind: 'answered', value: null };
    if (status !== 200) return unknown(`the core answered ${status} about a credit`);
    return read(BOOKED, text, (raw) => ({ ...raw, amount: amountOf(raw.amount, decimals) }));
  }

  /** `GET /credits?day&token&cursor`: everything the core has booked for the day, in pages sorted by id. */
  async page(day: UtcDay, token: string, decimals: number, cursor: string | null): Promise<Answer<BookedPage>> {
    const query = new URLSearchParams({ day, token, ...(cursor === null ? {} : { cursor }) });
    const answer = await this.call(`/credits?${query.toString()}`, {});
    if (answer.kind === 'unknown') return answer;
    if (answer.value.status !== 200) return unknown(`the core answered ${answer.value.status} to a listing`);
    return read(PAGE, answer.value.text, (raw) => ({
      items: raw.items.map((item) => ({ ...item, amount: amountOf(item.amount, decimals) })),
      next: raw.next ?? null,
    }));
  }

  private async call(path: string, init: RequestInit): Promise<Answer<{ status: number; type: string; text: string }>> {
    const deadline = AbortSignal.timeout(this.options.timeoutMs ?? 10_000);
    const signal = this.options.signal ? AbortSignal.any([deadline, this.options.signal]) : deadline;
    try {
      const response = await fetch(this.base + path, { ...init, signal, redirect: 'error' });
      const text = await readLimitedText(response);
      return {
        kind: 'answered',
        value: { status: response.status, type: response.headers.get('content-type') ?? '', text },
      };
    } catch (error) {
      return unknown(reasonOf(error));
    }
  }
}

class Unreadable extends Error {}

function read<Raw, T>(schema: z.ZodType<Raw>, text: string, convert: (raw: Raw) => T): Answer<T> {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (!parsed.success)
      return unknown(`the core's answer has another shape: ${parsed.error.issues[0]?.message ?? ''}`);
    return { kind: 'answered', value: convert(parsed.data) };
  } catch (error) {
    return unknown(error instanceof Unreadable ? error.message : "the core's answer is not JSON");
  }
}

function amountOf(text: string, decimals: number): Atoms {
  const parsed = parseAmount(text, decimals);
  if (!parsed.ok) throw new Unreadable(`the core's answer has an amount that is none (${parsed.code})`);
  return parsed.atoms;
}

function sumOf(credits: readonly Credit[]): Atoms {
  return credits.reduce((sum, credit) => sum + credit.amount, 0n) as Atoms;
}

function unknown(why: string): { readonly kind: 'unknown'; readonly why: string } {
  return { kind: 'unknown', why };
}

/** Short and without the address, which may hold a credential. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the call failed';
  if (error.name === 'TimeoutError') return 'the core did not answer in time';
  if (error.name === 'AbortError') return 'the call was given up: this process is ending';
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? `the core cannot be reached (${code})` : `the call failed (${error.name})`;
}
