// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {LocalProtectable} from "./LocalProtectable.sol";

/// The parameters governance can move, with the bounds it has.
abstract contract LocalHubParams is LocalProtectable {
    uint256 public constant LOCK_AMOUNT = 1 ether;
    uint256 public constant REDELEGATE_FEE_RATE_BASE = 100_000;
    uint256 public constant BREATHE_BLOCK_INTERVAL = 1 days;
    address public constant DEAD_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    uint256 public transferGasLimit;
    uint256 public minSelfDelegationBNB;
    uint256 public minDelegationBNBChange;
    uint256 public maxElectedValidators;
    uint256 public unbondPeriod;
    uint256 public redelegateFeeRate;
    uint256 public downtimeSlashAmount;
    uint256 public felonySlashAmount;
    uint256 public downtimeJailTime;
    uint256 public felonyJailTime;

    error UnknownParam(string key, bytes value);
    error InvalidValue(string key, bytes value);

    event ParamChange(string key, bytes value);

    /// Stands for the engine's call at the hard fork; the values are those of the main network.
    function initialize() external onlyDevOwner {
        if (unbondPeriod != 0) revert AlreadyInitialized();
        transferGasLimit = 5000;
        minSelfDelegationBNB = 2_000 ether;
        minDelegationBNBChange = 1 ether;
        maxElectedValidators = 45;
        unbondPeriod = 7 days;
        redelegateFeeRate = 2;
        downtimeSlashAmount = 10 ether;
        felonySlashAmount = 200 ether;
        downtimeJailTime = 2 days;
        felonyJailTime = 30 days;
    }

    function updateParam(string calldata key, bytes calldata value) external onlyDevOwner {
        if (value.length != 32) revert InvalidValue(key, value);
        uint256 v = uint256(bytes32(value));
        bytes32 name = keccak256(bytes(key));
        bool inBounds;
        if (name == keccak256("unbondPeriod")) {
            inBounds = v >= 3 days && v <= 30 days;
            unbondPeriod = v;
        } else if (name == keccak256("minDelegationBNBChange")) {
            inBounds = v >= 0.1 ether && v <= 10 ether;
            minDelegationBNBChange = v;
        } else if (name == keccak256("redelegateFeeRate")) {
            inBounds = v <= 100;
            redelegateFeeRate = v;
        } else if (name == keccak256("maxElectedValidators")) {
            inBounds = v >= 1 && v <= 500;
            maxElectedValidators = v;
        } else if (name == keccak256("minSelfDelegationBNB")) {
            inBounds = v >= 1_000 ether && v <= 100_000 ether;
            minSelfDelegationBNB = v;
        } else if (name == keccak256("downtimeSlashAmount")) {
            inBounds = v >= 1 ether && v < felonySlashAmount;
            downtimeSlashAmount = v;
        } else if (name == keccak256("downtimeJailTime")) {
            inBounds = v >= 1 days && v < felonyJailTime;
            downtimeJailTime = v;
        } else if (name == keccak256("transferGasLimit")) {
            inBounds = v >= 2_300 && v <= 10_000;
            transferGasLimit = v;
        } else {
            revert UnknownParam(key, value);
        }
        if (!inBounds) revert InvalidValue(key, value);
        emit ParamChange(key, value);
    }
}
