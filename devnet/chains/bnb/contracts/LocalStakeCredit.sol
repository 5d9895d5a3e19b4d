// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {LocalSystem} from "./LocalSystem.sol";

interface ILocalHubParams {
    function unbondPeriod() external view returns (uint256);

    function transferGasLimit() external view returns (uint256);
}

/// The pool of one validator. Shares are worth `totalPooledBNB / totalSupply` each, rounded down both ways;
/// a reward raises the pool without minting, so every holder's shares are worth more.
contract LocalStakeCredit is LocalSystem {
    struct UnbondRequest {
        uint256 shares;
        uint256 bnbAmount;
        uint256 unlockTime;
    }

    struct Queue {
        UnbondRequest[] requests; // append only
        uint256 head; // requests before it have been claimed
    }

    uint256 private constant COMMISSION_BASE = 10_000;
    uint256 private constant DAY = 1 days;
    uint256 private constant LOCKED_AT_CREATION = 1 ether;
    address private constant DEAD = 0x000000000000000000000000000000000000dEaD;

    error ZeroTotalShares();
    error ZeroTotalPooledBNB();
    error TransferNotAllowed();
    error ApproveNotAllowed();
    error WrongInitContext();
    error TransferFailed();
    error ZeroAmount();
    error ZeroShares();
    error InsufficientBalance();
    error NoUnbondRequest();
    error NoClaimableUnbondRequest();

    event RewardReceived(uint256 rewardToAll, uint256 commission);
    event Transfer(address indexed from, address indexed to, uint256 value);

    address public validator;
    string public name;
    string public symbol;
    uint256 public totalSupply;
    uint256 public totalPooledBNB;
    mapping(address => uint256) public balanceOf;
    mapping(uint256 => uint256) public rewardRecord;
    mapping(uint256 => uint256) public totalPooledBNBRecord;
    mapping(address => Queue) private queues;

    /// BNB that the hub sends bare is somebody's redelegation fee: income of all holders, recorded, without an event.
    receive() external payable onlyFrom(STAKE_HUB) {
        _income(msg.value);
    }

    function initialize(address operator, string calldata moniker) external payable onlyFrom(STAKE_HUB) {
        if (validator != address(0)) revert AlreadyInitialized();
        if (operator == address(0) || msg.value <= LOCKED_AT_CREATION) revert WrongInitContext();
        validator = operator;
        name = string.concat("Stake ", moniker, " Credit");
        symbol = string.concat("st", moniker);
        totalPooledBNB = msg.value;
        _mint(DEAD, LOCKED_AT_CREATION);
        _mint(operator, msg.value - LOCKED_AT_CREATION);
    }

    // ------------------------------------------------------------------ moved by the hub

    function delegate(address delegator) external payable onlyFrom(STAKE_HUB) returns (uint256 shares) {
        if (msg.value == 0) revert ZeroAmount();
        shares = _enter(delegator, msg.value);
        if (shares == 0) revert ZeroShares();
    }

    function undelegate(address delegator, uint256 shares) external onlyFrom(STAKE_HUB) returns (uint256 bnbAmount) {
        bnbAmount = _leave(delegator, shares);
        uint256 unlockTime = block.timestamp + ILocalHubParams(STAKE_HUB).unbondPeriod();
        queues[delegator].requests.push(UnbondRequest(shares, bnbAmount, unlockTime));
    }

    /// Leaves at once, to the hub: the first leg of a redelegation.
    function unbond(address delegator, uint256 shares) external onlyFrom(STAKE_HUB) returns (uint256 bnbAmount) {
        bnbAmount = _leave(delegator, shares);
        _send(STAKE_HUB, bnbAmount, gasleft());
    }

    /// `number` counts from the oldest request; 0, or more than there are, stands for all. Stops at the first
    /// request that has not matured, whatever comes behind it.
    function claim(address delegator, uint256 number) external onlyFrom(STAKE_HUB) returns (uint256 total) {
        Queue storage queue = queues[delegator];
        uint256 head = queue.head;
        uint256 end = queue.requests.length;
        if (head == end) revert NoUnbondRequest();
        if (number != 0 && number < end - head) end = head + number;
        while (head < end && queue.requests[head].unlockTime <= block.timestamp) {
            total += queue.requests[head].bnbAmount;
            ++head;
        }
        if (total == 0) revert NoClaimableUnbondRequest();
        queue.head = head;
        _send(delegator, total, ILocalHubParams(STAKE_HUB).transferGasLimit());
    }

    /// The commission buys shares at the rate the reward has just made, so it leaves that rate where it is.
    function distributeReward(uint64 commissionRate) external payable onlyFrom(STAKE_HUB) {
        uint256 commission = (msg.value * commissionRate) / COMMISSION_BASE;
        uint256 rewardToAll = msg.value - commission;
        _income(rewardToAll);
        _enter(validator, commission);
        emit RewardReceived(rewardToAll, commission);
    }

    /// Burns the validator's own stake only, at most all of it; delegators keep their rate.
    function slash(uint256 bnbAmount) external onlyFrom(STAKE_HUB) returns (uint256 slashed) {
        uint256 shares = getSharesByPooledBNB(bnbAmount);
        uint256 own = balanceOf[validator];
        slashed = _burnShares(validator, shares < own ? shares : own);
        _send(SYSTEM_REWARD, slashed, gasleft());
    }

    // ------------------------------------------------------------------ reads

    function decimals() external pure returns (uint8) {
        return 18;
    }

    function getSharesByPooledBNB(uint256 bnbAmount) public view returns (uint256) {
        if (totalPooledBNB == 0) revert ZeroTotalPooledBNB();
        return (bnbAmount * totalSupply) / totalPooledBNB;
    }

    function getPooledBNBByShares(uint256 shares) public view returns (uint256) {
        if (totalSupply == 0) revert ZeroTotalShares();
        return (shares * totalPooledBNB) / totalSupply;
    }

    function getPooledBNB(address account) external view returns (uint256) {
        return getPooledBNBByShares(balanceOf[account]);
    }

    function unbondRequest(address delegator, uint256 index) external view returns (UnbondRequest memory) {
        Queue storage queue = queues[delegator];
        return queue.requests[queue.head + index];
    }

    function unbondSequence(address delegator) external view returns (uint256) {
        return queues[delegator].requests.length;
    }

    function pendingUnbondRequest(address delegator) external view returns (uint256) {
        Queue storage queue = queues[delegator];
        return queue.requests.length - queue.head;
    }

    function claimableUnbondRequest(address delegator) external view returns (uint256 count) {
        Queue storage queue = queues[delegator];
        uint256 i = queue.head;
        while (i < queue.requests.length && queue.requests[i].unlockTime <= block.timestamp) {
            ++i;
        }
        return i - queue.head;
    }

    /// The sum of the oldest `number` requests (0: all), matured or not.
    function lockedBNBs(address delegator, uint256 number) external view returns (uint256 total) {
        Queue storage queue = queues[delegator];
        uint256 end = queue.requests.length;
        if (number != 0 && number < end - queue.head) end = queue.head + number;
        for (uint256 i = queue.head; i < end; ++i) {
            total += queue.requests[i].bnbAmount;
        }
    }

    // ------------------------------------------------------------------ shares cannot change hands

    function transfer(address, uint256) external pure returns (bool) {
        revert TransferNotAllowed();
    }

    function transferFrom(address, address, uint256) external pure returns (bool) {
        revert TransferNotAllowed();
    }

    function approve(address, uint256) external pure returns (bool) {
        revert ApproveNotAllowed();
    }

    // ------------------------------------------------------------------ inside

    function _income(uint256 amount) private {
        uint256 today = block.timestamp / DAY;
        totalPooledBNBRecord[today] = totalPooledBNB; // as it was before this income; overwritten within a day
        rewardRecord[today] += amount;
        totalPooledBNB += amount;
    }

    function _enter(address account, uint256 bnbAmount) private returns (uint256 shares) {
        shares = getSharesByPooledBNB(bnbAmount);
        totalPooledBNB += bnbAmount;
        _mint(account, shares);
    }

    function _leave(address account, uint256 shares) private returns (uint256) {
        if (shares == 0) revert ZeroShares();
        if (shares > balanceOf[account]) revert InsufficientBalance();
        return _burnShares(account, shares);
    }

    function _burnShares(address account, uint256 shares) private returns (uint256 bnbAmount) {
        bnbAmount = getPooledBNBByShares(shares);
        totalPooledBNB -= bnbAmount;
        balanceOf[account] -= shares;
        totalSupply -= shares;
        emit Transfer(account, address(0), shares);
    }

    function _mint(address account, uint256 shares) private {
        balanceOf[account] += shares;
        totalSupply += shares;
        emit Transfer(address(0), account, shares);
    }

    function _send(address to, uint256 amount, uint256 gasLimit) private {
        (bool sent, ) = to.call{value: amount, gas: gasLimit}("");
        if (!sent) revert TransferFailed();
    }
}
