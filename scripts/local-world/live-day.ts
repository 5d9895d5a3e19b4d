import { nextDay, type UtcDay } from '@app/staking-core';
import type { LivedDay, SettledToken } from './day-table.js';
import { compareBooks } from './compare-books.js';
import { callJson } from './http-json.js';
import type { LocalWorld } from './local-world.js';

const LOOK_EVERY_MS = 60;

interface DayAnswer {
  readonly day: string;
  readonly tokens: Readonly<Record<string, SettledToken>>;
}

/**
 * One day of the local world, in the order in which the real one happens: trading and its feed, fees on the chain,
 * midnight and what the chains pay, final reading, settlement, credits, books compared. Each step may have been done before.
 */
export async function liveDay(world: LocalWorld, day: UtcDay, progress: (step: string) => void): Promise<LivedDay> {
  const tomorrow = nextDay(day);
  progress('the chains go into the day');
  await world.chains.enterDay(day);
  await world.setTime(`${day}T06:00:00.000Z`);
  await world.chains.includePending();
  await world.chains.liveThrough(day);

  progress('users trade');
  await world.setTime(`${day}T23:59:59.999Z`);
  await callJson('POST', `${world.apps.coreUrl}/dev/day`, { day }, 60_000);

  progress('midnight: the chains pay');
  await world.chains.enterDay(tomorrow);
  await world.setTime(`${tomorrow}T00:05:00.000Z`);

  progress('settlement');
  const settled = await untilSettled(world, day);
  progress('books');
  const told = Object.entries(settled.tokens).filter(([token]) => !world.chains.silentOn(day).includes(token));
  const checks = await compareBooks(world.apps, day, Object.fromEntries(told));
  return { day, tokens: settled.tokens, checks };
}

async function untilSettled(world: LocalWorld, day: UtcDay): Promise<DayAnswer> {
  const patienceMs = world.patienceMs.settlement;
  const deadline = performance.now() + patienceMs;
  const silent = world.chains.silentOn(day);
  for (;;) {
    const death = world.apps.death();
    if (death !== undefined) throw new Error(death);
    const answer = await callJson<DayAnswer>('GET', `${world.apps.apiUrl}/v1/days/${day}`);
    // A chain that stands still delays its own token alone.
    const tokens = Object.entries(answer.tokens).filter(([token]) => !silent.includes(token));
    if (tokens.length > 0 && tokens.every(([, token]) => token.state === 'paid' || token.state === 'held'))
      return answer;
    if (performance.now() > deadline) {
      const waiting = tokens.map(
        ([symbol, token]) =>
          `${symbol} is ${token.state}${token.waitingFor ? `, waiting for ${token.waitingFor}` : ''}`,
      );
      throw new Error(
        `${day} is not settled after ${patienceMs / 1000} s: ${waiting.join('; ') || 'no token has begun'}; see .local/logs`,
      );
    }
    await world.chains.includePending();
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
  }
}
