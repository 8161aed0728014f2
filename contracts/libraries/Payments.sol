// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IEnigma} from "../interfaces/IEnigma.sol";
import {PermitSignature} from "../types/Tasks.sol";

/// @title Taking money from msg.sender, and from nobody else
library Payments {
    using SafeERC20 for IERC20;

    /// @notice Moves `amount` grains from the sender to this contract, within the sender's allowance.
    function pull(IERC20 token, uint256 amount) internal {
        uint256 allowance = token.allowance(msg.sender, address(this));
        if (allowance < amount) revert IEnigma.EnigmaAllowanceTooLow(msg.sender, allowance, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Uses the sender's permit. Its failure is ignored: whoever used the signature earlier has given the allowance by that.
    function permit(IERC20 token, uint256 amount, PermitSignature memory p) internal {
        try
            IERC20Permit(address(token)).permit(msg.sender, address(this), amount, p.deadline, p.v, p.r, p.s)
        {} catch {}
    }
}
