import { PublicKey, StakeProgram, SYSVAR_STAKE_HISTORY_PUBKEY, SystemProgram } from '@solana/web3.js';

export const LAMPORTS_PER_SOL = 1_000_000_000n;

/** A little slower than the 400 ms that are aimed at, as the real chain is: an epoch lasts 48 h 36 min. */
export const SLOT_MS = 405n;
export const SLOTS_PER_EPOCH = 432_000n;
/** The first epoch of full length: before it, epochs double from 32 slots on. Our chain begins here. */
export const FIRST_EPOCH = 14n;
export const FIRST_SLOT = 524_256n;
/** The first slots of the chain's life, where the genesis accounts are already in force. */
export const START_SLOT = FIRST_SLOT + 1n;

/** So many slots behind the head a block is final. */
export const FINAL_LAG = 32n;
/** Blocks for which a blockhash may be used. */
export const BLOCKHASH_BLOCKS = 150n;

/** One slot in 23 has no block: its leader was not there. */
const SKIP_EVERY = 23n;
const SKIP_AT = 11n;

export const isSkipped = (slot: bigint): boolean => slot % SKIP_EVERY === SKIP_AT;

/** The slot itself, or the next that has a block. */
export const liveSlotFrom = (slot: bigint): bigint => (isSkipped(slot) ? slot + 1n : slot);

/** Blocks up to and including the slot's, counted from slot 0. */
export const blockHeightAt = (slot: bigint): bigint => {
  const skipped = slot < SKIP_AT ? 0n : (slot - SKIP_AT) / SKIP_EVERY + 1n;
  return slot - skipped;
};

export const epochOf = (slot: bigint): bigint => FIRST_EPOCH + (slot - FIRST_SLOT) / SLOTS_PER_EPOCH;
export const firstSlotOf = (epoch: bigint): bigint => FIRST_SLOT + (epoch - FIRST_EPOCH) * SLOTS_PER_EPOCH;

export const STAKE_PROGRAM = StakeProgram.programId;
export const VOTE_PROGRAM = new PublicKey('Vote111111111111111111111111111111111111111');
export const SYSTEM_PROGRAM = SystemProgram.programId;
export const STAKE_HISTORY = SYSVAR_STAKE_HISTORY_PUBKEY;
export const EPOCH_REWARDS = new PublicKey('SysvarEpochRewards1111111111111111111111111');
export const SYSVAR_OWNER = new PublicKey('Sysvar1111111111111111111111111111111111111');

export const STAKE_BYTES = 200;
export const VOTE_BYTES = 3_762;
/** (bytes + 128) x 6,960: what the Bank's rent sysvar comes to. */
export const rentFor = (bytes: number): bigint => (BigInt(bytes) + 128n) * 6_960n;
