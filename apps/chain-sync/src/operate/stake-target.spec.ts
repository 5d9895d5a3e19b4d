import type { Position, ValidatorState } from '@app/chains';
import { atoms } from '@app/staking-core';
import * as fc from 'fast-check';
import { delegationsToTarget } from './stake-target.js';

const validator = (
  name: string,
  commissionBps = 500n,
  health: ValidatorState['health'] = 'active',
): ValidatorState => ({
  validator: name,
  moniker: name,
  commissionBps,
  health,
  jailedUntilMs: null,
  earning: true,
  totalStake: atoms(0n),
});
const position = (name: string, active: bigint, exiting = 0n): Position => ({
  key: name,
  validator: name,
  active: atoms(active),
  activating: atoms(0n),
  exiting: exiting === 0n ? [] : [{ amount: atoms(exiting), readyAtMs: 0n, readyPeriod: null }],
  withdrawable: atoms(0n),
  claimable: atoms(0n),
});
const POLICY = { shareBps: 8_000n, validators: 2, reserve: atoms(5n) };

describe('delegationsToTarget', () => {
  it('R37: evenly over the healthy validators of lowest commission', () => {
    const validators = [validator('d', 100n, 'jailed'), validator('c', 900n), validator('b'), validator('a')];
    const custody = { liquid: atoms(1_000n), positions: [], validators, minimumDelegation: atoms(10n) };
    expect(delegationsToTarget(custody, POLICY)).toEqual([
      { kind: 'delegate', validator: 'a', amount: 400n },
      { kind: 'delegate', validator: 'b', amount: 400n },
    ]);
  });

  it('adds nothing smaller than what a transaction is worth, however low the minimum of the chain', () => {
    const validators = [validator('a'), validator('b')];
    const custody = { liquid: atoms(240n), positions: [position('a', 400n), position('b', 400n)], validators };
    const asked = (leastStep: bigint) =>
      delegationsToTarget({ ...custody, minimumDelegation: atoms(1n) }, { ...POLICY, leastStep: atoms(leastStep) });
    expect(asked(16n)).toEqual([
      { kind: 'delegate', validator: 'a', amount: 16n },
      { kind: 'delegate', validator: 'b', amount: 16n },
    ]);
    expect(asked(17n)).toEqual([]);
  });

  it('R36: asks for nothing below the minimum of the chain', () => {
    const custody = {
      liquid: atoms(210n),
      positions: [position('a', 395n), position('b', 400n)],
      validators: [validator('a'), validator('b')],
      minimumDelegation: atoms(10n),
    };
    expect(delegationsToTarget(custody, POLICY)).toEqual([]);
  });

  it('R36: staked and asked for together never exceed the share, and the reserve stays liquid', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 30n });
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        amount,
        fc.bigInt({ min: 0n, max: 10_000n }),
        (liquid, a, b, exiting, shareBps) => {
          const positions = [position('a', a, exiting), position('b', b)];
          const validators = [validator('a'), validator('b'), validator('c')];
          const custody = { liquid: atoms(liquid), positions, validators, minimumDelegation: atoms(10n) };
          const intents = delegationsToTarget(custody, { ...POLICY, shareBps });
          const asked = intents.reduce((sum, intent) => sum + ('amount' in intent ? intent.amount : 0n), 0n);
          const target = ((liquid + a + b + exiting) * shareBps) / 10_000n;
          if (asked === 0n) return true;
          return a + b + asked <= target && asked <= liquid - POLICY.reserve;
        },
      ),
    );
  });
});
