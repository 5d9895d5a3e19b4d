// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {LocalSystem} from "./LocalSystem.sol";

interface ILocalHubRewards {
    function distributeReward(address consensusAddress) external payable;
}

/// Collects the fees of the elected validators through the day and pays them out in the breathe block.
contract LocalValidatorSet is LocalSystem {
    struct Seat {
        address consensusAddress;
        uint64 votingPower;
        uint256 incoming;
    }

    error LengthMismatch();
    error WrongTotal();

    event validatorDeposit(address indexed validator, uint256 amount);
    event deprecatedDeposit(address indexed validator, uint256 amount);
    event validatorFelony(address indexed validator, uint256 amount);
    event systemTransfer(uint256 amount);
    event validatorSetUpdated();

    Seat[] private seats;
    mapping(address => uint256) private seatOf; // 1-based; 0 stands for "not elected"
    uint256 public totalInComing;

    /// The fees of one block, to the validator that made it.
    function deposit(address consensusAddress) external payable onlyDevOwner {
        _deposit(consensusAddress, msg.value);
    }

    /// Many blocks' fees in one transaction (the genuine contract has one deposit in each block).
    function depositMany(address[] calldata consensusAddrs, uint256[] calldata amounts) external payable onlyDevOwner {
        if (consensusAddrs.length != amounts.length) revert LengthMismatch();
        uint256 rest = msg.value;
        for (uint256 i; i < amounts.length; ++i) {
            if (amounts[i] > rest) revert WrongTotal();
            rest -= amounts[i];
            _deposit(consensusAddrs[i], amounts[i]);
        }
        if (rest != 0) revert WrongTotal();
    }

    /// The breathe block's system transaction: pay what has come in, sweep the rest, seat the newly elected.
    function updateValidatorSetV2(
        address[] calldata consensusAddrs,
        uint64[] calldata votingPowers,
        bytes[] calldata voteAddrs
    ) external onlyDevOwner {
        if (consensusAddrs.length != votingPowers.length || consensusAddrs.length != voteAddrs.length) {
            revert LengthMismatch();
        }
        uint256 count = seats.length;
        for (uint256 i; i < count; ++i) {
            uint256 incoming = seats[i].incoming;
            if (incoming == 0) continue;
            seats[i].incoming = 0;
            ILocalHubRewards(STAKE_HUB).distributeReward{value: incoming}(seats[i].consensusAddress);
        }
        totalInComing = 0;
        _sweep();
        _seat(consensusAddrs, votingPowers);
        emit validatorSetUpdated();
    }

    /// Takes the seat away at once; what the validator had earned so far today goes to the others in equal parts.
    function felony(address consensusAddress) external {
        if (msg.sender != STAKE_HUB && msg.sender != DEV_OWNER) revert OnlySystemContract(STAKE_HUB);
        uint256 position = seatOf[consensusAddress];
        if (position == 0 || seats.length == 1) return;
        uint256 amount = seats[position - 1].incoming;
        Seat memory last = seats[seats.length - 1];
        seats[position - 1] = last;
        seatOf[last.consensusAddress] = position;
        seats.pop();
        delete seatOf[consensusAddress];
        uint256 part = amount / seats.length;
        for (uint256 i; i < seats.length; ++i) {
            seats[i].incoming += part;
        }
        totalInComing -= amount - part * seats.length; // the remainder is swept at the breathe block
        emit validatorFelony(consensusAddress, amount);
    }

    function getIncoming(address consensusAddress) external view returns (uint256) {
        uint256 position = seatOf[consensusAddress];
        return position == 0 ? 0 : seats[position - 1].incoming;
    }

    function getValidators() external view returns (address[] memory consensusAddrs) {
        consensusAddrs = new address[](seats.length);
        for (uint256 i; i < seats.length; ++i) {
            consensusAddrs[i] = seats[i].consensusAddress;
        }
    }

    function isCurrentValidator(address consensusAddress) external view returns (bool) {
        return seatOf[consensusAddress] != 0;
    }

    function _deposit(address consensusAddress, uint256 amount) private {
        uint256 position = seatOf[consensusAddress];
        if (position == 0) {
            emit deprecatedDeposit(consensusAddress, amount); // nobody's: swept at the breathe block
            return;
        }
        seats[position - 1].incoming += amount;
        totalInComing += amount;
        emit validatorDeposit(consensusAddress, amount);
    }

    function _sweep() private {
        uint256 rest = address(this).balance;
        if (rest == 0) return;
        (bool sent, ) = SYSTEM_REWARD.call{value: rest}("");
        require(sent);
        emit systemTransfer(rest);
    }

    function _seat(address[] calldata consensusAddrs, uint64[] calldata votingPowers) private {
        for (uint256 i; i < seats.length; ++i) {
            delete seatOf[seats[i].consensusAddress];
        }
        delete seats;
        for (uint256 i; i < consensusAddrs.length; ++i) {
            seats.push(Seat(consensusAddrs[i], votingPowers[i], 0));
            seatOf[consensusAddrs[i]] = i + 1;
        }
    }
}
