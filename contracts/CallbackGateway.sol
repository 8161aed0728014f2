// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICallbackGateway} from "./interfaces/ICallbackGateway.sol";

/// @title Makes the calls that secret contracts ask for (R13)
/// @notice A callback may name any target and any data, so it must not come from an address that owns or may do anything. This contract holds
/// no money and no role, keeps nothing, and is made by Enigma's constructor. Never give it an allowance, a token or a right.
contract CallbackGateway is ICallbackGateway {
    /// @dev What the gateway itself needs: reaching a cold account, and coming back with its answer.
    uint256 private constant RESERVE = 30_000;

    /// @inheritdoc ICallbackGateway
    address public immutable enigma;
    /// @inheritdoc ICallbackGateway
    bytes32 public transient secretContract;

    constructor() {
        enigma = msg.sender;
    }

    /// @inheritdoc ICallbackGateway
    /// @dev A call hands on at most 63/64 of the gas, so without the check a sender could starve the target and have that count as the
    /// target's failure. Nothing of what the target returns is copied.
    function execute(
        bytes32 scAddr,
        address target,
        uint32 callbackGas,
        bytes calldata data
    ) external returns (bool success) {
        if (msg.sender != enigma) revert EnigmaGatewayOnly(msg.sender);
        secretContract = scAddr;
        bytes memory input = data;
        uint256 needed = (uint256(callbackGas) * 64) / 63 + RESERVE;
        if (gasleft() < needed) revert EnigmaCallbackGasMissing(gasleft(), needed);
        assembly ("memory-safe") {
            success := call(callbackGas, target, 0, add(input, 0x20), mload(input), 0, 0)
        }
        secretContract = 0;
    }
}
