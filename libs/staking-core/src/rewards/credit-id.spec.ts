import fc from 'fast-check';
import { D } from '../testing/samples.js';
import { CREDIT_KINDS, batchId, creditId, parseCreditId } from './credit-id.js';

const name = { day: D, token: 'BNB', kind: 'reward', user: 'u1' } as const;

describe('creditId', () => {
  it('R23: is f(day, token, kind, user)', () => {
    expect(creditId(name)).toBe('2026-11-19.BNB.reward.u1');
    expect(batchId(D, 'BNB', 'reward', 1)).toBe('2026-11-19.BNB.reward.b1');
  });

  it('R23: the same credit has the same id for ever, another credit another one; it can be read back', () => {
    const anyName = fc.record({
      day: fc.constantFrom(D),
      token: fc.stringMatching(/^[A-Z0-9]{1,6}$/),
      kind: fc.constantFrom(...CREDIT_KINDS),
      user: fc.string({ minLength: 1 }),
    });
    fc.assert(fc.property(anyName, (one) => expect(parseCreditId(creditId(one))).toEqual(one)));
    expect(parseCreditId('2026-11-19.BNB.reward.a.b.c')).toMatchObject({ user: 'a.b.c' });
  });

  it.each([
    '',
    'x',
    '2026-11-19.BNB.reward',
    '2026-11-19.BNB.reward.',
    '2026-02-30.BNB.reward.u1',
    '2026-11-19.BNB.gift.u1',
    '.BNB.reward.u1',
    'x2026-11-19.BNB.reward.u1',
  ])('R23: %j is not one of ours', (id) => expect(parseCreditId(id)).toBeNull());

  it('R23: parts that would make an id ambiguous are refused', () => {
    expect(() => creditId({ ...name, token: 'B.NB' })).toThrow(/letters and digits/);
    expect(() => creditId({ ...name, token: '' })).toThrow(/letters and digits/);
    expect(() => creditId({ ...name, user: '' })).toThrow(/has a user/);
    expect(() => batchId(D, 'B.NB', 'reward', 1)).toThrow(/letters and digits/);
    for (const number of [-1, 1.5]) expect(() => batchId(D, 'BNB', 'reward', number)).toThrow(/batch number/);
    expect(batchId(D, 'BNB', 'boost', 0)).toBe('2026-11-19.BNB.boost.b0');
  });
});
