import { VersionedTransaction } from '@solana/web3.js';

import { encodeBase58 } from '@app/chains';
import type { LedgerTransaction } from './ledger.js';
import {
  BLOCKHASH_BLOCKS,
  FIRST_EPOCH,
  FIRST_SLOT,
  SLOTS_PER_EPOCH,
  START_SLOT,
  blockHeightAt,
  epochOf,
  firstSlotOf,
  isSkipped,
  liveSlotFrom,
} from './sol-constants.js';
import type { SolanaChain } from './solana-chain.js';
import { transactionError } from './transaction-error.js';
import {
  configOf,
  inContext,
  integer,
  invalid,
  noBlock,
  skipped,
  slotOf,
  text,
  type Config,
  type RpcMethod,
} from './rpc-types.js';

/** Slots, blocks and what is in them. */
export const BLOCK_METHODS: Readonly<Record<string, RpcMethod>> = {
  getVersion: () => ({ 'solana-core': '1.18.0', 'feature-set': 0 }),
  getHealth: () => 'ok',
  getGenesisHash: (chain) => chain.ledger.genesisHash,
  getFirstAvailableBlock: () => START_SLOT,
  minimumLedgerSlot: () => START_SLOT,
  getSlot: (chain, [config]) => slotOf(chain, configOf(config)),
  getBlockHeight: (chain, [config]) => blockHeightAt(slotOf(chain, configOf(config))),
  getTransactionCount: (chain, [config]) => slotOf(chain, configOf(config)),
  getEpochInfo: (chain, [config]) => {
    const slot = slotOf(chain, configOf(config));
    const epoch = epochOf(slot);
    return {
      absoluteSlot: slot,
      blockHeight: blockHeightAt(slot),
      epoch,
      slotIndex: slot - firstSlotOf(epoch),
      slotsInEpoch: SLOTS_PER_EPOCH,
    };
  },
  getEpochSchedule: () => ({
    firstNormalEpoch: FIRST_EPOCH,
    firstNormalSlot: FIRST_SLOT,
    leaderScheduleSlotOffset: SLOTS_PER_EPOCH,
    slotsPerEpoch: SLOTS_PER_EPOCH,
    warmup: true,
  }),
  getLatestBlockhash: (chain, [config]) => {
    const slot = slotOf(chain, configOf(config));
    const lastValidBlockHeight = blockHeightAt(slot) + BLOCKHASH_BLOCKS;
    return inContext(slot, { blockhash: chain.ledger.blockhash(lastBlock(slot)), lastValidBlockHeight });
  },
  isBlockhashValid: (chain, [blockhash, config]) => {
    const found = chain.ledger.slotOfBlockhash(text(blockhash, 'blockhash'), BLOCKHASH_BLOCKS);
    return inContext(slotOf(chain, configOf(config)), found !== null);
  },
  getRecentPrioritizationFees: (chain) => [{ slot: chain.ledger.headSlot, prioritizationFee: 0 }],
  getBlockTime: (chain, [slot]) => {
    const wanted = integer(slot, 'slot');
    requireBlock(chain, wanted, chain.ledger.headSlot);
    return chain.ledger.blockTime(wanted);
  },
  getBlocks: (chain, [from, to, config]) => {
    const given = configOf(typeof to === 'object' ? to : config);
    const newest = slotOf(chain, given);
    const last = typeof to === 'number' ? integer(to, 'to') : newest;
    return blocksFrom(integer(from, 'from'), last < newest ? last : newest, 500_000n);
  },
  getBlocksWithLimit: (chain, [from, limit, config]) =>
    blocksFrom(integer(from, 'from'), slotOf(chain, configOf(config)), integer(limit, 'limit')),
  getBlock: (chain, [slot, config]) => blockOf(chain, integer(slot, 'slot'), configOf(config)),
  getTransaction: (chain, [signature, config]) => {
    const given = configOf(config);
    const one = chain.ledger.transaction(text(signature, 'signature'));
    if (one === undefined || one.slot > slotOf(chain, given)) return null;
    return { slot: one.slot, blockTime: chain.ledger.blockTime(one.slot), ...withMeta(one, given), version: 'legacy' };
  },
  getSignaturesForAddress: (chain, [address, config]) => {
    const given = configOf(config);
    const newest = slotOf(chain, given);
    let all = [...chain.ledger.transactionsOf(text(address, 'address'))].reverse().filter((one) => one.slot <= newest);
    const before = all.findIndex((one) => one.signature === given['before']);
    if (given['before'] !== undefined && given['before'] !== null) all = before < 0 ? [] : all.slice(before + 1);
    const until = all.findIndex((one) => one.signature === given['until']);
    if (until >= 0) all = all.slice(0, until);
    return all.slice(0, Number(given['limit'] ?? 1000)).map((one) => ({
      signature: one.signature,
      slot: one.slot,
      err: transactionError(one.error),
      memo: null,
      blockTime: chain.ledger.blockTime(one.slot),
      confirmationStatus: one.slot <= chain.finalSlot ? 'finalized' : 'confirmed',
    }));
  },
};

