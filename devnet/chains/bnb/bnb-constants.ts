/** Addresses of BNB Smart Chain's system contracts: the same on main network, Chapel and here. */
export const BNB_SYSTEM = {
  validatorSet: '0x0000000000000000000000000000000000001000',
  systemReward: '0x0000000000000000000000000000000000001002',
  stakeHub: '0x0000000000000000000000000000000000002002',
  stakeCredit: '0x0000000000000000000000000000000000002003',
} as const;

export const BNB_CHAIN_ID = 56;
export const DAY_SECONDS = 86_400;
export const ONE_BNB = 10n ** 18n;

/** Seconds between blocks when the caller names no time. The real chain makes a block in 0.45 s; a model need not. */
export const BLOCK_SECONDS = 3;

export function utcDay(timestamp: number): string {
  return new Date(timestamp * 1000).toISOString().slice(0, 10);
}
