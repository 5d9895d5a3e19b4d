import { parseLossless } from '../rpc/lossless.js';
import {
  decodeAccount,
  decodeBlock,
  decodePayoutActive,
  decodeReward,
  decodeSignatures,
  decodeStakeAccount,
  decodeStakeHistory,
  decodeTransaction,
  decodeVoteAccounts,
  publicKey,
} from './solana.decode.js';
import { NEVER } from './solana.activation.js';

/** Recorded from the Bank of the local chain: real programs of Solana 1.18, real bytes. */
const TXID = '4Lf2Znw27iHQuZ2C9czS7B6ziKSF8rYa7qU2ENPuXMGbmUJKKWRxSaW2eyyX1Bnqcq1sKcGrXYshjmhCB3phPwRs';
const STAKE = '2pvZ2Cxj2G27MoCQCmG6FpstqhEqr6ZyxTquc8vGnTnD';
const RECORDED_TRANSACTION =
  '{"slot":524389,"blockTime":1794340853,"transaction":["AacAU0x16HFqT/BgtCl+5kEvoYfYoQKSKOlTXFPyX4txB/zIP/LFCB' +
  'VfXwk2ls9YYv6Q7+BejVYovBSBWMwpXgoBAAgKObRsgvZ5lThvjDfeH9d1/Hgx7LiiENVNk164Qqmj4oAbIolXIr4TjlYvl2mzylXAYXio5U' +
  'hDjSDmRWkvr70GPgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwZGb+UhFzL/7K26csOb57yM5bvF9xJrLEObOkAAAACwsOAyjR' +
  '6kxdQI67Sv7yvm7o6mX+LNWk+AVTmXXHSMWAah2BeRN1QqmDQ3vf4qerJVf1NcinhyK2ikncAAAAAABqHYF6UCBQtoB5Hmzm24jh5bcVD2H8' +
  'Z5Ck600QAAAAAGp9UXGMd0yShWY5hpHV62i164o5tLbVxzVVshAAAAAAan1RcZLFxRIYzJTD1K8X9Y2u4Im6H9ROPb2YoAAAAABqfVFxk1hN' +
  'D+7ZuzQx0TIGvlRCgbV7hWbMU3X/QAAACRULuztKxehz98jYZ93hZAx89WgfgZ9BPSg6LlRO3h/gUDAAUC4JMEAAMACQPoAwAAAAAAAAICAA' +
  'F8AwAAADm0bIL2eZU4b4w33h/Xdfx4Mey4ohDVTZNeuEKpo+KAIAAAAAAAAAAxZDc0YzM0OTYzY2RjZGYzZWI3Y2RjNGY1OWUwMmRkMqLeHX' +
  'IfAQAAyAAAAAAAAAAGodgXkTdUKpg0N73+KnqyVX9TXIp4citopJ3AAAAAAAUCAQh0AAAAADm0bIL2eZU4b4w33h/Xdfx4Mey4ohDVTZNeuE' +
  'Kpo+KAUpDuv5LX73fXSrTbZKwwcgiOgP7XSssAAx18Kii4lhIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
  'AAAAAFBgEEBwkGAAQCAAAA","base64"],"meta":{"err":null,"fee":5300,"preBalances":[300000000000000,0,1,1,2707440' +
  '0,1,960480,1169280,1009200,114979200],"postBalances":[298765429820586,1234570174114,1,1,27074400,1,960480,11' +
  '69280,1009200,114979200],"innerInstructions":[],"loadedAddresses":{"readonly":[],"writable":[]}},"version":"' +
  'legacy"}';
const RECORDED_STAKE_ACCOUNT =
  '{"data":["AgAAAIDVIgAAAAAAObRsgvZ5lThvjDfeH9d1/Hgx7LiiENVNk164Qqmj4oBSkO6/ktfvd9dKtNtkrDByCI6A/tdKywADHXwqKL' +
  'iWEgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAALCw4DKNHqTF1AjrtK/vK+bujqZf4s1aT4BVOZdcdI' +
  'xYMzJmjR8BAAAOAAAAAAAAAP//////////AAAAAAAA0D8wJw0AAAAAAAAAAAA=","base64"],"executable":false,"lamports":1235' +
  '030181811,"owner":"Stake11111111111111111111111111111111111111","rentEpoch":18446744073709551615,"space":200' +
  '}';
