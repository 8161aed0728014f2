// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The address that secret contracts speak from on Ethereum
/// @notice A contract that takes callbacks checks two things: msg.sender is this gateway, and secretContract() is its own secret contract.
interface ICallbackGateway {
    /// @notice Only Enigma may start a callback.
    error EnigmaGatewayOnly(address sender);
    /// @notice The transaction has too little gas left to give the callback all that the receipt promises it. Send more; nothing happened.
    error EnigmaCallbackGasMissing(uint256 gasLeft, uint256 needed);

    /// @notice The contract whose receipts lead to callbacks.
    function enigma() external view returns (address);

    /// @notice The secret contract whose callback is running; 0 outside of callbacks.
    function secretContract() external view returns (bytes32);

    /// @notice Calls `target` with exactly `callbackGas` of gas. Enigma only.
    /// @return success Whether the target neither reverted nor ran out of its gas
    function execute(
        bytes32 scAddr,
        address target,
        uint32 callbackGas,
        bytes calldata data
    ) external returns (bool success);
}
