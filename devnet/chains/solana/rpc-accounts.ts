import { decodeBase58, encodeBase58 } from '@app/chains';
import type { BankAccount } from './bank-process.js';
import { devKey } from './dev-keys.js';
import {
  EPOCH_REWARDS,
  SYSVAR_OWNER,
  blockHeightAt,
  epochOf,
  firstSlotOf,
  liveSlotFrom,
  rentFor,
} from './sol-constants.js';
import type { SolanaChain } from './solana-chain.js';
import { configOf, inContext, integer, invalid, list, slotOf, text, type Config, type RpcMethod } from './rpc-types.js';

/** Accounts, rent, validators and rewards. */
export const ACCOUNT_METHODS: Readonly<Record<string, RpcMethod>> = {
  getBalance: async (chain, [address, config]) => {
    const slot = slotOf(chain, configOf(config));
    return inContext(slot, (await accountAt(chain, text(address, 'address'), slot))?.lamports ?? 0n);
  },
  getAccountInfo: async (chain, [address, config]) => {
    const given = configOf(config);
    const slot = slotOf(chain, given);
    return inContext(slot, encoded(await accountAt(chain, text(address, 'address'), slot), given));
  },
  getMultipleAccounts: async (chain, [addresses, config]) => {
    const given = configOf(config);
    const slot = slotOf(chain, given);
    const found = [];
    for (const one of list(addresses, 'addresses')) found.push(encoded(await accountAt(chain, one, slot), given));
    return inContext(slot, found);
  },
  getProgramAccounts: (chain, [program, config]) => {
    const given = configOf(config);
    const slot = slotOf(chain, given);
    const wanted = decodeBase58(text(program, 'program'));
    const matching = chain.ledger.addresses().flatMap((pubkey) => {
      const account = chain.ledger.accountAt(pubkey, slot) ?? null;
      const fits =
        account !== null && account.owner.equals(wanted) && filtersOf(given).every((fit) => fit(account.data));
      return fits ? [{ pubkey, account: encoded(account, given) }] : [];
    });
    return given['withContext'] === true ? inContext(slot, matching) : matching;
  },
  getMinimumBalanceForRentExemption: (_, [bytes]) => rentFor(Number(integer(bytes, 'bytes'))),
  getStakeMinimumDelegation: async (chain, [config]) => {
    const { returned } = await chain.minimumDelegation();
    return inContext(slotOf(chain, configOf(config)), returned?.readBigUInt64LE(0) ?? 1n);
  },
  getVoteAccounts: (chain, [config]) => {
    const given = configOf(config);
    const slot = slotOf(chain, given);
    const stakes = chain.ledger.epochStakes(slot);
    const all = chain.validators.map((_, i) => voteAccount(chain, i, slot, stakes[i] ?? 0n));
    const asked = all.filter((one) => given['votePubkey'] === undefined || one.votePubkey === given['votePubkey']);
    return {
      current: asked.filter((one) => !one.late).map(({ late: _, ...one }) => one),
      delinquent: asked.filter((one) => one.late).map(({ late: _, ...one }) => one),
    };
  },
  getInflationReward: (chain, [addresses, config]) => {
    const given = configOf(config);
    const slot = slotOf(chain, given);
    const epoch = given['epoch'] === undefined ? epochOf(slot) - 1n : integer(given['epoch'], 'epoch');
    const first = firstSlotOf(epoch + 1n);
    if (slot < liveSlotFrom(first)) throw invalid(`epoch ${epoch} is not over`);
    const paid = chain.ledger.rewardsOf(epoch);
    return list(addresses, 'addresses').map((address) => {
      const reward = paid?.get(address);
      if (reward === undefined || reward.slot > slot) return null;
      const { amount, postBalance, commission } = reward;
      return { epoch, effectiveSlot: reward.slot, amount, postBalance, commission };
    });
  },
};