const RECORDED_HISTORY =
  'AwAAAAAAAAAPAAAAAAAAAP+HceTxxREAAAAAAAAAAAAAAAAAAAAAAA4AAAAAAAAA4MlaOXnDEQAiCftxHwEAAAAAAAAAAAAAAAAAAAAAAADg' +
  'yVo5ecMRAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
const TREASURY = '4tFonGercE7bAb6hANQ7CCpj95QyHgp4tWTidbn6JoGB';
const WITHDRAWER = '6ZJcQE1Gztgbdwr73PxJa2ySPhb3VPrFe3U72KHWUQ8y';
const VALIDATOR = 'CtjBi7U82KSCUUm945ZrejjDQimoPUXbrv6iWNxHHF4K';

/** Published with the documentation of the RPC methods (solana.com/docs/rpc/http, 2026). */
const PUBLISHED_REWARDS = '[{"epoch":2,"effectiveSlot":224,"amount":2500,"postBalance":499999442500},null]';
const PUBLISHED_VOTES = `{"current":[{"commission":0,"epochVoteAccount":true,"epochCredits":[[1,64,0],[2,192,64]],
  "nodePubkey":"B97CCUW3AEZFGy6uUg6zUdnNYvnVq5VG8PUtb2HayTDD","lastVote":147,"activatedStake":42,
  "votePubkey":"3ZT31jkAGhUaw8jsy4bTknwBMP8i4Eueh52By4zXcsVw"}],"delinquent":[]}`;

const json = (text: string): unknown => parseLossless(text);
const bad = expect.objectContaining({ code: 'BAD_ANSWER' }) as Error;

