// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title For tests only: a token that calls somebody in the middle of every transfer
/// @notice It does what a callback did to the predecessor: re-enter the contract that is moving money.
contract ReentrantToken is ERC20 {
    address private _target;
    bytes[] private _calls;
    bool private _inside;

    /// @notice Attempts made, and those that got through.
    uint256 public attempts;
    uint256 public successes;
    bytes public lastRefusal;

    constructor() ERC20("Reentrant", "RE") {
        _mint(msg.sender, 10 ** 16);
    }

    /// @notice Calls `target` with each of `calls` during every transfer from now on. An empty list switches it off.
    function arm(address target, bytes[] calldata calls) external {
        _target = target;
        delete _calls;
        for (uint256 i = 0; i < calls.length; ++i) _calls.push(calls[i]);
        attempts = 0;
        successes = 0;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_inside) return;
        _inside = true;
        for (uint256 i = 0; i < _calls.length; ++i) {
            ++attempts;
            // solhint-disable-next-line avoid-low-level-calls
            (bool ok, bytes memory answer) = _target.call(_calls[i]);
            if (ok) ++successes;
            else lastRefusal = answer;
        }
        _inside = false;
    }
}
