// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnigma} from "../interfaces/IEnigma.sol";
import {Epoch, EpochState} from "../types/Epochs.sol";
import {Digests} from "./Digests.sol";

/// @title The sequence of epochs (R1)
/// @notice A call uses the stake root that the call before stored, the hash of the block right after that call, and a seed that was
/// committed to in it. So the stakes were fixed before the randomness was known, and the principal could not choose it.
library EpochClock {
    /// @dev Blocks between the calls before the first epoch: the least with a block hash to read.
    uint64 internal constant FIRST_SPACING = 2;

    struct Clock {
        EpochState state;
        mapping(uint64 epoch => Epoch) epochs;
    }

    /// @notice Stores the root and commitment; starts an epoch if the call before left something to draw from.
    function advance(
        Clock storage clock,
        uint64 d,
        bytes32 seed,
        bytes32 nextCommit,
        uint32 generation,
        uint64 epochSize,
        bytes32 root,
        uint128 total
    ) internal {
        EpochState storage state = clock.state;
        if (d != state.nextCall) revert IEnigma.EnigmaWrongEpochCall(d, state.nextCall);
        if (generation < state.generation) revert IEnigma.EnigmaGenerationFell(generation, state.generation);
        if (d != 0) {
            uint256 notBefore = nextCallBlock(clock, epochSize);
            if (block.number < notBefore) revert IEnigma.EnigmaEpochTooEarly(block.number, notBefore);
            bytes32 commit = keccak256(abi.encode(seed));
            if (commit != state.pendingCommit) revert IEnigma.EnigmaWrongSeed(commit, state.pendingCommit);
            _start(clock, d, seed, generation);
        }
        state.nextCall = d + 1;
        state.lastCallBlock = uint64(block.number);
        state.generation = generation;
        state.pendingRoot = root;
        state.pendingCommit = nextCommit;
        state.pendingTotal = total;
        emit IEnigma.EpochCalled(d, block.number, root, total, nextCommit);
    }

    function _start(Clock storage clock, uint64 d, bytes32 seed, uint32 generation) private {
        EpochState storage state = clock.state;
        bytes32 blockHash = blockhash(state.lastCallBlock + 1); // 0 when older than 256 blocks
        if (blockHash == 0 || state.pendingTotal == 0) return; // the epoch stays
        uint64 epoch = state.epoch + 1;
        Epoch memory next = Epoch({
            mix: Digests.mix(seed, blockHash),
            root: state.pendingRoot,
            total: state.pendingTotal,
            startBlock: uint64(block.number),
            generation: generation
        });
        state.epoch = epoch;
        clock.epochs[epoch] = next;
        emit IEnigma.EpochStarted(epoch, d, next.mix, next.root, next.total, next.startBlock, generation);
    }

    /// @notice Earliest block of the next call; 0 for call 0.
    function nextCallBlock(Clock storage clock, uint64 epochSize) internal view returns (uint256) {
        EpochState storage state = clock.state;
        if (state.nextCall == 0) return 0;
        return uint256(state.lastCallBlock) + (state.epoch == 0 ? FIRST_SPACING : epochSize);
    }

    /// @notice Passes if a task may be recorded for the epoch now: the current one, or the one before within `grace` blocks.
    function requireOpen(Clock storage clock, uint64 epoch, uint64 grace) internal view {
        uint64 current = clock.state.epoch;
        if (current == 0) revert IEnigma.EnigmaNoEpoch();
        if (epoch == current) return;
        bool previous = epoch != 0 && epoch == current - 1;
        if (!previous || block.number > clock.epochs[current].startBlock + grace) {
            revert IEnigma.EnigmaWrongEpoch(current);
        }
    }
}
