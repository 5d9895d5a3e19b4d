import { AbiCoder, Interface } from 'ethers';

import { CREDIT, customErrorName, HUB, SELECTOR, SET, STAKE_CREDIT_ABI, STAKE_HUB_ABI, TOPIC } from './bnb.abi.js';

/** The constants as published for the genuine contracts: written down, not computed. */
const HUB_SELECTORS: Readonly<Record<string, string>> = {
  delegate: '0x982ef0a7',
  undelegate: '0x4d99dd16',
  redelegate: '0x59491871',
  claim: '0xaad3ec96',
  claimBatch: '0xd7c2dfc8',
  getValidators: '0xbff02e20',
  getValidatorCreditContract: '0xdbda7fb3',
  getValidatorBasicInfo: '0xcbb04d9d',
  getValidatorCommission: '0x6ec01b27',
  getValidatorDescription: '0xa43569b3',
  getValidatorElectionInfo: '0x63a036b5',
  getValidatorRewardRecord: '0xf80a3402',
  minDelegationBNBChange: '0x38409988',
  unbondPeriod: '0xfc0c5ff1',
  redelegateFeeRate: '0xe992aaf5',
  maxElectedValidators: '0xc473318f',
  isPaused: '0xb187bd26',
  blackList: '0x4838d165',
};
const CREDIT_SELECTORS: Readonly<Record<string, string>> = {
  balanceOf: '0x70a08231',
  getPooledBNB: '0x0913db47',
  getPooledBNBByShares: '0x91faf0b4',
  getSharesByPooledBNB: '0x647df759',
  totalPooledBNB: '0x15d1f898',
  totalSupply: '0x18160ddd',
  lockedBNBs: '0xa9664feb',
  pendingUnbondRequest: '0x038c0023',
  claimableUnbondRequest: '0x2f2d448a',
  unbondRequest: '0xd241c1ea',
  rewardRecord: '0xaa1966cd',
};
const HUB_TOPICS: Readonly<Record<string, string>> = {
  Delegated: '0x24d7bda8',
  Undelegated: '0x3aace734',
  Redelegated: '0xfdac6e81',
  Claimed: '0xf7a40077',
  RewardDistributed: '0xe34918ff',
  RewardDistributeFailed: '0xfc8bff67',
  ValidatorSlashed: '0x6e9a2ee7',
  ValidatorJailed: '0x4905ac32',
  ValidatorUnjailed: '0x9390b453',
  CommissionRateEdited: '0x78cdd96e',
};
/** Indexed arguments count for decoding and are not part of the topic: pinned apart. */
const INDEXED: Readonly<Record<string, number>> = {
  Delegated: 2,
  Undelegated: 2,
  Redelegated: 3,
  Claimed: 2,
  RewardDistributed: 1,
  RewardDistributeFailed: 1,
  ValidatorSlashed: 1,
  ValidatorJailed: 1,
  ValidatorUnjailed: 1,
  CommissionRateEdited: 1,
};
/** As the genuine source annotates them. */
const ERRORS: Readonly<Record<string, string>> = {
  ZeroShares: '0x9811e0c7',
  TransferFailed: '0x90b8ec18',
  InsufficientBalance: '0xf4d678b8',
  NoUnbondRequest: '0xad418937',
  NoClaimableUnbondRequest: '0x0f363824',
  ZeroTotalShares: '0x2fe8dae9',
  ZeroTotalPooledBNB: '0xf6ed9ce0',
  ZeroAmount: '0x1f2a2005',
};

describe('the ABI of the BNB staking contracts', () => {
  it.each(Object.entries(HUB_SELECTORS))('StakeHub.%s has the published selector %s', (name, selector) => {
    expect(HUB.getFunction(name)?.selector).toBe(selector);
  });

  it.each(Object.entries(CREDIT_SELECTORS))('StakeCredit.%s has the published selector %s', (name, selector) => {
    expect(CREDIT.getFunction(name)?.selector).toBe(selector);
  });

  it.each(Object.entries(HUB_TOPICS))('StakeHub event %s has the published topic %s', (name, topic) => {
    const event = HUB.getEvent(name);
    expect(event?.topicHash.slice(0, 10)).toBe(topic);
    expect(event?.inputs.filter((input) => input.indexed).length).toBe(INDEXED[name]);
  });

  it('StakeCredit events have the published topics', () => {
    expect(TOPIC.rewardReceived.slice(0, 10)).toBe('0xfb0e1482');
    expect(TOPIC.transfer).toBe('0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef');
    expect(CREDIT.getEvent('RewardReceived')?.inputs.some((input) => input.indexed)).toBe(false);
  });

  it('the validator set is read by the published selector', () => {
    expect(SET.getFunction('getValidators')?.selector).toBe('0xb7ab4db5');
  });

  it.each(Object.entries(ERRORS))('custom error %s has the selector of the genuine source', (name, selector) => {
    expect(customErrorName(selector)).toBe(name);
  });

  it('R39: the four calls the signer knows are the four that move stake', () => {
    for (const [name, selector] of Object.entries(SELECTOR)) expect(HUB.getFunction(name)?.selector).toBe(selector);
    expect(HUB.getFunction('delegate')?.payable).toBe(true);
    expect(HUB.getFunction('undelegate')?.payable).toBe(false);
  });

  it('nothing is declared that is not pinned here', () => {
    const pinned = new Set([...Object.keys(HUB_SELECTORS), 'getValidatorConsensusAddress', 'transferGasLimit']);
    const declared = functionNames(STAKE_HUB_ABI);
    expect(declared.filter((name) => !pinned.has(name))).toEqual([]);
    expect(functionNames(STAKE_CREDIT_ABI).filter((name) => !(name in CREDIT_SELECTORS))).toEqual([]);
  });

  it('R1: a 256-bit amount survives encoding and decoding to the atom', () => {
    const huge = 2n ** 256n - 1n;
    const coded = AbiCoder.defaultAbiCoder().encode(['uint256'], [huge]);
    expect(CREDIT.decodeFunctionResult('totalSupply', coded)[0]).toBe(huge);
  });
});

function functionNames(abi: readonly string[]): string[] {
  const names: string[] = [];
  new Interface(abi).forEachFunction((one) => names.push(one.name));
  return names;
}
