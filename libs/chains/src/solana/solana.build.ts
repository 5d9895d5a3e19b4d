import { createHash } from 'node:crypto';

import {
  Authorized,
  ComputeBudgetProgram,
  Lockup,
  Message,
  PublicKey,
  StakeProgram,
  Transaction,
  VersionedTransaction,
  type TransactionInstruction,
} from '@solana/web3.js';

import type { BlockStamp, Lane, Step, UnsignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { requireMove } from '../stake-move.js';
import { decodeBase58, encodeBase58 } from './solana.base58.js';
import type { SolanaClient } from './solana.client.js';
import { publicKey, type Block } from './solana.decode.js';
import { stateAt } from './solana.fold.js';
import type { AccountHistory } from './solana.history.js';
import { STAKE_PROGRAM } from './solana.instructions.js';
import { claimable, exitOf, fullyActive, MOST_WITHDRAWALS } from './solana.plan.js';
import { positionsAt, stakeOf } from './solana.positions.js';

/**
 * Compute units, well above what today's stake program uses, checked by simulation. Fixed, because two nodes may tell
 * different numbers and the same step must give the same bytes on each.
 */
export const UNIT_LIMIT = 300_000;
/** Blocks for which a blockhash is good. */
const BLOCKHASH_BLOCKS = 150n;

export interface BuildSettings {
  readonly withdrawer: string;
  readonly largestTranche: bigint;
  readonly microLamportsPerUnit: bigint;
}

/** The seed of a step: 32 characters, made of the operation's id and the step's index, so a second try meets the first. */
export function seedOf(step: Pick<Step, 'operationId' | 'index'>): string {
  return createHash('sha256').update(`${step.operationId}#${step.index}`).digest('hex').slice(0, 32);
}

/** As the system program derives it: sha256 of base, seed and owner. */
export function derivedStake(base: string, seed: string): string {
  const hash = createHash('sha256').update(decodeBase58(base)).update(seed).update(decodeBase58(STAKE_PROGRAM));
  return encodeBase58(hash.digest());
}

export const digestOf = (bytes: Uint8Array): string => `0x${createHash('sha256').update(bytes).digest('hex')}`;

/** @throws ChainError `REFUSED`: an amount that a JS number does not hold exactly never reaches the library */
function exact(lamports: bigint): number {
  const number = Number(lamports);
  if (!Number.isSafeInteger(number) || BigInt(number) !== lamports)
    throw refuse(`${lamports} lamports are too many for one transaction`);
  return number;
}

/**
 * Bytes that depend on the step, the lane and the state at `at` alone; the blockhash is that block's own, so they expire
 * 150 blocks after it. They are simulated first; what the chain would refuse is `REFUSED` with its own words.
 */
export async function buildTransaction(
  client: SolanaClient,
  settings: BuildSettings,
  step: Step,
  lane: Lane,
  at: { readonly stamp: BlockStamp; readonly block: Block },
  readHistoryOf: () => Promise<AccountHistory>,
): Promise<UnsignedTransaction> {
  if (lane.number !== null) throw refuse('Solana numbers no transactions');
  const account = publicKey(lane.account, 'the account');
  const instructions = await instructionsOf(client, settings, step, account, at.stamp, readHistoryOf);
  const transaction = new Transaction();
  transaction.feePayer = new PublicKey(account);
  transaction.recentBlockhash = at.stamp.hash;
  transaction.add(
    ComputeBudgetProgram.setComputeUnitLimit({ units: UNIT_LIMIT }),
    ComputeBudgetProgram.setComputeUnitPrice({ microLamports: exact(settings.microLamportsPerUnit) }),
    ...instructions,
  );
  const message = transaction.compileMessage();
  const bytes = message.serialize();
  await tryOut(client, message);
  return {
    step,
    lane: { account, number: null },
    bytes: bytes.toString('hex'),
    digest: digestOf(bytes),
    expiresAtHeight: at.block.blockHeight + BLOCKHASH_BLOCKS,
  };
}

async function tryOut(client: SolanaClient, message: Message): Promise<void> {
  const { failure, units } = await client.simulate(Buffer.from(new VersionedTransaction(message).serialize()));
  if (failure !== null) throw refuse(`the chain would refuse it: ${failure}`);
  if (units > BigInt(UNIT_LIMIT)) throw refuse(`it needs ${units} compute units, ${UNIT_LIMIT} are given`);
}

async function instructionsOf(
  client: SolanaClient,
  settings: BuildSettings,
  step: Step,
  account: string,
  at: BlockStamp,
  readHistoryOf: () => Promise<AccountHistory>,
): Promise<TransactionInstruction[]> {
  const intent = requireMove('solana', step.intent);
  switch (intent.kind) {
    case 'delegate': {
      if (intent.amount > settings.largestTranche) throw refuse(`${intent.amount} lamports are more than one tranche`);
      const { rent } = await client.stakeParameters();
      return delegation(settings, step, account, intent.validator, intent.amount, rent);
    }
    case 'undelegate': {
      const { minimumDelegation, rent } = await client.stakeParameters();
      const movable = fullyActive(positionsAt(await readHistoryOf(), at.height), intent.validator);
      const exit = exitOf(movable, intent.amount, minimumDelegation);
      if (exit === null) throw refuse(`no one transaction can take ${intent.amount} lamports from ${intent.validator}`);
      return leaving(step, account, exit, rent);
    }
    case 'claim':
      return withdrawals(settings, await readHistoryOf(), account, intent.validator, at);
    case 'redelegate':
      throw refuse(`Solana has no ${intent.kind}`);
  }
}

function delegation(
  { withdrawer }: BuildSettings,
  step: Step,
  account: string,
  validator: string,
  amount: bigint,
  rent: bigint,
): TransactionInstruction[] {
  const owner = new PublicKey(account);
  const seed = seedOf(step);
  const stakePubkey = new PublicKey(derivedStake(account, seed));
  const create = StakeProgram.createAccountWithSeed({
    fromPubkey: owner,
    stakePubkey,
    basePubkey: owner,
    seed,
    authorized: new Authorized(owner, new PublicKey(withdrawer)),
    lockup: new Lockup(0, 0, PublicKey.default),
    lamports: exact(amount + rent),
  });
  const votePubkey = new PublicKey(publicKey(validator, 'the validator'));
  const delegate = StakeProgram.delegate({ stakePubkey, authorizedPubkey: owner, votePubkey });
  return [...create.instructions, ...delegate.instructions];
}

function leaving(
  step: Step,
  account: string,
  exit: NonNullable<ReturnType<typeof exitOf>>,
  rent: bigint,
): TransactionInstruction[] {
  const owner = new PublicKey(account);
  const stakePubkey = new PublicKey(stakeOf(exit.from));
  const merges = exit.merge.map((one) =>
    StakeProgram.merge({ stakePubkey, sourceStakePubKey: new PublicKey(stakeOf(one)), authorizedPubkey: owner }),
  );
  const instructions = merges.flatMap((one) => one.instructions);
  if (exit.split === null) {
    return [...instructions, ...StakeProgram.deactivate({ stakePubkey, authorizedPubkey: owner }).instructions];
  }
  const seed = seedOf(step);
  const splitStakePubkey = new PublicKey(derivedStake(account, seed));
  const split = StakeProgram.splitWithSeed(
    { stakePubkey, authorizedPubkey: owner, splitStakePubkey, basePubkey: owner, seed, lamports: exact(exit.split) },
    exact(rent),
  );
  const deactivate = StakeProgram.deactivate({ stakePubkey: splitStakePubkey, authorizedPubkey: owner });
  return [...instructions, ...split.instructions, ...deactivate.instructions];
}

/** By the cold key, to the account, from accounts that are idle (whole, rent included) or hold more than their stake. */
function withdrawals(
  { withdrawer }: BuildSettings,
  history: AccountHistory,
  account: string,
  validator: string,
  at: BlockStamp,
): TransactionInstruction[] {
  const chosen = claimable(positionsAt(history, at.height), validator).slice(0, MOST_WITHDRAWALS);
  if (chosen.length === 0) throw refuse(`nothing is ready to be withdrawn from ${validator}`);
  return chosen.flatMap((position) => {
    const address = stakeOf(position.key);
    const state = stateAt(history.lives, address, at.height);
    const lamports = position.withdrawable > 0n ? (state?.lamports ?? 0n) : position.claimable;
    return StakeProgram.withdraw({
      stakePubkey: new PublicKey(address),
      authorizedPubkey: new PublicKey(withdrawer),
      toPubkey: new PublicKey(account),
      lamports: exact(lamports),
    }).instructions;
  });
}

function refuse(detail: string): ChainError {
  return new ChainError('REFUSED', 'solana', detail);
}