/** The block of a slot, or of the nearest before it that has one. */
const lastBlock = (slot: bigint): bigint => (isSkipped(slot) ? slot - 1n : slot);

function requireBlock(chain: SolanaChain, slot: bigint, newest: bigint): void {
  if (slot > newest || slot < START_SLOT) throw noBlock(slot);
  if (!chain.ledger.hasBlock(slot)) throw skipped(slot);
}

function blocksFrom(from: bigint, to: bigint, limit: bigint): bigint[] {
  const found: bigint[] = [];
  for (let slot = from < START_SLOT ? START_SLOT : from; slot <= to && BigInt(found.length) < limit; slot += 1n) {
    if (!isSkipped(slot)) found.push(slot);
  }
  return found;
}

function blockOf(chain: SolanaChain, slot: bigint, config: Config): unknown {
  if (config.commitment === 'processed') throw invalid('getBlock knows no processed blocks');
  requireBlock(chain, slot, slotOf(chain, config));
  const parentSlot = lastBlock(slot - 1n);
  const transactions = chain.ledger.transactionsIn(slot);
  const details = config['transactionDetails'] ?? 'full';
  const first = liveSlotFrom(firstSlotOf(epochOf(slot)));
  return {
    blockhash: chain.ledger.blockhash(slot),
    previousBlockhash: chain.ledger.blockhash(parentSlot),
    parentSlot,
    blockHeight: blockHeightAt(slot),
    blockTime: chain.ledger.blockTime(slot),
    ...(details === 'full' ? { transactions: transactions.map((one) => withMeta(one, config)) } : {}),
    ...(details === 'signatures' ? { signatures: transactions.map((one) => one.signature) } : {}),
    ...(config['rewards'] === false ? {} : { rewards: rewardsIn(chain, slot) }),
    // Our Bank pays in one partition; a real epoch needs some hundreds of blocks.
    ...(config['rewards'] !== false && slot === first && epochOf(slot) > FIRST_EPOCH ? { numRewardPartitions: 1 } : {}),
  };
}

function rewardsIn(chain: SolanaChain, slot: bigint): unknown[] {
  const paid = [...(chain.ledger.rewardsOf(epochOf(slot) - 1n) ?? [])];
  return paid
    .filter(([, one]) => one.slot === slot)
    .map(([pubkey, { amount, postBalance, type, commission }]) => ({
      pubkey,
      lamports: amount,
      postBalance,
      rewardType: type,
      commission,
    }));
}

function withMeta(one: LedgerTransaction, config: Config): { transaction: unknown; meta: unknown } {
  const err = transactionError(one.error);
  const meta = {
    err,
    status: err === null ? { Ok: null } : { Err: err },
    fee: one.fee,
    preBalances: one.pre,
    postBalances: one.post,
    innerInstructions: [],
    logMessages: one.logs,
    preTokenBalances: [],
    postTokenBalances: [],
    rewards: [],
    loadedAddresses: { readonly: [], writable: [] },
    computeUnitsConsumed: one.units,
  };
  const encoding = config.encoding ?? 'json';
  if (encoding === 'base64') return { transaction: [one.bytes.toString('base64'), 'base64'], meta };
  if (encoding !== 'json') throw invalid(`encoding ${encoding}`);
  const { signatures, message } = VersionedTransaction.deserialize(one.bytes);
  return {
    meta,
    transaction: {
      signatures: signatures.map((bytes) => encodeBase58(bytes)),
      message: {
        accountKeys: one.addresses,
        header: message.header,
        recentBlockhash: message.recentBlockhash,
        instructions: message.compiledInstructions.map((each) => ({
          programIdIndex: each.programIdIndex,
          accounts: [...each.accountKeyIndexes],
          data: encodeBase58(each.data),
          stackHeight: null,
        })),
      },
    },
  };
}
