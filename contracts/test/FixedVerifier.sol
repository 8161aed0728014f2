// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation, IAttestationVerifier} from "../interfaces/IAttestationVerifier.sol";

/// @title For tests only: a verifier that believes everything, of a mode of its own
/// @notice The evidence is the ABI encoding of the attestation itself, so a test can present any.
contract FixedVerifier is IAttestationVerifier {
    bytes32 private immutable _mode;

    constructor(bytes32 mode_) {
        _mode = mode_;
    }

    function mode() external view returns (bytes32) {
        return _mode;
    }

    function verify(bytes calldata evidence) external pure returns (Attestation memory) {
        return abi.decode(evidence, (Attestation));
    }
}
