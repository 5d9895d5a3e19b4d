import { atoms, signedAtoms } from '../money/atoms.js';
import { checkBalanceChain, feedPlace } from './balance-chain.js';

const balance = (free: bigint, locked = 0n) => ({ freeAtoms: atoms(free), lockedAtoms: atoms(locked) });

describe('checkBalanceChain', () => {
  it('R26: previous + delta = after', () => {
    expect(checkBalanceChain(balance(10n, 1n), { ...balance(7n, 2n), deltaAtoms: signedAtoms(-3n) })).toEqual({
      ok: true,
      balance: balance(7n, 2n),
    });
  });

  it('R26: a mismatch is named with both numbers', () => {
    expect(checkBalanceChain(balance(10n), { ...balance(8n), deltaAtoms: signedAtoms(-3n) })).toEqual({
      ok: false,
      code: 'BALANCE_MISMATCH',
      expectedFreeAtoms: 7n,
      statedFreeAtoms: 8n,
    });
    expect(checkBalanceChain(balance(10n), { ...balance(6n), deltaAtoms: signedAtoms(-3n) })).toMatchObject({
      code: 'BALANCE_MISMATCH',
      expectedFreeAtoms: 7n,
      statedFreeAtoms: 6n,
    });
    expect(checkBalanceChain(balance(1n), { ...balance(0n), deltaAtoms: signedAtoms(-2n) })).toMatchObject({
      code: 'BALANCE_MISMATCH',
      expectedFreeAtoms: -1n,
    });
  });

  it('R26: a snapshot line sets the balance, whatever was believed before', () => {
    expect(checkBalanceChain(null, { ...balance(5n), deltaAtoms: null })).toEqual({ ok: true, balance: balance(5n) });
    expect(checkBalanceChain(balance(9n), { ...balance(5n), deltaAtoms: null })).toEqual({
      ok: true,
      balance: balance(5n),
    });
  });

  it('R26: before the first snapshot line a change says nothing about the balance', () => {
    expect(checkBalanceChain(null, { ...balance(5n), deltaAtoms: signedAtoms(5n) })).toEqual({
      ok: false,
      code: 'BALANCE_UNKNOWN',
      expectedFreeAtoms: null,
      statedFreeAtoms: 5n,
    });
  });
});

describe('feedPlace', () => {
  it('R26: gapless per shard; replayed lines and gaps are told apart', () => {
    expect([feedPlace(0n, 1n), feedPlace(7n, 8n)]).toEqual(['next', 'next']);
    expect([feedPlace(7n, 7n), feedPlace(7n, 1n)]).toEqual(['replayed', 'replayed']);
    expect(feedPlace(7n, 9n)).toBe('gap');
  });
});
