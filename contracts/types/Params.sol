// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAttestationVerifier} from "../interfaces/IAttestationVerifier.sol";

/// @notice Everything that is fixed when Enigma is constructed.
struct EnigmaParams {
    /// ENG. A token that takes a fee on transfers would break the accounts; do not use one.
    IERC20 token;
    /// Fixes the attestation mode too.
    IAttestationVerifier verifier;
    /// Registers the principal once and keeps the list of measurements; best a TimelockController.
    address owner;
    /// Grains; a worker below it cannot log in.
    uint128 minStake;
    /// Blocks between two epochs, 2 to 200 (a block hash can be read for 256 blocks).
    uint64 epochSize;
    /// Blocks that each seat has before the next may commit too, 1 to 100.
    uint64 window;
    /// Blocks after a task's deadline in which a broken promise can be proven; part of the unbonding time.
    uint64 proofPeriod;
    /// Lowest security version of an enclave.
    uint16 minSvn;
    /// Enclave code allowed from the start.
    bytes32[] measurements;
}
