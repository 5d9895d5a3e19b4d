// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {LocalSystem} from "./LocalSystem.sol";

/// The hub's emergency stop and black list.
abstract contract LocalProtectable is LocalSystem {
    bool public isPaused;
    mapping(address => bool) public blackList;

    error AlreadyPaused();
    error NotPaused();
    error InBlackList();

    event Paused();
    event Resumed();
    event BlackListed(address indexed target);
    event UnBlackListed(address indexed target);

    modifier open() {
        if (isPaused) revert AlreadyPaused();
        if (blackList[msg.sender]) revert InBlackList();
        _;
    }

    function pause() external onlyDevOwner {
        if (isPaused) revert AlreadyPaused();
        isPaused = true;
        emit Paused();
    }

    function resume() external onlyDevOwner {
        if (!isPaused) revert NotPaused();
        isPaused = false;
        emit Resumed();
    }

    function addToBlackList(address account) external onlyDevOwner {
        blackList[account] = true;
        emit BlackListed(account);
    }

    function removeFromBlackList(address account) external onlyDevOwner {
        blackList[account] = false;
        emit UnBlackListed(account);
    }
}