describe('R1: what a node says, exactly', () => {
  it('a recorded delegation: create, initialize, delegate, with balances and fee', () => {
    const seen = decodeTransaction(TXID, json(RECORDED_TRANSACTION));
    expect(seen).toMatchObject({
      slot: 524_389n,
      timeMs: 1_794_340_853_000n,
      failure: null,
      feeAtoms: 5_300n,
      feePayer: TREASURY,
      signers: [TREASURY],
    });
    const before = seen.before.get(TREASURY) ?? 0n;
    expect(before - (seen.after.get(TREASURY) ?? 0n)).toBe(1_234_567_891_234n + 2_282_880n + 5_300n);
    expect(seen.after.get(STAKE)).toBe(1_234_567_891_234n + 2_282_880n);
    expect(seen.instructions.filter((one) => one.kind !== 'budget')).toEqual([
      {
        kind: 'create',
        from: TREASURY,
        to: STAKE,
        lamports: 1_234_570_174_114n,
        owner: 'Stake11111111111111111111111111111111111111',
        base: TREASURY,
        seed: '1d74c34963cdcdf3eb7cdc4f59e02dd2',
      },
      { kind: 'initialize', stake: STAKE, staker: TREASURY, withdrawer: WITHDRAWER, lockup: false },
      { kind: 'delegate', stake: STAKE, voter: VALIDATOR, authority: TREASURY },
    ]);
  });

  it('R19: a transaction that is not the one asked for is refused', () => {
    expect(() => decodeTransaction(`${TXID.slice(0, -1)}t`, json(RECORDED_TRANSACTION))).toThrow(bad);
  });

  it('a recorded stake account after a reward', () => {
    const account = decodeAccount(json(RECORDED_STAKE_ACCOUNT));
    if (account === null) throw new Error('there is one');
    expect(decodeStakeAccount(account)).toEqual({
      lamports: 1_235_030_181_811n,
      rent: 2_282_880n,
      staker: TREASURY,
      withdrawer: WITHDRAWER,
      lockup: false,
      delegation: { voter: VALIDATOR, stake: 1_235_027_898_931n, activation: 14n, deactivation: NEVER },
    });
    expect(() => decodeStakeAccount({ ...account, owner: TREASURY })).toThrow(bad);
    expect(() => decodeStakeAccount({ ...account, data: account.data.subarray(1) })).toThrow(bad);
  });

  it('a recorded StakeHistory sysvar', () => {
    const data = Buffer.from(RECORDED_HISTORY.slice(0, 144), 'base64');
    const seen = decodeStakeHistory({ lamports: 1n, owner: '', data });
    expect([...seen]).toEqual([
      [15n, { effective: 5_002_717_314_516_991n, activating: 0n, deactivating: 0n }],
      [14n, { effective: 5_000_000_024_791_520n, activating: 1_234_567_891_234n, deactivating: 0n }],
      [0n, { effective: 5_000_000_024_791_520n, activating: 0n, deactivating: 0n }],
    ]);
    expect(() => decodeStakeHistory({ lamports: 1n, owner: '', data: data.subarray(0, 40) })).toThrow(bad);
    expect(() => decodeStakeHistory(null)).toThrow(bad);
  });

  it('published inflation rewards; null stays null, and a commission need not be there', () => {
    const [paid, none] = json(PUBLISHED_REWARDS) as unknown[];
    expect(decodeReward(2n, paid)).toEqual({
      amount: 2_500n,
      postBalance: 499_999_442_500n,
      slot: 224n,
      commission: null,
    });
    expect(decodeReward(2n, none)).toBeNull();
    expect(() => decodeReward(3n, paid)).toThrow(bad);
  });

  it('published vote accounts, and a stake beyond 2^53 to the last lamport', () => {
    expect(decodeVoteAccounts(json(PUBLISHED_VOTES))).toEqual([
      {
        vote: '3ZT31jkAGhUaw8jsy4bTknwBMP8i4Eueh52By4zXcsVw',
        node: 'B97CCUW3AEZFGy6uUg6zUdnNYvnVq5VG8PUtb2HayTDD',
        activatedStake: 42n,
        commission: 0n,
        delinquent: false,
      },
    ]);
    const large = PUBLISHED_VOTES.replace('"activatedStake":42', '"activatedStake":15123456789012345679');
    expect(decodeVoteAccounts(json(large))[0]?.activatedStake).toBe(15_123_456_789_012_345_679n);
  });

  it.each(['1.5', '1e9', '-1', '"12"', 'null', '0.0'])('R19: %s is no amount', (text) => {
    const row = PUBLISHED_REWARDS.replace('"amount":2500', `"amount":${text}`);
    const [paid] = json(row) as unknown[];
    expect(() => decodeReward(2n, paid)).toThrow(bad);
  });

  it('the first block of an epoch says in how many parts the rewards come; a block without a time is refused', () => {
    const block =
      '{"blockhash":"CefiRimzXrtGof7pqegY8qb82p6Zdtpb4qgr5bL1hRCR","blockHeight":1327897,"blockTime":1794690720,"numRewardPartitions":243}';
    expect(decodeBlock(1_388_256n, json(block))).toEqual({
      slot: 1_388_256n,
      hash: 'CefiRimzXrtGof7pqegY8qb82p6Zdtpb4qgr5bL1hRCR',
      timeMs: 1_794_690_720_000n,
      blockHeight: 1_327_897n,
      rewardPartitions: 243n,
    });
    expect(decodeBlock(5n, json(block.replace('243', 'null'))).rewardPartitions).toBeNull();
    expect(() => decodeBlock(5n, json(block.replace('1794690720', 'null')))).toThrow(bad);
  });

  it('R19: the EpochRewards sysvar: active or not, and nothing else', () => {
    const data = Buffer.alloc(81);
    expect(decodePayoutActive({ lamports: 1n, owner: '', data })).toBe(false);
    data.writeUInt8(1, 80);
    expect(decodePayoutActive({ lamports: 1n, owner: '', data })).toBe(true);
    expect(() => decodePayoutActive({ lamports: 1n, owner: '', data: Buffer.alloc(24) })).toThrow(bad);
  });

  it('refuses lists that are none, and addresses of ours that are none', () => {
    expect(() => decodeSignatures(json('{}'))).toThrow(bad);
    expect(() => decodeAccount(json('{"lamports":1,"owner":"x","data":"abc"}'))).toThrow(bad);
    expect(() => publicKey('0OIl', 'it')).toThrow(expect.objectContaining({ code: 'REFUSED' }) as Error);
    expect(publicKey(TREASURY, 'it')).toBe(TREASURY);
  });
});