function accountAt(chain: SolanaChain, address: string, slot: bigint): Promise<BankAccount | null> {
  if (address === EPOCH_REWARDS.toBase58()) return Promise.resolve(epochRewards(slot));
  return chain.accountAt(address, slot);
}

/**
 * The sysvar in today's layout (81 bytes, stays and says `active`). The 1.18 Bank has an older one that it removes
 * when the payout is over, so this one is modelled: active between the first block of an epoch and the last payout.
 */
function epochRewards(slot: bigint): BankAccount {
  const first = liveSlotFrom(firstSlotOf(epochOf(slot)));
  const data = Buffer.alloc(81);
  data.writeBigUInt64LE(blockHeightAt(first) + 1n, 0);
  data.writeBigUInt64LE(1n, 8);
  data.writeUInt8(slot >= first && slot < liveSlotFrom(first + 1n) ? 1 : 0, 80);
  return { lamports: rentFor(81), data, owner: SYSVAR_OWNER.toBuffer(), executable: false };
}

function voteAccount(chain: SolanaChain, i: number, slot: bigint, activatedStake: bigint) {
  const votePubkey = devKey(`vote-${i}`).publicKey.toBase58();
  const data = chain.ledger.accountAt(votePubkey, slot)?.data;
  const count = data === undefined ? 0 : Number(data.readBigUInt64LE(CREDITS_AT));
  const epochCredits = Array.from({ length: Math.min(count, 5) }, (_, n) => {
    const at = CREDITS_AT + 8 + (count - Math.min(count, 5) + n) * 24;
    return [0, 8, 16].map((o) => data?.readBigUInt64LE(at + o) ?? 0n);
  });
  const late = chain.ledger.delinquent.has(i);
  return {
    votePubkey,
    nodePubkey: devKey(`validator-${i}`).publicKey.toBase58(),
    activatedStake,
    commission: data?.readUInt8(68) ?? 0,
    epochVoteAccount: activatedStake > 0n,
    epochCredits,
    lastVote: late ? slot - 200n : slot - 1n,
    rootSlot: late ? slot - 231n : slot - FINAL_BEHIND,
    late,
  };
}

const FINAL_BEHIND = 32n;
/** Of `encodeVoteState`: 4 + 32 + 32 + 1 + 8 + 1 + 8 + 40 + 1545. */
const CREDITS_AT = 1671;

function encoded(account: BankAccount | null, config: Config): unknown {
  if (account === null) return null;
  const slice = config['dataSlice'] as { offset: number; length: number } | undefined;
  const data = slice ? account.data.subarray(slice.offset, slice.offset + slice.length) : account.data;
  const encoding = config.encoding ?? 'base64';
  if (encoding !== 'base64' && encoding !== 'base58' && encoding !== 'jsonParsed')
    throw invalid(`encoding ${encoding}`);
  return {
    data: encoding === 'base58' ? [encodeBase58(data), 'base58'] : [data.toString('base64'), 'base64'],
    executable: account.executable,
    lamports: account.lamports,
    owner: encodeBase58(account.owner),
    rentEpoch: 18_446_744_073_709_551_615n,
    space: account.data.length,
  };
}

function filtersOf(config: Config): ((data: Buffer) => boolean)[] {
  const filters = (config['filters'] ?? []) as readonly Record<string, unknown>[];
  return filters.map((filter) => {
    if (filter['dataSize'] !== undefined) return (data) => data.length === filter['dataSize'];
    const memcmp = filter['memcmp'] as { offset: number; bytes: string; encoding?: string } | undefined;
    if (memcmp === undefined) throw invalid('a filter is dataSize or memcmp');
    const bytes = memcmp.encoding === 'base64' ? Buffer.from(memcmp.bytes, 'base64') : decodeBase58(memcmp.bytes);
    return (data) => data.subarray(memcmp.offset, memcmp.offset + bytes.length).equals(bytes);
  });
}
