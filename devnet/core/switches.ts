import { DAY_MS, HOUR_MS, MINUTE_MS, dayStart, instant } from './days.js';
import { BANNED_AT } from './habits.js';
import type { Person } from './people.js';

/** The terms this exchange shows its users at the moment. */
export const TERMS_VERSION = '2026-01';

/** A call to the staking service about one user, or about prices. */
export interface OutgoingCall {
  /** Calls of one lane go out in order; the user's id, or `prices`. */
  readonly lane: string;
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Set when the service is meant to refuse. */
  readonly expectStatus?: number;
}

const userPath = (id: string): string => `/v1/users/${encodeURIComponent(id)}`;

export function tellUser(
  person: Person,
  atMs: number,
  status: 'active' | 'banned' | 'closed',
  region = person.region,
): OutgoingCall {
  const owner = person.owner === undefined ? {} : { owner: person.owner };
  return {
    lane: person.id,
    method: 'PUT',
    path: userPath(person.id),
    body: { region, ...owner, status, at: instant(atMs) },
  };
}

export function switchOn(person: Person, atMs: number): OutgoingCall {
  const call: OutgoingCall = {
    lane: person.id,
    method: 'PUT',
    path: `${userPath(person.id)}/participation`,
    body: {
      active: true,
      at: instant(atMs),
      termsVersion: TERMS_VERSION,
      evidence: { channel: 'sample-core', screen: 'earn' },
    },
  };
  return person.role === 'restricted-region' ? { ...call, expectStatus: 403 } : call;
}

export function switchOff(person: Person, atMs: number): OutgoingCall {
  return {
    lane: person.id,
    method: 'PUT',
    path: `${userPath(person.id)}/participation`,
    body: { active: false, at: instant(atMs) },
  };
}

export function tellPrices(atMs: number, prices: Readonly<Record<string, string>>): OutgoingCall {
  return { lane: 'prices', method: 'POST', path: '/v1/prices', body: { at: instant(atMs), prices } };
}

/** Who switches on before the first day; one is meant to be refused (R3). */
export function optsInBeforehand(person: Person): boolean {
  return person.role !== 'never-opts-in' && person.role !== 'late-opt-in';
}

/** What people switch, and what is done to them, on one day; in the order of its times for each person. */
export function switchesOf(person: Person, day: string, dayIndex: number): OutgoingCall[] {
  const time = (hour: number, minute = 0, ms = 0): number => dayStart(day) + hour * HOUR_MS + minute * MINUTE_MS + ms;
  switch (person.role) {
    case 'switches-off-at-noon':
      // R5: off at that very millisecond; R4: on again counts from the next 00:00.
      if (dayIndex % 7 === 0) return [switchOff(person, time(12))];
      return dayIndex % 7 === 1 ? [switchOn(person, time(10))] : [];
    case 'undecided':
      // R5: on while on changes nothing; off and on within a day starts anew at the next 00:00.
      return dayIndex % 7 === 1
        ? [
            switchOn(person, time(8)),
            switchOff(person, time(14)),
            switchOff(person, time(14, 10)),
            switchOn(person, time(14, 30)),
          ]
        : [];
    case 'late-opt-in':
      // R4: the last millisecond of the day still counts from the very next one.
      return dayIndex === 0 ? [switchOn(person, dayStart(day) + DAY_MS - 1)] : [];
    case 'banned':
      return dayIndex === BANNED_AT.dayIndex ? [tellUser(person, dayStart(day) + BANNED_AT.ms, 'banned')] : [];
    case 'moves-away':
      return dayIndex === 2 ? [tellUser(person, time(11, 0, 1), 'active', 'US')] : [];
    default:
      return [];
  }
}
