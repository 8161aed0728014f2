// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What verified evidence says about an enclave. Policy (age, measurement, report data) is judged by the caller.
struct Attestation {
    /// Hash of everything the enclave bound into its report.
    bytes32 reportData;
    /// Hash of the enclave's code.
    bytes32 measurement;
    /// Security version of that code.
    uint16 svn;
    /// Kind of evidence, right-padded ASCII: "simulation", or a hardware mode.
    bytes32 mode;
    /// When the evidence was made, seconds since 1970.
    uint64 issuedAt;
    /// Last second at which it holds.
    uint64 expiry;
}

/// @title Turns evidence of an enclave into facts
/// @notice One verifier accepts exactly one mode. It reverts on evidence that it cannot prove.
interface IAttestationVerifier {
    /// @notice The one mode whose evidence this verifier accepts.
    function mode() external view returns (bytes32);

    /// @notice Checks the signatures of the evidence and returns what it states.
    /// @param evidence Opaque bytes, in the format of the mode
    function verify(bytes calldata evidence) external view returns (Attestation memory);
}
