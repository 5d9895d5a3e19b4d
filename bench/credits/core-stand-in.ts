import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { numberOf, UNIT, userName } from './credit-day.js';

/** What the stand-in holds in its books. */
export interface CoreReport {
  readonly posts: number;
  readonly credits: number;
  /** Of those, arrived again under the same id: answered as duplicates, booked once. */
  readonly duplicates: number;
  /** The same id with another amount: refused. */
  readonly conflicts: number;
  readonly asked: number;
  /** Most batches that were being answered at one moment. */
  readonly atOnce: number;
  readonly sha256: string;
}

interface Posted {
  readonly token: string;
  readonly day: string;
  readonly credits: readonly {
    readonly id: string;
    readonly user: string;
    readonly amount: string;
    readonly kind: string;
  }[];
}

const DECIMALS = 8;
const PAGE = 500;
export const STAND_IN_SECRET = `whsec_${Buffer.from('the core of a benchmark of credits').toString('base64')}`;

/**
 * A stand-in for the exchange's core over real HTTP: it answers each call after a fixed time, checks signatures, and
 * remembers every id for ever, at nine bytes a user. Other than the sample core it keeps no books but these.
 */
export class CoreStandIn {
  /** Payout units by number of user; 0: nothing booked. */
  private readonly booked: BigInt64Array;
  private readonly webhook = new Webhook(STAND_IN_SECRET);
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  private figures = { posts: 0, credits: 0, duplicates: 0, conflicts: 0, asked: 0, atOnce: 0 };
  private now = 0;

  constructor(
    private readonly users: number,
    private readonly latencyMs: number,
  ) {
    this.booked = new BigInt64Array(users + 1);
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  get credits(): number {
    return this.figures.credits;
  }

  report(): CoreReport {
    const digest = createHash('sha256');
    for (let number = 1; number <= this.users; number += 1) {
      const units = this.booked[number]!;
      if (units !== 0n) digest.update(`${userName(number)}|${units}\n`);
    }
    return { ...this.figures, sha256: digest.digest('hex') };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://core');
    if (request.method === 'POST') return this.post(request, response);
    await pause(this.latencyMs);
    if (url.pathname === '/credits') return json(response, 200, this.page(url.searchParams.get('cursor')));
    this.figures.asked += 1;
    const number = this.numberIn(decodeURIComponent(url.pathname.slice('/credits/'.length)));
    const units = number === undefined ? 0n : this.booked[number]!;
    if (number === undefined || units === 0n) {
      response.setHeader('content-type', 'application/problem+json');
      response.statusCode = 404;
      return void response.end('{"code":"CREDIT_UNKNOWN"}');
    }
    json(response, 200, { ...this.item(number), ...UNIT, creditedAt: new Date().toISOString() });
  }

  private async post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    this.webhook.verify(body, request.headers as Record<string, string>);
    this.now += 1;
    this.figures.posts += 1;
    this.figures.atOnce = Math.max(this.figures.atOnce, this.now);
    const batch = JSON.parse(body) as Posted;
    let total = 0n;
    const results = batch.credits.map((credit) => {
      const units = unitsOf(credit.amount);
      total += units;
      return { id: credit.id, ...this.book(batch, credit.id, credit.user, units) };
    });
    await pause(this.latencyMs);
    this.now -= 1;
    json(response, 200, { results, count: results.length, total: amountOf(total) });
  }

  private book(batch: Posted, id: string, user: string, units: bigint): { status: string; reason?: string } {
    const number = numberOf(user, this.users);
    if (number === undefined || this.numberIn(id) !== number || batch.token !== UNIT.token || batch.day !== UNIT.day)
      return { status: 'rejected', reason: 'UNKNOWN_USER' };
    const known = this.booked[number]!;
    if (known === 0n) {
      this.booked[number] = units;
      this.figures.credits += 1;
      return { status: 'credited' };
    }
    if (known === units) {
      this.figures.duplicates += 1;
      return { status: 'duplicate' };
    }
    this.figures.conflicts += 1;
    return { status: 'rejected', reason: 'ID_CONFLICT' };
  }

  private page(cursor: string | null): unknown {
    const items: unknown[] = [];
    let number = cursor === null ? 1 : Number(cursor);
    for (; number <= this.users && items.length < PAGE; number += 1)
      if (this.booked[number] !== 0n) items.push(this.item(number));
    return { items, next: number <= this.users ? String(number) : null };
  }

  private item(number: number) {
    const user = userName(number);
    return {
      id: `${UNIT.day}.${UNIT.token}.reward.${user}`,
      user,
      amount: amountOf(this.booked[number]!),
      kind: 'reward',
    };
  }

  private numberIn(id: string): number | undefined {
    const prefix = `${UNIT.day}.${UNIT.token}.reward.`;
    return id.startsWith(prefix) ? numberOf(id.slice(prefix.length), this.users) : undefined;
  }
}

function unitsOf(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(DECIMALS, '0'));
}

function amountOf(units: bigint): string {
  const digits = units.toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return digits.slice(0, -DECIMALS) + (fraction === '' ? '' : `.${fraction}`);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.statusCode = status;
  response.end(JSON.stringify(body));
}
