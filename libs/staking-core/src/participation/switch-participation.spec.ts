import fc from 'fast-check';
import { D, END, HOUR, START } from '../testing/samples.js';
import { countingIntervals } from './counting-intervals.js';
import { switchParticipation } from './switch-participation.js';
import type { ParticipationState, SwitchFacts, SwitchRequest } from './switch-participation.js';

const never: ParticipationState = { kind: 'never' };
const facts: SwitchFacts = {
  currentTermsVersion: 'v2',
  regionAllowed: true,
  userStatus: 'active',
  consentLapsed: false,
};
const on = (atMs: bigint, termsVersion: string | null = 'v2'): SwitchRequest => ({ active: true, atMs, termsVersion });
const off = (atMs: bigint): SwitchRequest => ({ active: false, atMs, termsVersion: null });
const isOn = { kind: 'on', sinceMs: START + HOUR, countsFromMs: END, termsVersion: 'v2' } as const;

describe('switchParticipation', () => {
  it('R4: switching on starts to count at the next 00:00', () => {
    expect(switchParticipation(never, on(START + HOUR), facts)).toEqual({
      kind: 'switched-on',
      state: isOn,
      ended: null,
    });
  });

  it('R3: switching on needs the current terms and an allowed region', () => {
    const refused = (request: SwitchRequest, change: Partial<SwitchFacts> = {}): string => {
      const outcome = switchParticipation(never, request, { ...facts, ...change });
      return outcome.kind === 'refused' ? outcome.code : outcome.kind;
    };
    expect(refused(on(START, null))).toBe('TERMS_VERSION');
    expect(refused(on(START, 'v1'))).toBe('TERMS_VERSION');
    expect(refused(on(START), { regionAllowed: false })).toBe('REGION');
    expect(refused(on(START), { userStatus: 'banned' })).toBe('USER_BANNED');
    expect(refused(on(START), { userStatus: 'closed' })).toBe('USER_CLOSED');
    expect(refused(on(START))).toBe('switched-on');
  });

  it('R5: repeating the same switch changes nothing: no new consent row, no new start', () => {
    expect(switchParticipation(isOn, on(START + 5n * HOUR), facts)).toEqual({ kind: 'unchanged', state: isOn });
    expect(switchParticipation(isOn, on(START + 5n * HOUR, null), facts)).toEqual({ kind: 'unchanged', state: isOn });
    // Even where switching on anew would be refused by now, and even replayed late.
    expect(switchParticipation(isOn, on(START), { ...facts, regionAllowed: false }).kind).toBe('unchanged');
    expect(switchParticipation(never, off(START), facts)).toEqual({ kind: 'unchanged', state: never });
    const isOff: ParticipationState = { kind: 'off', sinceMs: START };
    expect(switchParticipation(isOff, off(START + HOUR), facts)).toEqual({ kind: 'unchanged', state: isOff });
  });

  it('R3: accepting newer terms while on is a new consent, not a new start', () => {
    const older = { ...isOn, termsVersion: 'v1' };
    expect(switchParticipation(older, on(END), facts)).toEqual({ kind: 'terms-accepted', state: isOn });
    expect(switchParticipation(older, on(END, 'v1'), facts).kind).toBe('unchanged');
    expect(switchParticipation(older, on(END), { ...facts, regionAllowed: false })).toMatchObject({ code: 'REGION' });
    expect(switchParticipation(older, on(START), facts)).toMatchObject({ code: 'SWITCH_OUT_OF_ORDER' });
  });

  it('R5: switching off counts at that millisecond', () => {
    expect(switchParticipation(isOn, off(END + 7n), facts)).toEqual({
      kind: 'switched-off',
      state: { kind: 'off', sinceMs: END + 7n },
      counted: { startMs: END, endMs: END + 7n },
    });
  });

  it('R5: off before it started to count leaves nothing counted', () => {
    expect(switchParticipation(isOn, off(START + 2n * HOUR), facts)).toMatchObject({
      kind: 'switched-off',
      counted: null,
    });
    expect(switchParticipation(isOn, off(END), facts)).toMatchObject({ counted: null });
    expect(switchParticipation(isOn, off(END + 1n), facts)).toMatchObject({
      counted: { startMs: END, endMs: END + 1n },
    });
  });

  it('R5: leaving is always allowed: banned, wrong region, old terms', () => {
    const worst: SwitchFacts = {
      currentTermsVersion: 'v9',
      regionAllowed: false,
      userStatus: 'banned',
      consentLapsed: true,
    };
    expect(switchParticipation(isOn, off(END), worst).kind).toBe('switched-off');
  });

  it('R5: off and on again within a day starts anew at the next 00:00', () => {
    const back = switchParticipation({ kind: 'off', sinceMs: END + HOUR }, on(END + 2n * HOUR), facts);
    expect(back).toMatchObject({ kind: 'switched-on', state: { countsFromMs: END + 24n * HOUR }, ended: null });
  });

  it('R5: a switch older than the last one is refused', () => {
    expect(switchParticipation(isOn, off(START), facts)).toMatchObject({ code: 'SWITCH_OUT_OF_ORDER' });
    expect(switchParticipation(isOn, off(isOn.sinceMs), facts).kind).toBe('switched-off');
    expect(switchParticipation({ kind: 'off', sinceMs: END }, on(START), facts)).toMatchObject({
      code: 'SWITCH_OUT_OF_ORDER',
    });
    expect(switchParticipation({ kind: 'off', sinceMs: END }, on(END), facts).kind).toBe('switched-on');
  });

  it('R28: after a lapsed consent switching on is a new start', () => {
    const outcome = switchParticipation(isOn, on(END + 3n * HOUR), { ...facts, consentLapsed: true });
    expect(outcome).toMatchObject({
      kind: 'switched-on',
      state: { sinceMs: END + 3n * HOUR, countsFromMs: END + 24n * HOUR },
      ended: { startMs: END, endMs: END + 3n * HOUR },
    });
    const away = { ...facts, consentLapsed: true, regionAllowed: false };
    expect(switchParticipation(isOn, on(END), away)).toMatchObject({ code: 'REGION' });
  });

  it('R4: nobody ever counts on the day of switching on, whatever is clicked', () => {
    const anyClicks = fc.array(fc.record({ active: fc.boolean(), ms: fc.bigInt({ min: 0n, max: END - START - 1n }) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(anyClicks, (clicks) => {
        let state: ParticipationState = never;
        const periods: { startMs: bigint; endMs: bigint | null }[] = [];
        for (const { active, ms } of [...clicks].sort((a, b) => (a.ms < b.ms ? -1 : 1))) {
          const outcome = switchParticipation(state, active ? on(START + ms) : off(START + ms), facts);
          if (outcome.kind === 'switched-off' && outcome.counted !== null) periods.push(outcome.counted);
          if (outcome.kind !== 'refused') state = outcome.state;
        }
        if (state.kind === 'on') periods.push({ startMs: state.countsFromMs, endMs: null });
        expect(countingIntervals({ day: D, periods, cuts: [], balanceKnownFromMs: 0n }).counting).toEqual([]);
      }),
    );
  });
});
