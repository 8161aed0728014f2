// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipt} from "./Tasks.sol";

/// @notice A receipt as it left its enclave.
struct SignedReceipt {
    Receipt receipt;
    /// 65 bytes over receiptDigest(receipt).
    bytes signature;
}

/// @notice What has to be known to judge a proof.
struct PenaltyTerms {
    bytes32 domainSeparator;
    /// Blocks after its record in which a task could be settled.
    uint64 taskPeriod;
    /// Blocks after that in which a broken promise can be proven.
    uint64 proofPeriod;
    /// Grains; a worker that falls below is logged out.
    uint128 minStake;
    uint64 unbonding;
}

/// @notice How a fine, already taken from the stake, is to be paid out.
struct Fine {
    uint256 forSubmitter;
    uint256 forBeneficiary;
    address beneficiary;
}
