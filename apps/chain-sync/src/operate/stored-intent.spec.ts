import type { StakeIntent } from '@app/chains';
import { atoms } from '@app/staking-core';

import { intentOf, storedIntent } from './stored-intent.js';

describe('an intent in the database', () => {
  it.each<StakeIntent>([
    { kind: 'delegate', validator: 'a', amount: atoms(2n ** 70n + 1n) },
    { kind: 'undelegate', validator: 'a', amount: atoms(1n) },
    { kind: 'redelegate', from: 'a', to: 'b', amount: atoms(0n) },
    { kind: 'claim', validator: 'a' },
    { kind: 'chill', validator: 'a' },
  ])('R1, R40: $kind comes back as it was stored', (intent) => {
    expect(intentOf(JSON.parse(JSON.stringify(storedIntent(intent))) as Record<string, string>)).toEqual(intent);
  });

  it.each([
    { kind: 'transfer', validator: 'a' },
    { kind: 'chill' },
    { kind: 'delegate', validator: 'a', amount: '1.5' },
  ])('R39: %j is none', (stored) => expect(() => intentOf(stored as Record<string, string>)).toThrow());
});
