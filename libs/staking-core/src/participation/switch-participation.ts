import type { Interval } from '../time/interval.js';
import { countsFrom } from './counts-from.js';

export type ParticipationState =
  | { readonly kind: 'never' }
  | {
      readonly kind: 'on';
      readonly sinceMs: bigint;
      /** R4: 00:00 of the day after `sinceMs`. */
      readonly countsFromMs: bigint;
      readonly termsVersion: string;
    }
  | { readonly kind: 'off'; readonly sinceMs: bigint };

export interface SwitchRequest {
  readonly active: boolean;
  /** Event time of the core. */
  readonly atMs: bigint;
  /** The terms the user accepted with this switch; null when the request names none. */
  readonly termsVersion: string | null;
}

export interface SwitchFacts {
  readonly currentTermsVersion: string;
  readonly regionAllowed: boolean;
  readonly userStatus: 'active' | 'banned' | 'closed';
  /** R28: the standing consent no longer holds (the region was left in between): switching on is a new start. */
  readonly consentLapsed: boolean;
}

export type SwitchRefusalCode = 'TERMS_VERSION' | 'REGION' | 'USER_BANNED' | 'USER_CLOSED' | 'SWITCH_OUT_OF_ORDER';

type On = Extract<ParticipationState, { kind: 'on' }>;

export type SwitchOutcome =
  /** Nothing to store: no consent row, no new start (R5). */
  | { readonly kind: 'unchanged'; readonly state: ParticipationState }
  /** A new consent row and a new start; `ended` is the lapsed stretch this replaces, if any. */
  | { readonly kind: 'switched-on'; readonly state: On; readonly ended: Interval | null }
  /** A new consent row, the start stays: the user is on already and accepts newer terms. */
  | { readonly kind: 'terms-accepted'; readonly state: On }
  /** `counted`: the stretch that counted; null when it ended before it started to count. */
  | { readonly kind: 'switched-off'; readonly state: ParticipationState; readonly counted: Interval | null }
  | { readonly kind: 'refused'; readonly code: SwitchRefusalCode; readonly detail: string };

/** R3-R5: what one switch request does. Pure: the caller stores the outcome by compare-and-set on the state given.
 *  Switching off is never refused for terms, region or status: leaving is always allowed. */
export function switchParticipation(
  state: ParticipationState,
  request: SwitchRequest,
  facts: SwitchFacts,
): SwitchOutcome {
  return request.active ? switchOn(state, request, facts) : switchOff(state, request);
}

function switchOn(state: ParticipationState, request: SwitchRequest, facts: SwitchFacts): SwitchOutcome {
  const sameAgain = state.kind === 'on' && !facts.consentLapsed;
  const newerTerms =
    state.kind === 'on' &&
    request.termsVersion === facts.currentTermsVersion &&
    state.termsVersion !== facts.currentTermsVersion;
  if (sameAgain && !newerTerms) return { kind: 'unchanged', state };

  const refusal = refuseSwitchOn(state, request, facts);
  if (refusal !== null) return refusal;

  const termsVersion = facts.currentTermsVersion;
  if (sameAgain) return { kind: 'terms-accepted', state: { ...state, termsVersion } };
  return {
    kind: 'switched-on',
    state: { kind: 'on', sinceMs: request.atMs, countsFromMs: countsFrom(request.atMs), termsVersion },
    ended: state.kind === 'on' ? countedStretch(state, request.atMs) : null,
  };
}

function switchOff(state: ParticipationState, request: SwitchRequest): SwitchOutcome {
  if (state.kind !== 'on') return { kind: 'unchanged', state };
  if (request.atMs < state.sinceMs) return outOfOrder();
  return {
    kind: 'switched-off',
    state: { kind: 'off', sinceMs: request.atMs },
    counted: countedStretch(state, request.atMs),
  };
}

function refuseSwitchOn(state: ParticipationState, request: SwitchRequest, facts: SwitchFacts): SwitchOutcome | null {
  if (facts.userStatus === 'banned') return refused('USER_BANNED', 'the user is banned');
  if (facts.userStatus === 'closed') return refused('USER_CLOSED', 'the user is closed');
  if (!facts.regionAllowed) return refused('REGION', 'the product is not offered in the region of the user');
  if (request.termsVersion !== facts.currentTermsVersion) {
    return refused('TERMS_VERSION', `switching on takes the current terms, version ${facts.currentTermsVersion}`);
  }
  if (state.kind !== 'never' && request.atMs < state.sinceMs) return outOfOrder();
  return null;
}

function countedStretch(state: On, endMs: bigint): Interval | null {
  return endMs > state.countsFromMs ? { startMs: state.countsFromMs, endMs } : null;
}

function refused(code: SwitchRefusalCode, detail: string): SwitchOutcome {
  return { kind: 'refused', code, detail };
}

function outOfOrder(): SwitchOutcome {
  return refused('SWITCH_OUT_OF_ORDER', 'a later switch of this user is already known');
}
