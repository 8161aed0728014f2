// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICallbackGateway} from "../interfaces/ICallbackGateway.sol";
import {IEnigma} from "../interfaces/IEnigma.sol";
import {CALLBACK_FORBIDDEN, CALLBACK_NO_CODE, CALLBACK_REVERTED} from "../types/Settlement.sol";
import {Receipt} from "../types/Tasks.sol";

/// @title What a receipt may call on Ethereum (R13)
library Callbacks {
    /// @dev CB_MAX.
    uint32 internal constant MAX_GAS = 500_000;
    uint256 internal constant MAX_BYTES = 4 * 1024;
    /// @dev Precompiles live at small addresses, with room for those to come.
    uint160 private constant LAST_RESERVED = 0xffff;

    /// @notice Whether the receipt asks for a callback. Target 0 counts: it is a forbidden one.
    function wanted(Receipt calldata r) internal pure returns (bool) {
        return r.callbackTarget != address(0) || r.callbackDataHash != 0 || r.callbackGas != 0;
    }

    /// @notice Calls back, at the very end of a commit. Reverts only for what its sender got wrong: data or gas.
    /// @param token The money; like Enigma and the gateway no target
    /// @return failure 0, or why the callback failed for good
    function run(
        Receipt calldata r,
        bytes calldata data,
        ICallbackGateway gateway,
        address token
    ) internal returns (uint8 failure) {
        if (data.length > MAX_BYTES) revert IEnigma.EnigmaCallbackTooLarge(r.callbackGas, data.length);
        bytes32 dataHash = keccak256(data);
        if (dataHash != r.callbackDataHash) revert IEnigma.EnigmaCallbackDataMismatch(r.callbackDataHash, dataHash);
        address target = r.callbackTarget;
        bool forbidden =
            uint160(target) <= LAST_RESERVED ||
                target == token ||
                target == address(this) ||
                target == address(gateway);
        if (forbidden) return CALLBACK_FORBIDDEN;
        if (target.code.length == 0) return CALLBACK_NO_CODE;
        return gateway.execute(r.scAddr, target, r.callbackGas, data) ? 0 : CALLBACK_REVERTED;
    }
}
