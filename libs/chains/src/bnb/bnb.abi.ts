/**
 * The part of BNB Smart Chain's staking contracts that the product uses, as human-readable ABI. Every selector and
 * topic is pinned by `bnb.abi.spec.ts` against the published constants: a typo here would otherwise be a call that the
 * chain refuses, or an event that is never found.
 *
 * Source: bnb-chain/bsc-genesis-contract, StakeHub.sol, StakeCredit.sol, BSCValidatorSet.sol, SystemV2.sol.
 */
import { Interface } from 'ethers';

/** System contracts: the same on the main network, on Chapel and on the local chain. */
export const STAKE_HUB = '0x0000000000000000000000000000000000002002';
export const VALIDATOR_SET = '0x0000000000000000000000000000000000001000';

export const BNB_MAINNET_CHAIN_ID = 56n;

/** `redelegateFeeRate` is in parts of this. */
export const REDELEGATE_FEE_BASE = 100_000n;
/** Commission 100 %. */
export const COMMISSION_BASE = 10_000n;

export const STAKE_HUB_ABI = [
  'function delegate(address operatorAddress, bool delegateVotePower) payable',
  'function undelegate(address operatorAddress, uint256 shares)',
  'function redelegate(address srcValidator, address dstValidator, uint256 shares, bool delegateVotePower)',
  'function claim(address operatorAddress, uint256 requestNumber)',
  'function claimBatch(address[] operatorAddresses, uint256[] requestNumbers)',
  'function getValidators(uint256 offset, uint256 limit) view returns (address[] operatorAddrs, address[] creditAddrs, uint256 totalLength)',
  'function getValidatorCreditContract(address operatorAddress) view returns (address creditContract)',
  'function getValidatorConsensusAddress(address operatorAddress) view returns (address consensusAddress)',
  'function getValidatorBasicInfo(address operatorAddress) view returns (uint256 createdTime, bool jailed, uint256 jailUntil)',
  'function getValidatorCommission(address operatorAddress) view returns (tuple(uint64 rate, uint64 maxRate, uint64 maxChangeRate) commission)',
  'function getValidatorDescription(address operatorAddress) view returns (tuple(string moniker, string identity, string website, string details) description)',
  'function getValidatorElectionInfo(uint256 offset, uint256 limit) view returns (address[] consensusAddrs, uint256[] votingPowers, bytes[] voteAddrs, uint256 totalLength)',
  'function getValidatorRewardRecord(address operatorAddress, uint256 index) view returns (uint256)',
  'function minDelegationBNBChange() view returns (uint256)',
  'function unbondPeriod() view returns (uint256)',
  'function redelegateFeeRate() view returns (uint256)',
  'function maxElectedValidators() view returns (uint256)',
  'function transferGasLimit() view returns (uint256)',
  'function isPaused() view returns (bool)',
  'function blackList(address account) view returns (bool)',
  'event Delegated(address indexed operatorAddress, address indexed delegator, uint256 shares, uint256 bnbAmount)',
  'event Undelegated(address indexed operatorAddress, address indexed delegator, uint256 shares, uint256 bnbAmount)',
  'event Redelegated(address indexed srcValidator, address indexed dstValidator, address indexed delegator, uint256 oldShares, uint256 newShares, uint256 bnbAmount)',
  'event Claimed(address indexed operatorAddress, address indexed delegator, uint256 bnbAmount)',
  'event RewardDistributed(address indexed operatorAddress, uint256 reward)',
  'event RewardDistributeFailed(address indexed operatorAddress, bytes failReason)',
  'event ValidatorSlashed(address indexed operatorAddress, uint256 jailUntil, uint256 slashAmount, uint8 slashType)',
  'event ValidatorJailed(address indexed operatorAddress)',
  'event ValidatorUnjailed(address indexed operatorAddress)',
  'event CommissionRateEdited(address indexed operatorAddress, uint64 newCommissionRate)',
  'error DelegationAmountTooSmall()',
  'error OnlySelfDelegation()',
  'error ValidatorNotExisted()',
  'error ZeroShares()',
  'error SameValidator()',
  'error TransferFailed()',
  'error InBlackList()',
  'error AlreadyPaused()',
] as const;

export const STAKE_CREDIT_ABI = [
  'function balanceOf(address account) view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'function totalPooledBNB() view returns (uint256)',
  'function getPooledBNB(address account) view returns (uint256)',
  'function getPooledBNBByShares(uint256 shares) view returns (uint256)',
  'function getSharesByPooledBNB(uint256 bnbAmount) view returns (uint256)',
  'function lockedBNBs(address delegator, uint256 number) view returns (uint256)',
  'function pendingUnbondRequest(address delegator) view returns (uint256)',
  'function claimableUnbondRequest(address delegator) view returns (uint256)',
  'function unbondRequest(address delegator, uint256 index) view returns (tuple(uint256 shares, uint256 bnbAmount, uint256 unlockTime) request)',
  'function rewardRecord(uint256 day) view returns (uint256)',
  'event RewardReceived(uint256 rewardToAll, uint256 commission)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'error InsufficientBalance()',
  'error NoUnbondRequest()',
  'error NoClaimableUnbondRequest()',
  'error ZeroTotalShares()',
  'error ZeroTotalPooledBNB()',
  'error ZeroAmount()',
] as const;

export const VALIDATOR_SET_ABI = ['function getValidators() view returns (address[] consensusAddrs)'] as const;

export const HUB = new Interface(STAKE_HUB_ABI);
export const CREDIT = new Interface(STAKE_CREDIT_ABI);
export const SET = new Interface(VALIDATOR_SET_ABI);

/** First four bytes of the calls that move money: the only ones the signer knows. */
export const SELECTOR = {
  delegate: '0x982ef0a7',
  undelegate: '0x4d99dd16',
  redelegate: '0x59491871',
  claim: '0xaad3ec96',
} as const;

function topicOf(abi: Interface, name: string): string {
  const event = abi.getEvent(name);
  if (event === null) throw new Error(`no event ${name} in the ABI`);
  return event.topicHash;
}

export const TOPIC = {
  delegated: topicOf(HUB, 'Delegated'),
  undelegated: topicOf(HUB, 'Undelegated'),
  redelegated: topicOf(HUB, 'Redelegated'),
  claimed: topicOf(HUB, 'Claimed'),
  rewardDistributeFailed: topicOf(HUB, 'RewardDistributeFailed'),
  validatorSlashed: topicOf(HUB, 'ValidatorSlashed'),
  rewardReceived: topicOf(CREDIT, 'RewardReceived'),
  transfer: topicOf(CREDIT, 'Transfer'),
} as const;

/** The name of the custom error in revert data, e.g. `DelegationAmountTooSmall`; null when it is none we know. */
export function customErrorName(data: string | null): string | null {
  if (data === null || !/^0x[0-9a-f]{8}/i.test(data)) return null;
  for (const abi of [HUB, CREDIT]) {
    const error = abi.getError(data.slice(0, 10));
    if (error !== null) return error.name;
  }
  return null;
}
