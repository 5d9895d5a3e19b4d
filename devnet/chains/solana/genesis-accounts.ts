import type { PublicKey } from '@solana/web3.js';

import { devKey } from './dev-keys.js';
import {
  LAMPORTS_PER_SOL,
  STAKE_BYTES,
  STAKE_PROGRAM,
  SYSTEM_PROGRAM,
  VOTE_BYTES,
  VOTE_PROGRAM,
  rentFor,
} from './sol-constants.js';

export interface ValidatorSpec {
  readonly commission: number;
  /** What others have staked with it from the beginning. */
  readonly stakeSol: bigint;
  /** Vote credits it earns in an epoch; 432,000 is one for every slot. */
  readonly credits: bigint;
}

/** Between them 4 million SOL of other people's stake. */
export const DEFAULT_VALIDATORS: readonly ValidatorSpec[] = [
  { commission: 5, stakeSol: 1_600_000n, credits: 431_000n },
  { commission: 7, stakeSol: 1_000_000n, credits: 429_500n },
  { commission: 0, stakeSol: 800_000n, credits: 430_200n },
  { commission: 10, stakeSol: 600_000n, credits: 425_000n },
];

/**
 * The Bank takes a slot to last 6.4 ms when it turns a yearly inflation into that of an epoch, so an epoch of ours pays
 * about a 63rd. A supply that is so much larger than the stake brings the yield back to about 7 % a year.
 */
const SUPPLY_SOL = 220_000_000n;
const FAUCET_SOL = 8_000_000n;
const NEVER = 0xffff_ffff_ffff_ffffn;

export interface VoteState {
  readonly node: PublicKey;
  readonly commission: number;
  /** (epoch, credits after it, credits before it), oldest first, at most 64. */
  readonly credits: readonly (readonly [bigint, bigint, bigint])[];
}

/** A vote account's data in the layout `Current` of the 1.18 vote program: no votes, one authorized voter. */
export function encodeVoteState({ node, commission, credits }: VoteState): Buffer {
  const data = Buffer.alloc(VOTE_BYTES);
  let at = data.writeUInt32LE(2);
  at += node.toBuffer().copy(data, at);
  at += node.toBuffer().copy(data, at);
  at = data.writeUInt8(commission, at);
  at = data.writeBigUInt64LE(0n, at); // votes
  at = data.writeUInt8(0, at); // no root
  at = data.writeBigUInt64LE(1n, at);
  at = data.writeBigUInt64LE(0n, at); // voter since epoch 0
  at += node.toBuffer().copy(data, at);
  at += 32 * 48; // prior voters
  at = data.writeBigUInt64LE(31n, at);
  at = data.writeUInt8(1, at);
  at = data.writeBigUInt64LE(BigInt(credits.length), at);
  for (const numbers of credits) for (const one of numbers) at = data.writeBigUInt64LE(one, at);
  return data;
}

/** A stake account that has been active for ever: activation epoch u64::MAX marks stake of genesis. */
function encodeGenesisStake(owner: PublicKey, voter: PublicKey, stake: bigint): Buffer {
  const data = Buffer.alloc(STAKE_BYTES);
  let at = data.writeUInt32LE(2);
  at = data.writeBigUInt64LE(rentFor(STAKE_BYTES), at);
  at += owner.toBuffer().copy(data, at);
  at += owner.toBuffer().copy(data, at);
  at += 48; // no lockup
  at += voter.toBuffer().copy(data, at);
  at = data.writeBigUInt64LE(stake, at);
  at = data.writeBigUInt64LE(NEVER, at);
  at = data.writeBigUInt64LE(NEVER, at);
  data.writeDoubleLE(0.25, at);
  return data;
}

export interface GenesisAccount {
  readonly address: Buffer;
  readonly lamports: bigint;
  readonly data: Buffer;
  readonly owner: Buffer;
}

/** Everything that is there before the first block, apart from what the Bank itself brings. */
export function genesisAccounts(validators: readonly ValidatorSpec[]): GenesisAccount[] {
  const plain = (key: PublicKey, sol: bigint): GenesisAccount => ({
    address: key.toBuffer(),
    lamports: sol * LAMPORTS_PER_SOL,
    data: Buffer.alloc(0),
    owner: SYSTEM_PROGRAM.toBuffer(),
  });
  return [
    plain(devKey('supply').publicKey, SUPPLY_SOL),
    plain(devKey('faucet').publicKey, FAUCET_SOL),
    ...validators.flatMap((spec, i): GenesisAccount[] => {
      const node = devKey(`validator-${i}`).publicKey;
      const vote = devKey(`vote-${i}`).publicKey;
      const stake = spec.stakeSol * LAMPORTS_PER_SOL;
      return [
        {
          address: vote.toBuffer(),
          lamports: rentFor(VOTE_BYTES),
          data: encodeVoteState({ node, commission: spec.commission, credits: [] }),
          owner: VOTE_PROGRAM.toBuffer(),
        },
        {
          address: devKey(`stake-${i}`).publicKey.toBuffer(),
          lamports: stake + rentFor(STAKE_BYTES),
          data: encodeGenesisStake(devKey('stranger').publicKey, vote, stake),
          owner: STAKE_PROGRAM.toBuffer(),
        },
      ];
    }),
  ];
}
