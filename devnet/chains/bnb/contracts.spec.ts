import { Interface } from 'ethers';

import { CONTRACT_NAMES, loadArtifact } from './artifacts.js';
import { BNB_SYSTEM } from './bnb-constants.js';
import { compileContracts } from './compile.js';
import { devWallet } from './dev-keys.js';

const hub = new Interface(loadArtifact('LocalStakeHub').abi);
const credit = new Interface(loadArtifact('LocalStakeCredit').abi);

/** Selectors and topics as the genuine contracts have them, written down apart from our Solidity on purpose. */
const HUB_FUNCTIONS: [string, string][] = [
  ['0x982ef0a7', 'delegate(address,bool)'],
  ['0x4d99dd16', 'undelegate(address,uint256)'],
  ['0x59491871', 'redelegate(address,address,uint256,bool)'],
  ['0xaad3ec96', 'claim(address,uint256)'],
  ['0xd7c2dfc8', 'claimBatch(address[],uint256[])'],
  ['0xbff02e20', 'getValidators(uint256,uint256)'],
  ['0xdbda7fb3', 'getValidatorCreditContract(address)'],
  ['0xcbb04d9d', 'getValidatorBasicInfo(address)'],
  ['0x6ec01b27', 'getValidatorCommission(address)'],
  ['0xa43569b3', 'getValidatorDescription(address)'],
  ['0x63a036b5', 'getValidatorElectionInfo(uint256,uint256)'],
  ['0xf80a3402', 'getValidatorRewardRecord(address,uint256)'],
  ['0x38409988', 'minDelegationBNBChange()'],
  ['0xfc0c5ff1', 'unbondPeriod()'],
  ['0xe992aaf5', 'redelegateFeeRate()'],
  ['0xc473318f', 'maxElectedValidators()'],
  ['0xb187bd26', 'isPaused()'],
  ['0x4838d165', 'blackList(address)'],
];

const CREDIT_FUNCTIONS: [string, string][] = [
  ['0x70a08231', 'balanceOf(address)'],
  ['0x0913db47', 'getPooledBNB(address)'],
  ['0x91faf0b4', 'getPooledBNBByShares(uint256)'],
  ['0x647df759', 'getSharesByPooledBNB(uint256)'],
  ['0x15d1f898', 'totalPooledBNB()'],
  ['0x18160ddd', 'totalSupply()'],
  ['0xa9664feb', 'lockedBNBs(address,uint256)'],
  ['0x038c0023', 'pendingUnbondRequest(address)'],
  ['0x2f2d448a', 'claimableUnbondRequest(address)'],
  ['0xd241c1ea', 'unbondRequest(address,uint256)'],
  ['0xaa1966cd', 'rewardRecord(uint256)'],
];

/** Topic (first four bytes) and the whole signature with what is indexed, which the topic does not tell. */
const HUB_EVENTS: [string, string][] = [
  ['0x24d7bda8', 'Delegated(address indexed, address indexed, uint256, uint256)'],
  ['0x3aace734', 'Undelegated(address indexed, address indexed, uint256, uint256)'],
  ['0xfdac6e81', 'Redelegated(address indexed, address indexed, address indexed, uint256, uint256, uint256)'],
  ['0xf7a40077', 'Claimed(address indexed, address indexed, uint256)'],
  ['0xe34918ff', 'RewardDistributed(address indexed, uint256)'],
  ['0xfc8bff67', 'RewardDistributeFailed(address indexed, bytes)'],
  ['0x6e9a2ee7', 'ValidatorSlashed(address indexed, uint256, uint256, uint8)'],
  ['0x4905ac32', 'ValidatorJailed(address indexed)'],
  ['0x9390b453', 'ValidatorUnjailed(address indexed)'],
  ['0x78cdd96e', 'CommissionRateEdited(address indexed, uint64)'],
];

