// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Attestation, IAttestationVerifier} from "../interfaces/IAttestationVerifier.sol";

/// @title Verifier of SIMULATED evidence: it protects nothing
/// @notice The evidence is signed by a root key that is published together with its private half, so anybody can make it. It gives
/// a test network the structure of attestation, never its security. It is a format of its own and imitates no hardware quote.
contract SimulationVerifier is IAttestationVerifier {
    /// @notice A simulation is refused on Ethereum's main network.
    error EnigmaSimulationOnMainnet();
    /// @notice The root address is zero.
    error EnigmaSimulationRootMissing();
    /// @notice The evidence names another kind of enclave than "sim".
    error EnigmaNotSimulationEvidence(bytes32 tee);
    /// @notice Simulated evidence must carry the debug mark; this one pretends not to.
    error EnigmaSimulationWithoutDebugMark();
    /// @notice The signature is malformed, or not of the published root.
    error EnigmaSimulationSignature(address recovered);

    /// @dev The signed part of the evidence. A static struct encodes like its fields one after another.
    struct Statement {
        bytes32 tee;
        bytes32 measurement;
        uint16 svn;
        bool debug;
        bytes32 isolation;
        uint64 issuedAt;
        uint64 expiry;
        bytes32 reportData;
    }

    bytes32 private constant TEE = "sim";
    bytes32 private constant MODE = "simulation";
    string private constant LABEL = "enigma/sim-evidence/v1";

    /// @notice Address of the published, insecure root key.
    address public immutable root;

    constructor(address root_) {
        if (block.chainid == 1) revert EnigmaSimulationOnMainnet();
        if (root_ == address(0)) revert EnigmaSimulationRootMissing();
        root = root_;
    }

    /// @inheritdoc IAttestationVerifier
    function mode() external pure returns (bytes32) {
        return MODE;
    }

    /// @inheritdoc IAttestationVerifier
    /// @dev evidence = abi.encode(tee, measurement, svn, debug, isolation, issuedAt, expiry, reportData, signature), where the 65-byte
    /// signature is over keccak256(abi.encode("enigma/sim-evidence/v1", tee, ..., reportData)), without a prefix.
    function verify(bytes calldata evidence) external view returns (Attestation memory) {
        if (block.chainid == 1) revert EnigmaSimulationOnMainnet(); // a fork may change the id after construction
        (Statement memory said, bytes memory signature) = abi.decode(evidence, (Statement, bytes));
        if (said.tee != TEE) revert EnigmaNotSimulationEvidence(said.tee);
        if (!said.debug) revert EnigmaSimulationWithoutDebugMark();
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecover(
            keccak256(abi.encode(LABEL, said)),
            signature
        );
        if (failure != ECDSA.RecoverError.NoError || signer != root) revert EnigmaSimulationSignature(signer);
        return Attestation(said.reportData, said.measurement, said.svn, MODE, said.issuedAt, said.expiry);
    }
}
