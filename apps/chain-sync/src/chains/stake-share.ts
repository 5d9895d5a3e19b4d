/** Development policy of every chain: four fifths of custody are staked, the rest is the buffer (R36). */
export const STAKE_SHARE_BPS = 8_000n;