const HUB_ERRORS: [string, string][] = [
  ['0x056e8811', 'ValidatorNotExisted'],
  ['0x4b6b857d', 'ValidatorNotJailed'],
  ['0x2f64097e', 'SelfDelegationNotEnough'],
  ['0xdc81db85', 'InvalidCommission'],
  ['0x3f259b7a', 'UpdateTooFrequently'],
  ['0x5c32dd9c', 'JailTimeNotExpired'],
  ['0xdc6f0bdd', 'DelegationAmountTooSmall'],
  ['0x64689203', 'OnlySelfDelegation'],
  ['0x9811e0c7', 'ZeroShares'],
  ['0xf0e3e629', 'SameValidator'],
  ['0x90b8ec18', 'TransferFailed'],
  ['0x41abc801', 'InvalidRequest'],
  ['0xb1d02c3d', 'InBlackList'],
];

const CREDIT_ERRORS: [string, string][] = [
  ['0x2fe8dae9', 'ZeroTotalShares'],
  ['0xf6ed9ce0', 'ZeroTotalPooledBNB'],
  ['0x8cd22d19', 'TransferNotAllowed'],
  ['0x20287471', 'ApproveNotAllowed'],
  ['0x1f2a2005', 'ZeroAmount'],
  ['0xf4d678b8', 'InsufficientBalance'],
  ['0xad418937', 'NoUnbondRequest'],
  ['0x0f363824', 'NoClaimableUnbondRequest'],
];

describe('the local BNB contracts', () => {
  it('are what the committed artifacts say: a fresh compile gives the same bytes', () => {
    const fresh = compileContracts();
    for (const name of CONTRACT_NAMES) expect(fresh[name]).toEqual(loadArtifact(name));
  }, 30_000);

  it.each(HUB_FUNCTIONS)('StakeHub answers %s as %s', (selector, signature) => {
    expect(hub.getFunction(signature)?.selector).toBe(selector);
  });

  it.each(CREDIT_FUNCTIONS)('StakeCredit answers %s as %s', (selector, signature) => {
    expect(credit.getFunction(signature)?.selector).toBe(selector);
  });

  it.each(HUB_EVENTS)('StakeHub logs %s as %s', (topic, signature) => {
    const event = hub.getEvent(signature.slice(0, signature.indexOf('(')));
    expect(event?.topicHash.slice(0, 10)).toBe(topic);
    const inputs = event?.inputs.map((input) => `${input.type}${input.indexed ? ' indexed' : ''}`).join(', ');
    expect(`${event?.name}(${inputs})`).toBe(signature);
  });

  it('StakeCredit logs 0xfb0e1482 as RewardReceived with nothing indexed', () => {
    const event = credit.getEvent('RewardReceived');
    expect(event?.topicHash.slice(0, 10)).toBe('0xfb0e1482');
    expect(event?.inputs.map((input) => [input.type, input.indexed])).toEqual([
      ['uint256', false],
      ['uint256', false],
    ]);
  });

  it.each(HUB_ERRORS)('StakeHub reverts %s as %s', (selector, name) => {
    expect(hub.getError(name)?.selector).toBe(selector);
  });

  it.each(CREDIT_ERRORS)('StakeCredit reverts %s as %s', (selector, name) => {
    expect(credit.getError(name)?.selector).toBe(selector);
  });

  it('are payable where money comes in, and give the description as one struct, as the genuine hub does', () => {
    expect(hub.getFunction('delegate')?.payable).toBe(true);
    expect(hub.getFunction('undelegate')?.payable).toBe(false);
    const description = hub.getFunction('getValidatorDescription')?.outputs[0];
    expect(description?.format('sighash')).toBe('(string,string,string,string)');
  });

  it('know the published system key and stand at the real addresses', () => {
    const code = loadArtifact('LocalStakeHub').runtimeBytecode.toLowerCase();
    expect(code).toContain(devWallet('system').address.slice(2).toLowerCase());
    expect(BNB_SYSTEM.stakeHub).toBe('0x0000000000000000000000000000000000002002');
    expect(BNB_SYSTEM.validatorSet).toBe('0x0000000000000000000000000000000000001000');
  });
});
