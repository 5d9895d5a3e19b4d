import { invariant } from '../money/invariant.js';

export interface RewardFacts {
  readonly chain: string;
  readonly positionKey: string;
  /** The chain's own name of the period. */
  readonly period: string;
  readonly kind: string;
}

/** R13: a key made of chain facts alone, so that a rescan from any cursor names the same reward the same. */
export function rewardKey(facts: RewardFacts): string {
  const parts = [facts.chain, facts.positionKey, facts.period, facts.kind];
  for (const part of parts) {
    invariant(part !== '' && !part.includes('|'), 'a part of a reward key is not empty and holds no "|"', { part });
  }
  return parts.join('|');
}
