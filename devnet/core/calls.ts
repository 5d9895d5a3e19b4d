import { Problem } from '@app/platform';
import type pg from 'pg';
import type { Patience } from './patience.js';
import { problemOf, type ServiceClient } from './service-client.js';

/** Lanes that are worked on at the same time; inside a lane calls keep their order. */
const LANES_AT_ONCE = 8;

interface CallRow {
  day: string;
  number: number;
  lane: string;
  method: 'PUT' | 'POST';
  path: string;
  body: string;
  expect_status: number | null;
}

function byLane(rows: readonly CallRow[]): CallRow[][] {
  const lanes = new Map<string, CallRow[]>();
  for (const row of rows) {
    const lane = lanes.get(row.lane);
    if (lane) lane.push(row);
    else lanes.set(row.lane, [row]);
  }
  return [...lanes.values()];
}

export interface CallsDelivery {
  readonly sent: number;
  /** Refusals that were meant to come, for example the opt-in from a region that is not allowed (R3). */
  readonly refusedAsExpected: readonly { path: string; status: number; code: string }[];
}

/** Sends what people switched and what happened to them; each call is safe to repeat, so unknown outcomes are. */
export class CallDelivery {
  constructor(
    private readonly pool: pg.Pool,
    private readonly service: ServiceClient,
    private readonly newPatience: () => Patience,
  ) {}

  /** @throws Problem 502 CALLS_REFUSED naming what was refused and was not meant to be; those stay to be sent again */
  async deliver(): Promise<CallsDelivery> {
    const { rows } = await this.pool.query<CallRow>(
      `SELECT day::text, number, lane, method, path, body::text, expect_status
       FROM sample_core.outgoing_call WHERE state <> 'done' ORDER BY day, number`,
    );
    const lanes = byLane(rows);
    const expected: { path: string; status: number; code: string }[] = [];
    const surprises: string[] = [];
    const worker = async (): Promise<void> => {
      for (let lane = lanes.shift(); lane; lane = lanes.shift()) {
        for (const call of lane) {
          const outcome = await this.sendOne(call);
          if (outcome.surprise) surprises.push(outcome.surprise);
          else if (outcome.refusal) expected.push(outcome.refusal);
          // What follows in this lane builds on what was refused.
          if (outcome.surprise) break;
        }
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: LANES_AT_ONCE }, worker));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    if (surprises.length > 0) {
      const detail = `${surprises.length} calls had another answer than they should: ${surprises.slice(0, 3).join('; ')}`;
      throw new Problem({ status: 502, code: 'CALLS_REFUSED', detail });
    }
    return { sent: rows.length, refusedAsExpected: expected };
  }

  private async sendOne(
    call: CallRow,
  ): Promise<{ surprise?: string; refusal?: { path: string; status: number; code: string } }> {
    const patience = this.newPatience();
    for (;;) {
      const answer = await this.service.send(call.method, call.path, call.body);
      if (answer.kind === 'again') {
        await patience.pause(answer.why);
        continue;
      }
      const { status } = answer;
      const fine = status >= 200 && status < 300;
      const { code, detail } = fine ? { code: null, detail: '' } : problemOf(answer.json);
      const asMeant = call.expect_status === null ? fine : status === call.expect_status;
      await this.pool.query(
        'UPDATE sample_core.outgoing_call SET state = $3, status = $4, code = $5 WHERE day = $1 AND number = $2',
        [call.day, call.number, asMeant ? 'done' : 'refused', status, code],
      );
      if (!asMeant) return { surprise: `${call.method} ${call.path} ${status} ${code ?? 'accepted'} ${detail}`.trim() };
      return code === null ? {} : { refusal: { path: call.path, status, code } };
    }
  }
}
