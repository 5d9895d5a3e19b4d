// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// What the local system contracts share: who sits where, and who may act for the consensus engine.
/// Everything is a constant, because the runtime code is placed in genesis and no constructor ever runs.
abstract contract LocalSystem {
    address internal constant VALIDATOR_SET = 0x0000000000000000000000000000000000001000;
    address internal constant SYSTEM_REWARD = 0x0000000000000000000000000000000000001002;
    address internal constant STAKE_HUB = 0x0000000000000000000000000000000000002002;
    address internal constant STAKE_CREDIT = 0x0000000000000000000000000000000000002003;

    /// The published development key `system`: it stands for the consensus engine, governance and the protector.
    address internal constant DEV_OWNER = 0x6B40b8f69fFdc75e5C19D9AD8Ad391C210CA0844;

    error OnlySystemContract(address systemContract);
    error OnlyDevOwner();
    error AlreadyInitialized();

    modifier onlyFrom(address systemContract) {
        if (msg.sender != systemContract) revert OnlySystemContract(systemContract);
        _;
    }

    modifier onlyDevOwner() {
        if (msg.sender != DEV_OWNER) revert OnlyDevOwner();
        _;
    }
}
