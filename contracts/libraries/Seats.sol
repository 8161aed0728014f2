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

    /// @notice The blocks in which a receipt from this seat may be accepted. An earlier seat stays allowed in later windows.
    function window(
        uint256 recordBlock,
        uint8 seat,
        uint64 blocks
    ) internal pure returns (uint256 first, uint256 last) {
        if (seat >= COUNT) revert IEnigma.EnigmaNoSuchSeat(seat);
        return (recordBlock + uint256(seat) * blocks + 1, recordBlock + uint256(COUNT) * blocks);
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
