// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnigma} from "../interfaces/IEnigma.sol";
import {Epoch} from "../types/Epochs.sol";
import {SeatProof} from "../types/Workers.sol";
import {Digests} from "./Digests.sol";
import {StakeTree} from "./StakeTree.sol";

/// @title The seats of a task: who holds them, and when they open (R1, R7)
library Seats {
    /// @dev Independent draws for each task (G). One worker may hold several.
    uint8 internal constant COUNT = 3;

    /// @notice Passes if a receipt from this seat may be accepted now. An earlier seat stays allowed in later windows.
    function requireWindow(uint256 recordBlock, uint8 seat, uint64 window) internal view {
        if (seat >= COUNT) revert IEnigma.EnigmaNoSuchSeat(seat);
        uint256 opensAfter = recordBlock + uint256(seat) * window;
        uint256 deadline = recordBlock + uint256(COUNT) * window;
        if (block.number <= opensAfter || block.number > deadline) {
            revert IEnigma.EnigmaOutsideWindow(block.number, opensAfter + 1, deadline);
        }
    }

    /// @notice Passes if the seat was drawn in the signer's interval of the epoch's stakes.
    function requireHolder(
        Epoch storage epoch,
        address operator,
        address signer,
        bytes32 scAddr,
        uint8 seat,
        SeatProof calldata proof
    ) internal view {
        bytes32 leaf = StakeTree.leaf(proof.index, operator, signer, proof.stake);
        (bytes32 root, uint256 first) = StakeTree.climb(leaf, proof);
        if (root != epoch.root) revert IEnigma.EnigmaWrongStakeProof(root, epoch.root);
        uint256 point = Digests.seatPoint(epoch.mix, scAddr, seat, epoch.total);
        if (point < first || point - first >= proof.stake) {
            revert IEnigma.EnigmaNotSelected(signer, seat, point, first, proof.stake);
        }
    }
}
