import { nextDay, type UtcDay } from '@app/staking-core';
import type { RunningBnbChain } from '../../devnet/chains/bnb/index.js';
import { breatheInto, secondsOf } from './chain-days.js';
import type { Check, LivedDay, TokenDay } from './day-table.js';
import { callJson } from './http-json.js';
import type { LocalWorld } from './local-world.js';

const ONE_BNB = 10n ** 18n;
const SETTLE_PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 60;

interface DayAnswer {
  readonly day: string;
  readonly tokens: Readonly<
    Record<
      string,
      TokenDay & { readonly checks?: readonly Check[]; readonly waitingFor?: string | null; readonly held?: unknown }
    >
  >;
}

interface Books {
  readonly day: string;
  readonly tokens: Readonly<Record<string, { readonly credited: string; readonly users: number }>>;
  readonly balanced: boolean;
}

/**
 * One day of the local world, in the order in which the real one happens: trading and its feed, fees on the chain,
 * midnight, the breathe block, final reading, settlement, credits, books compared. Each step may have been done before.
 */
export async function liveDay(world: LocalWorld, day: UtcDay, progress: (step: string) => void): Promise<LivedDay> {
  const tomorrow = nextDay(day);
  progress('the chain goes into the day');
  await breatheInto(world.chain, day);
  await world.setTime(`${day}T06:00:00.000Z`);
  await includeWaiting(world.chain);
  await payFees(world.chain, day);

  progress('users trade');
  await world.setTime(`${day}T23:59:59.999Z`);
  await callJson('POST', `${world.apps.coreUrl}/dev/day`, { day }, 60_000);

  progress('midnight: the chain pays');
  await breatheInto(world.chain, tomorrow);
  await world.setTime(`${tomorrow}T00:05:00.000Z`);

  progress('settlement');
  const settled = await untilSettled(world, day);
  progress('books');
  const checks = await compareBooks(world, day, settled);
  return { day, tokens: settled.tokens, checks };
}

/** Fees of the day: about 3 % a year on everything staked, a little different every day. */
async function payFees(running: RunningBnbChain, day: UtcDay): Promise<void> {
  const at = secondsOf(day) + 18 * 3_600;
  const head = await running.chain.head();
  if (head.timestamp >= at) return;
  const wobble = BigInt(secondsOf(day) / 86_400) % 7n;
  await running.driver.addFees(14n * ONE_BNB + wobble * (ONE_BNB / 2n) + wobble * 123_456_789n, undefined, at);
}

/** Transactions of ours that wait in the mempool are put into blocks, as miners would. */
async function includeWaiting(running: RunningBnbChain): Promise<void> {
  const status = await running.chain.rpc<{ pending: string }>('txpool_status');
  if (status.pending !== '0x0') {
    await running.driver.mine();
    await running.driver.finalize();
  }
}

async function untilSettled(world: LocalWorld, day: UtcDay): Promise<DayAnswer> {
  const deadline = performance.now() + SETTLE_PATIENCE_MS;
  for (;;) {
    const death = world.apps.death();
    if (death !== undefined) throw new Error(death);
    const answer = await callJson<DayAnswer>('GET', `${world.apps.apiUrl}/v1/days/${day}`);
    const tokens = Object.entries(answer.tokens);
    if (tokens.length > 0 && tokens.every(([, token]) => token.state === 'paid' || token.state === 'held'))
      return answer;
    if (performance.now() > deadline) {
      const waiting = tokens.map(
        ([symbol, token]) =>
          `${symbol} is ${token.state}${token.waitingFor ? `, waiting for ${token.waitingFor}` : ''}`,
      );
      throw new Error(
        `${day} is not settled after ${SETTLE_PATIENCE_MS / 1000} s: ${waiting.join('; ') || 'no token has begun'}; see .local/logs`,
      );
    }
    await includeWaiting(world.chain);
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
  }
}

/** What the core's own ledger credited against what we say we paid, besides the checks of the settlement itself. */
async function compareBooks(world: LocalWorld, day: UtcDay, settled: DayAnswer): Promise<Check[]> {
  const books = await callJson<Books>('GET', `${world.apps.coreUrl}/dev/books?day=${day}`);
  const checks: Check[] = [
    {
      name: 'core-ledger-balances',
      passed: books.balanced,
      detail: 'every balance of the core is the sum of its postings',
    },
  ];
  for (const [token, row] of Object.entries(settled.tokens)) {
    checks.push(...(row.checks ?? []));
    const credited = books.tokens[token]?.credited ?? '0';
    checks.push({ name: `${token}-paid`, passed: row.state === 'paid', detail: `the day is ${row.state}` });
    checks.push({
      name: `${token}-books`,
      passed: credited === (row.paid ?? '0'),
      detail: `the core credited ${credited}, we paid ${row.paid ?? '0'}`,
    });
  }
  return checks;
}
