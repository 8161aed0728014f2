// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One epoch: who may be drawn (root, total) and by which randomness (mix).
struct Epoch {
    bytes32 mix;
    bytes32 root;
    uint128 total;
    uint64 startBlock;
    uint32 generation;
}

/// @notice Where the sequence of epoch calls stands.
struct EpochState {
    /// The current epoch; 0 before the first.
    uint64 epoch;
    /// The d that the next setEpoch must carry.
    uint64 nextCall;
    /// Block of the previous call.
    uint64 lastCallBlock;
    /// Highest generation of state keys so far.
    uint32 generation;
    /// Stake root at the previous call; the next epoch draws from it.
    bytes32 pendingRoot;
    /// keccak256 of the next call's seed.
    bytes32 pendingCommit;
    uint128 pendingTotal;
}
