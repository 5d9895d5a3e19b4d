import { intentsOf, type Cause, type Intent, type Purse } from './habits.js';
import type { Person } from './people.js';
import { SeededRandom } from './seeded-random.js';
import { listedToken } from './tokens.js';

export interface SpotEvent {
  readonly user: string;
  readonly token: string;
  readonly shard: number;
  readonly msOfDay: number;
  readonly freeDelta: bigint;
  readonly lockedDelta: bigint;
  /** After the event. */
  readonly free: bigint;
  readonly locked: bigint;
  readonly cause: Cause;
  /** Set for a credited reward: its ledger entry exists already. */
  readonly creditId?: string;
}

export interface ArrivingCredit {
  readonly id: string;
  readonly user: string;
  readonly token: string;
  readonly atoms: bigint;
  readonly msOfDay: number;
}

export interface DayInputs {
  readonly seed: number;
  readonly dayIndex: number;
  readonly people: readonly Person[];
  /** What the feed said last of each account, by `purseKey`. */
  readonly purses: ReadonlyMap<string, Purse>;
  /** Credits that were posted with a time of this day (R9). */
  readonly credits: readonly ArrivingCredit[];
}

export const purseKey = (user: string, token: string): string => `${user} ${token}`;

/**
 * One UTC day of a whole exchange: pure, the same for the same inputs. Events come ordered by time; those of one
 * person in one millisecond stay in the order they happened (R9).
 */
export function tradingDay(inputs: DayInputs): SpotEvent[] {
  const credits = new Map<string, ArrivingCredit[]>();
  for (const credit of inputs.credits) {
    const key = purseKey(credit.user, credit.token);
    credits.set(key, [...(credits.get(key) ?? []), credit]);
  }
  const events: SpotEvent[] = [];
  for (const person of inputs.people) {
    for (const { token } of person.holdings) {
      events.push(...personsDay(inputs, person, token, credits.get(purseKey(person.id, token)) ?? []));
    }
  }
  // Array.sort is stable: people in their order, and each person's events in theirs.
  return events.sort((a, b) => a.msOfDay - b.msOfDay);
}

type Step = Intent & { readonly creditId?: string };

function personsDay(inputs: DayInputs, person: Person, token: string, credits: readonly ArrivingCredit[]): SpotEvent[] {
  const opening = person.holdings.find((holding) => holding.token === token)!;
  const intents = intentsOf(person.role, {
    token: listedToken(token),
    random: new SeededRandom('day', inputs.seed, inputs.dayIndex, person.id, token),
    phase: inputs.dayIndex % 7,
    dayIndex: inputs.dayIndex,
    size: opening.free + opening.locked,
  });
  const arrivals: Step[] = credits.map(({ id, atoms, msOfDay }) => ({
    ms: msOfDay,
    creditId: id,
    act: () => ({ free: atoms, locked: 0n, cause: 'soft-staking-reward' }),
  }));
  const steps: Step[] = [...intents, ...arrivals].sort((a, b) => a.ms - b.ms);

  let purse = inputs.purses.get(purseKey(person.id, token));
  if (!purse) throw new Error(`the books have no ${token} account of ${person.id}`);
  const events: SpotEvent[] = [];
  for (const { ms, act, creditId } of steps) {
    const move = act(purse);
    if (!move || (move.free === 0n && move.locked === 0n)) continue;
    purse = { free: purse.free + move.free, locked: purse.locked + move.locked };
    if (purse.free < 0n || purse.locked < 0n) throw new Error(`${person.id} would spend ${token} it does not have`);
    events.push({
      user: person.id,
      token,
      shard: person.shard,
      msOfDay: ms,
      freeDelta: move.free,
      lockedDelta: move.locked,
      ...purse,
      cause: move.cause,
      ...(creditId === undefined ? {} : { creditId }),
    });
  }
  return events;
}
