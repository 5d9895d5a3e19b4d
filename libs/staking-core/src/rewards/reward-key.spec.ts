import { rewardKey } from './reward-key.js';

describe('rewardKey', () => {
  const facts = { chain: 'bnb', positionKey: 'bnb:0xabc:0xdef', period: '20411', kind: 'protocol' };

  it('R13: is made of chain facts alone: chain, position, period, kind', () => {
    expect(rewardKey(facts)).toBe('bnb|bnb:0xabc:0xdef|20411|protocol');
    const others = [{ chain: 'x' }, { positionKey: 'x' }, { period: 'x' }, { kind: 'x' }].map((one) =>
      rewardKey({ ...facts, ...one }),
    );
    expect(new Set([...others, rewardKey(facts)]).size).toBe(5);
  });

  it('R13: two different rewards can never share a key', () => {
    expect(() => rewardKey({ ...facts, period: '' })).toThrow(/reward key/);
    expect(() => rewardKey({ ...facts, period: 'a|b' })).toThrow(/reward key/);
  });
});
