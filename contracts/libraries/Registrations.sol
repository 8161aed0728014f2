// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation, IAttestationVerifier} from "../interfaces/IAttestationVerifier.sol";
import {IEnigma} from "../interfaces/IEnigma.sol";
import {Principal} from "../types/Workers.sol";
import {AttestationPolicy} from "./AttestationPolicy.sol";
import {Digests} from "./Digests.sol";
import {WorkerLedger} from "./WorkerLedger.sol";

/// @title Enclaves that bind themselves to msg.sender by evidence: workers, and the one principal (R3, R14)
/// @dev Deployed apart and linked, to keep Enigma below the size limit of a contract.
library Registrations {
    using WorkerLedger for WorkerLedger.Ledger;

    /// @dev What this network accepts as evidence.
    struct Policy {
        IAttestationVerifier verifier;
        bytes32 mode;
        uint16 minSvn;
    }

    /// @notice Makes the key-management enclave known; later only its evidence anew, since evidence expires and the keys stay.
    function principal(
        Principal storage known,
        mapping(bytes32 measurement => bool) storage allowed,
        Policy calldata policy,
        address signer,
        bytes32 transportKey,
        bytes calldata evidence
    ) external {
        bool isKnown = known.signer == signer && known.transportKey == transportKey;
        if (known.signer != address(0) && !isKnown) revert IEnigma.EnigmaPrincipalAlreadyRegistered(known.signer);
        Attestation memory a = _attest(allowed, policy, signer, transportKey, signer, 0, evidence);
        (known.signer, known.transportKey, known.measurement) = (signer, transportKey, a.measurement);
        emit IEnigma.PrincipalRegistered(signer, transportKey, a.measurement, evidence);
    }

    /// @notice Registers msg.sender as operator of an enclave.
    function worker(
        WorkerLedger.Ledger storage workers,
        mapping(bytes32 measurement => bool) storage allowed,
        Policy calldata policy,
        address principalSigner,
        address staking,
        address signer,
        bytes32 transportKey,
        bytes calldata evidence
    ) external {
        if (principalSigner == address(0)) revert IEnigma.EnigmaNoPrincipal();
        if (staking == address(0)) revert IEnigma.EnigmaZeroValue("staking");
        if (signer == principalSigner) revert IEnigma.EnigmaSignerTaken(signer);
        uint32 nonce = workers.workers[msg.sender].nonce;
        Attestation memory a = _attest(allowed, policy, signer, transportKey, principalSigner, nonce, evidence);
        workers.register(msg.sender, staking, signer, transportKey, a);
        emit IEnigma.WorkerRegistered(msg.sender, staking, signer, transportKey, a.measurement, nonce, evidence);
    }

    function _attest(
        mapping(bytes32 measurement => bool) storage allowed,
        Policy calldata policy,
        address signer,
        bytes32 transportKey,
        address principalSigner,
        uint64 nonce,
        bytes calldata evidence
    ) private view returns (Attestation memory a) {
        if (signer == address(0)) revert IEnigma.EnigmaZeroValue("signer");
        if (transportKey == 0) revert IEnigma.EnigmaZeroValue("transportKey");
        a = policy.verifier.verify(evidence);
        bytes32 report = Digests.report(signer, transportKey, msg.sender, principalSigner, nonce);
        AttestationPolicy.check(a, report, policy.mode, policy.minSvn);
        if (!allowed[a.measurement]) revert IEnigma.EnigmaMeasurementNotAllowed(a.measurement);
    }
}
