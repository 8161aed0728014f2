// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation} from "../interfaces/IAttestationVerifier.sol";
import {IEnigma} from "../interfaces/IEnigma.sol";

/// @title What verified evidence must say to be accepted for a registration
library AttestationPolicy {
    /// @dev Evidence is made for one registration, so a day is generous.
    uint256 internal constant MAX_AGE = 24 hours;
    /// @dev An enclave host's clock may run ahead of the chain's.
    uint256 internal constant MAX_AHEAD = 15 minutes;

    function check(Attestation memory a, bytes32 reportData, bytes32 mode, uint16 minSvn) internal view {
        if (a.mode != mode) revert IEnigma.EnigmaWrongAttestationMode(a.mode, mode);
        if (a.reportData != reportData) revert IEnigma.EnigmaReportMismatch(reportData, a.reportData);
        if (a.svn < minSvn) revert IEnigma.EnigmaSvnTooLow(a.svn, minSvn);
        if (uint256(a.issuedAt) + MAX_AGE < block.timestamp) {
            revert IEnigma.EnigmaEvidenceTooOld(a.issuedAt, block.timestamp);
        }
        if (a.issuedAt > block.timestamp + MAX_AHEAD) {
            revert IEnigma.EnigmaEvidenceFromFuture(a.issuedAt, block.timestamp);
        }
        if (block.timestamp > a.expiry) revert IEnigma.EnigmaAttestationExpired(a.expiry, block.timestamp);
    }
}
