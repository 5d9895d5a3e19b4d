import { atoms } from '../money/atoms.js';
import { waitingFor } from './day-inputs.js';

describe('waitingFor', () => {
  const known = {
    rulesInForce: true,
    feedClosed: true,
    observedAtoms: atoms(0n),
    stakeAtoms: atoms(0n),
    leftoverBeforeAtoms: atoms(0n),
  };

  it('R19: an unread value is unknown, never zero: the day waits', () => {
    expect(waitingFor({ ...known, observedAtoms: null })).toEqual(['CHAIN_REWARDS']);
    expect(waitingFor({ ...known, stakeAtoms: null })).toEqual(['CHAIN_STAKE']);
    expect(waitingFor({ ...known, leftoverBeforeAtoms: null })).toEqual(['DAY_BEFORE']);
  });

  it('R17: a read zero is a value: a day without yield goes on', () => {
    expect(waitingFor(known)).toEqual([]);
  });

  it('R21: waits for the feed of every shard and for rules, and says all it waits for', () => {
    const nothing = {
      rulesInForce: false,
      feedClosed: false,
      observedAtoms: null,
      stakeAtoms: null,
      leftoverBeforeAtoms: null,
    };
    expect(waitingFor(nothing)).toEqual(['RULES', 'FEED', 'CHAIN_REWARDS', 'CHAIN_STAKE', 'DAY_BEFORE']);
  });
});
