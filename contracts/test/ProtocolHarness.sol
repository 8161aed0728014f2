// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Digests} from "../libraries/Digests.sol";
import {Seats} from "../libraries/Seats.sol";
import {StakeTree} from "../libraries/StakeTree.sol";
import {Epoch} from "../types/Epochs.sol";
import {TaskRecord} from "../types/Tasks.sol";
import {SeatProof} from "../types/Workers.sol";

/// @title For tests only: Enigma's internal rules as plain functions
contract ProtocolHarness {
    using StakeTree for StakeTree.Tree;

    StakeTree.Tree private _tree;
    Epoch private _epoch;

    function taskId(address sender, uint256 nonce) external pure returns (bytes32) {
        return Digests.taskId(sender, nonce);
    }

    function record(TaskRecord calldata r) external pure returns (bytes32) {
        return Digests.record(r);
    }

    function head(bytes32 prevHead, bytes32 deltaHash) external pure returns (bytes32) {
        return Digests.head(prevHead, deltaHash);
    }

    function mix(bytes32 seed, bytes32 blockHash) external pure returns (bytes32) {
        return Digests.mix(seed, blockHash);
    }

    function commitOf(bytes32 seed) external pure returns (bytes32) {
        return keccak256(abi.encode(seed));
    }

    function seatPoint(bytes32 mix_, bytes32 scAddr, uint256 seat, uint256 total) external pure returns (uint256) {
        return Digests.seatPoint(mix_, scAddr, seat, total);
    }

    function leaf(uint32 index, address operator, address signer, uint256 stake) external pure returns (bytes32) {
        return StakeTree.leaf(index, operator, signer, stake);
    }

    function node(
        bytes32 leftHash,
        uint256 leftSum,
        bytes32 rightHash,
        uint256 rightSum
    ) external pure returns (bytes32) {
        return StakeTree.node(leftHash, leftSum, rightHash, rightSum);
    }

    function climb(bytes32 hash, SeatProof calldata proof) external pure returns (bytes32 root, uint256 first) {
        return StakeTree.climb(hash, proof);
    }

    function depthOf(uint256 leafCount) external pure returns (uint256) {
        return StakeTree.depthOf(leafCount);
    }

    /// @notice Reverts unless the proof puts its leaf on the seat.
    function requireHolder(
        Epoch calldata epoch,
        address operator,
        address signer,
        bytes32 scAddr,
        uint8 seat,
        SeatProof calldata proof
    ) external {
        _epoch = epoch;
        Seats.requireHolder(_epoch, operator, signer, scAddr, seat, proof);
    }

    /// @notice Appends a leaf to this contract's own tree.
    function add(address operator, address signer, uint128 stake) external {
        uint32 index = _tree.take();
        _tree.set(index, StakeTree.leaf(index, operator, signer, stake), stake);
    }

    function set(uint32 index, address operator, address signer, uint128 stake) external {
        _tree.set(index, StakeTree.leaf(index, operator, signer, stake), stake);
    }

    function release(uint32 index) external {
        _tree.release(index);
    }

    function tree() external view returns (bytes32, uint256, uint32) {
        return (_tree.root, _tree.total, _tree.leafCount);
    }
}
