// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {LocalHubParams} from "./LocalHubParams.sol";
import {LocalStakeCredit} from "./LocalStakeCredit.sol";

interface ILocalSeats {
    function felony(address consensusAddress) external;
}

/// The entry for stakers: same calls, events, errors and economics as the StakeHub of BNB Smart Chain, for the part
/// the product uses. Left out: governance votes, agents, node ids, BLS proofs, malicious-vote and double-sign slashes.
contract LocalStakeHub is LocalHubParams {
    struct Commission {
        uint64 rate;
        uint64 maxRate;
        uint64 maxChangeRate;
    }

    struct Description {
        string moniker;
        string identity;
        string website;
        string details;
    }

    struct Validator {
        address consensusAddress;
        LocalStakeCredit credit;
        uint256 createdTime;
        bytes voteAddress;
        Description description;
        Commission commission;
        bool jailed;
        uint256 jailUntil;
        uint256 updateTime;
    }

    enum SlashType {
        DoubleSign,
        DownTime,
        MaliciousVote
    }

    error ValidatorExisted();
    error ValidatorNotExisted();
    error ValidatorNotJailed();
    error DuplicateConsensusAddress();
    error DuplicateMoniker();
    error SelfDelegationNotEnough();
    error InvalidCommission();
    error InvalidMoniker();
    error InvalidVoteAddress();
    error InvalidConsensusAddress();
    error UpdateTooFrequently();
    error JailTimeNotExpired();
    error DelegationAmountTooSmall();
    error OnlySelfDelegation();
    error ZeroShares();
    error SameValidator();
    error TransferFailed();
    error InvalidRequest();

    event ValidatorCreated(
        address indexed consensusAddress,
        address indexed operatorAddress,
        address indexed creditContract,
        bytes voteAddress
    );
    event StakeCreditInitialized(address indexed operatorAddress, address indexed creditContract);
    event CommissionRateEdited(address indexed operatorAddress, uint64 newCommissionRate);
    event Delegated(address indexed operatorAddress, address indexed delegator, uint256 shares, uint256 bnbAmount);
    event Undelegated(address indexed operatorAddress, address indexed delegator, uint256 shares, uint256 bnbAmount);
    event Redelegated(
        address indexed srcValidator,
        address indexed dstValidator,
        address indexed delegator,
        uint256 oldShares,
        uint256 newShares,
        uint256 bnbAmount
    );
    event Claimed(address indexed operatorAddress, address indexed delegator, uint256 bnbAmount);
    event RewardDistributed(address indexed operatorAddress, uint256 reward);
    event RewardDistributeFailed(address indexed operatorAddress, bytes failReason);
    event ValidatorSlashed(address indexed operatorAddress, uint256 jailUntil, uint256 slashAmount, SlashType slashType);
    event ValidatorJailed(address indexed operatorAddress);
    event ValidatorEmptyJailed(address indexed operatorAddress);
    event ValidatorUnjailed(address indexed operatorAddress);

    bool private takesBNB; // true only while a redelegation waits for its first leg's money
    uint256 public numOfJailed;
    address[] private operators;
    mapping(address => Validator) private validators;
    mapping(address => address) public consensusToOperator;
    mapping(bytes32 => bool) private monikerTaken;

    receive() external payable {
        require(takesBNB);
    }

    modifier known(address operator) {
        if (!_isKnown(operator)) revert ValidatorNotExisted();
        _;
    }

    // ------------------------------------------------------------------ validators

    function createValidator(
        address consensusAddress,
        bytes calldata voteAddress,
        bytes calldata blsProof,
        Commission calldata commission,
        Description calldata description
    ) external payable open {
        if (_isKnown(msg.sender)) revert ValidatorExisted();
        if (consensusAddress == address(0)) revert InvalidConsensusAddress();
        if (consensusToOperator[consensusAddress] != address(0)) revert DuplicateConsensusAddress();
        if (voteAddress.length != 48 || blsProof.length != 96) revert InvalidVoteAddress();
        bytes32 moniker = keccak256(bytes(description.moniker));
        if (monikerTaken[moniker]) revert DuplicateMoniker();
        if (!_isMoniker(bytes(description.moniker))) revert InvalidMoniker();
        if (msg.value < minSelfDelegationBNB + LOCK_AMOUNT) revert SelfDelegationNotEnough();
        if (
            commission.maxRate > 5_000 ||
            commission.rate > commission.maxRate ||
            commission.maxChangeRate > commission.maxRate
        ) revert InvalidCommission();

        LocalStakeCredit credit = LocalStakeCredit(payable(_newCredit()));
        credit.initialize{value: msg.value}(msg.sender, description.moniker);
        emit StakeCreditInitialized(msg.sender, address(credit));

        operators.push(msg.sender);
        monikerTaken[moniker] = true;
        consensusToOperator[consensusAddress] = msg.sender;
        Validator storage v = validators[msg.sender];
        v.consensusAddress = consensusAddress;
        v.credit = credit;
        v.createdTime = block.timestamp;
        v.voteAddress = voteAddress;
        v.description = description;
        v.commission = commission;
        v.updateTime = block.timestamp;

        emit ValidatorCreated(consensusAddress, msg.sender, address(credit), voteAddress);
        emit Delegated(msg.sender, msg.sender, msg.value - LOCK_AMOUNT, msg.value - LOCK_AMOUNT);
        emit Delegated(msg.sender, DEAD_ADDRESS, LOCK_AMOUNT, LOCK_AMOUNT);
    }

    function editCommissionRate(uint64 rate) external open known(msg.sender) {
        Validator storage v = validators[msg.sender];
        if (v.updateTime + BREATHE_BLOCK_INTERVAL > block.timestamp) revert UpdateTooFrequently();
        uint64 old = v.commission.rate;
        if (rate > v.commission.maxRate) revert InvalidCommission();
        if ((rate > old ? rate - old : old - rate) > v.commission.maxChangeRate) revert InvalidCommission();
        v.commission.rate = rate;
        v.updateTime = block.timestamp;
        emit CommissionRateEdited(msg.sender, rate);
    }

    function unjail(address operator) external open known(operator) {
        Validator storage v = validators[operator];
        if (!v.jailed) revert ValidatorNotJailed();
        if (v.credit.getPooledBNB(operator) < minSelfDelegationBNB) revert SelfDelegationNotEnough();
        if (v.jailUntil > block.timestamp) revert JailTimeNotExpired();
        v.jailed = false;
        --numOfJailed;
        emit ValidatorUnjailed(operator);
    }

    // ------------------------------------------------------------------ stakers

    function delegate(address operator, bool) external payable open known(operator) {
        if (msg.value < minDelegationBNBChange) revert DelegationAmountTooSmall();
        _refuseJailed(operator);
        uint256 shares = validators[operator].credit.delegate{value: msg.value}(msg.sender);
        emit Delegated(operator, msg.sender, shares, msg.value);
    }

    function undelegate(address operator, uint256 shares) external open known(operator) {
        if (shares == 0) revert ZeroShares();
        Validator storage v = validators[operator];
        uint256 bnbAmount = v.credit.undelegate(msg.sender, shares);
        emit Undelegated(operator, msg.sender, shares, bnbAmount);
        bool ownTooLow = msg.sender == operator && v.credit.getPooledBNB(operator) < minSelfDelegationBNB;
        if (ownTooLow && !v.jailed) {
            _jail(operator, block.timestamp + downtimeJailTime);
            ILocalSeats(VALIDATOR_SET).felony(v.consensusAddress);
        }
    }

    function redelegate(address from, address to, uint256 shares, bool) external open known(from) known(to) {
        if (shares == 0) revert ZeroShares();
        if (from == to) revert SameValidator();
        _refuseJailed(to);

        takesBNB = true;
        uint256 bnbAmount = validators[from].credit.unbond(msg.sender, shares);
        takesBNB = false;
        if (bnbAmount < minDelegationBNBChange) revert DelegationAmountTooSmall();
        if (msg.sender == from && validators[from].credit.getPooledBNB(from) < minSelfDelegationBNB) {
            revert SelfDelegationNotEnough();
        }

        LocalStakeCredit target = validators[to].credit;
        uint256 fee = (bnbAmount * redelegateFeeRate) / REDELEGATE_FEE_RATE_BASE;
        (bool paid, ) = address(target).call{value: fee}("");
        if (!paid) revert TransferFailed();
        bnbAmount -= fee;
        uint256 newShares = target.delegate{value: bnbAmount}(msg.sender);
        emit Redelegated(from, to, msg.sender, shares, newShares, bnbAmount);
    }

    function claim(address operator, uint256 requestNumber) external open {
        _claim(operator, requestNumber);
    }

    function claimBatch(address[] calldata operatorAddrs, uint256[] calldata requestNumbers) external open {
        if (operatorAddrs.length != requestNumbers.length) revert InvalidRequest();
        for (uint256 i; i < operatorAddrs.length; ++i) {
            _claim(operatorAddrs[i], requestNumbers[i]);
        }
    }

    // ------------------------------------------------------------------ the engine

    /// Never reverts for a validator that cannot take it: the money is lost to the system instead.
    function distributeReward(address consensusAddress) external payable onlyFrom(VALIDATOR_SET) {
        address operator = consensusToOperator[consensusAddress];
        Validator storage v = validators[operator];
        if (address(v.credit) == address(0) || v.jailed) {
            (bool sent, ) = SYSTEM_REWARD.call{value: msg.value}("");
            require(sent);
            emit RewardDistributeFailed(operator, "INVALID_VALIDATOR");
            return;
        }
        v.credit.distributeReward{value: msg.value}(v.commission.rate);
        emit RewardDistributed(operator, msg.value);
    }

    function downtimeSlash(address consensusAddress) external onlyDevOwner {
        address operator = consensusToOperator[consensusAddress];
        if (!_isKnown(operator)) revert ValidatorNotExisted();
        uint256 slashed = validators[operator].credit.slash(downtimeSlashAmount);
        uint256 jailUntil = block.timestamp + downtimeJailTime;
        _jail(operator, jailUntil);
        emit ValidatorSlashed(operator, jailUntil, slashed, SlashType.DownTime);
    }

    /// Not in the genuine contract: lets the driver jail without a slash.
    function devJail(address operator, uint256 jailUntil) external onlyDevOwner known(operator) {
        _jail(operator, jailUntil);
    }

    // ------------------------------------------------------------------ reads

    function getValidators(
        uint256 offset,
        uint256 limit
    ) external view returns (address[] memory operatorAddrs, address[] memory creditAddrs, uint256 totalLength) {
        totalLength = operators.length;
        uint256 count = _page(offset, limit);
        operatorAddrs = new address[](count);
        creditAddrs = new address[](count);
        for (uint256 i; i < count; ++i) {
            operatorAddrs[i] = operators[offset + i];
            creditAddrs[i] = address(validators[operatorAddrs[i]].credit);
        }
    }

    function getValidatorElectionInfo(
        uint256 offset,
        uint256 limit
    )
        external
        view
        returns (
            address[] memory consensusAddrs,
            uint256[] memory votingPowers,
            bytes[] memory voteAddrs,
            uint256 totalLength
        )
    {
        totalLength = operators.length;
        uint256 count = _page(offset, limit);
        consensusAddrs = new address[](count);
        votingPowers = new uint256[](count);
        voteAddrs = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            Validator storage v = validators[operators[offset + i]];
            consensusAddrs[i] = v.consensusAddress;
            votingPowers[i] = v.jailed ? 0 : v.credit.totalPooledBNB();
            voteAddrs[i] = v.voteAddress;
        }
    }

    function getValidatorCreditContract(address operator) external view returns (address creditContract) {
        return address(validators[operator].credit);
    }

    function getValidatorConsensusAddress(address operator) external view returns (address consensusAddress) {
        return validators[operator].consensusAddress;
    }

    function getValidatorVoteAddress(address operator) external view returns (bytes memory voteAddress) {
        return validators[operator].voteAddress;
    }

    /// All zero for an operator nobody knows, as in the genuine contract.
    function getValidatorBasicInfo(
        address operator
    ) external view returns (uint256 createdTime, bool jailed, uint256 jailUntil) {
        Validator storage v = validators[operator];
        return (v.createdTime, v.jailed, v.jailUntil);
    }

    function getValidatorDescription(address operator) external view known(operator) returns (Description memory) {
        return validators[operator].description;
    }

    function getValidatorCommission(address operator) external view known(operator) returns (Commission memory) {
        return validators[operator].commission;
    }

    function getValidatorUpdateTime(address operator) external view known(operator) returns (uint256) {
        return validators[operator].updateTime;
    }

    function getValidatorRewardRecord(address operator, uint256 day) external view known(operator) returns (uint256) {
        return validators[operator].credit.rewardRecord(day);
    }

    function getValidatorTotalPooledBNBRecord(
        address operator,
        uint256 day
    ) external view known(operator) returns (uint256) {
        return validators[operator].credit.totalPooledBNBRecord(day);
    }

    // ------------------------------------------------------------------ inside

    function _isKnown(address operator) private view returns (bool) {
        return address(validators[operator].credit) != address(0);
    }

    function _refuseJailed(address operator) private view {
        if (validators[operator].jailed && msg.sender != operator) revert OnlySelfDelegation();
    }

    function _claim(address operator, uint256 requestNumber) private known(operator) {
        uint256 bnbAmount = validators[operator].credit.claim(msg.sender, requestNumber);
        emit Claimed(operator, msg.sender, bnbAmount);
    }

    /// The last validator at liberty is never jailed: the chain would stop.
    function _jail(address operator, uint256 jailUntil) private {
        if (numOfJailed + 1 >= operators.length) {
            emit ValidatorEmptyJailed(operator);
            return;
        }
        Validator storage v = validators[operator];
        if (jailUntil > v.jailUntil) v.jailUntil = jailUntil;
        if (v.jailed) return;
        v.jailed = true;
        ++numOfJailed;
        emit ValidatorJailed(operator);
    }

    function _page(uint256 offset, uint256 limit) private view returns (uint256) {
        uint256 total = operators.length;
        if (offset >= total) return 0;
        return limit == 0 || limit > total - offset ? total - offset : limit;
    }

    /// 3 to 9 letters and digits, the first a capital.
    function _isMoniker(bytes memory text) private pure returns (bool) {
        if (text.length < 3 || text.length > 9) return false;
        if (text[0] < "A" || text[0] > "Z") return false;
        for (uint256 i = 1; i < text.length; ++i) {
            bytes1 c = text[i];
            bool fine = (c >= "0" && c <= "9") || (c >= "A" && c <= "Z") || (c >= "a" && c <= "z");
            if (!fine) return false;
        }
        return true;
    }

    /// A minimal proxy (EIP-1167) to the credit implementation: each validator's pool has its own address and state.
    function _newCredit() private returns (address credit) {
        bytes memory code = abi.encodePacked(
            hex"3d602d80600a3d3981f3363d3d373d3d3d363d73",
            STAKE_CREDIT,
            hex"5af43d82803e903d91602b57fd5bf3"
        );
        assembly {
            credit := create(0, add(code, 32), mload(code))
        }
        require(credit != address(0));
    }
}
