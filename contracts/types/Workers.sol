// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Unregistered -> LoggedOut <-> LoggedIn, and LoggedOut -> Unregistered.
enum WorkerStatus {
    Unregistered,
    LoggedOut,
    LoggedIn
}

/// @notice A worker, known by its operating address.
struct Worker {
    /// Owns the stake and the fees; the only address that moves them.
    address staking;
    WorkerStatus status;
    /// Block of the latest logout; 0 if it never logged in.
    uint40 logoutBlock;
    /// Index in the stake tree plus one; 0 = no leaf yet.
    uint32 leafPlusOne;
    /// Key of the worker's enclave.
    address signer;
    /// Last second at which the enclave's evidence holds.
    uint64 attestationExpiry;
    /// Registrations so far; bound into the next report.
    uint32 nonce;
    /// X25519 key of the worker's enclave.
    bytes32 transportKey;
    /// Hash of the enclave's code.
    bytes32 measurement;
    /// Grains staked.
    uint128 stake;
    /// Grains earned and neither claimed nor compounded.
    uint128 credit;
}

/// @notice The enclave that holds the root secret, makes the epochs and grants keys.
struct Principal {
    address signer;
    bytes32 transportKey;
    bytes32 measurement;
}

/// @notice Path of one leaf of the stake tree, from the leaf upwards.
struct SeatProof {
    uint32 index;
    uint256 stake;
    bytes32[] siblingHashes;
    uint256[] siblingSums;
}
