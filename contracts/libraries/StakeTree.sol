// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnigma} from "../interfaces/IEnigma.sol";
import {SeatProof} from "../types/Workers.sol";

/// @title Merkle-sum tree over the stakes
/// @notice Every node carries a hash and the sum of the stakes below it, so one root fixes the whole draw, and a path shows which interval
/// of the total belongs to a leaf. An update or a proof costs O(log n).
/// @dev leaf = keccak256(abi.encode(index, operator, signer, stake)); node = keccak256(abi.encode(leftHash, leftSum, rightHash, rightSum));
/// an empty subtree is (0, 0). Leaves and nodes are both four words; they cannot be confused, since an index is below 2^32 and no hash is.
library StakeTree {
    /// @dev Two sibling nodes. One slot less per level than one record per node.
    struct Pair {
        bytes32 leftHash;
        bytes32 rightHash;
        uint128 leftSum;
        uint128 rightSum;
    }

    struct Tree {
        bytes32 root;
        uint128 total;
        uint32 leafCount;
        uint32[] freeLeaves;
        mapping(uint256 level => mapping(uint256 index => Pair)) pairs;
    }

    /// @notice Gives out a free leaf, or makes a new one; the tree grows by a level when it is full.
    function take(Tree storage tree) internal returns (uint32 index) {
        uint256 free = tree.freeLeaves.length;
        if (free != 0) {
            index = tree.freeLeaves[free - 1];
            tree.freeLeaves.pop();
            return index;
        }
        index = tree.leafCount;
        if (index != 0 && index & (index - 1) == 0) {
            // Full: the old root becomes the left half of a tree one level higher.
            Pair storage top = tree.pairs[depthOf(index)][0];
            top.leftHash = tree.root;
            top.leftSum = tree.total;
        }
        tree.leafCount = index + 1;
    }

    /// @notice Lets the leaf be given out again. Its stake must be 0 already.
    function release(Tree storage tree, uint32 index) internal {
        tree.freeLeaves.push(index);
    }

    /// @notice Replaces a leaf and everything above it.
    function set(Tree storage tree, uint32 index, bytes32 hash, uint128 sum) internal {
        uint256 depth = depthOf(tree.leafCount);
        uint256 position = index;
        for (uint256 level = 0; level < depth; ++level) {
            Pair storage pair = tree.pairs[level][position >> 1];
            (uint128 leftSum, uint128 rightSum) = (pair.leftSum, pair.rightSum);
            if (position & 1 == 0) {
                (pair.leftHash, pair.leftSum) = (hash, sum);
                leftSum = sum;
                hash = node(hash, leftSum, pair.rightHash, rightSum);
            } else {
                (pair.rightHash, pair.rightSum) = (hash, sum);
                rightSum = sum;
                hash = node(pair.leftHash, leftSum, hash, rightSum);
            }
            sum = leftSum + rightSum;
            position >>= 1;
        }
        tree.root = hash;
        tree.total = sum;
    }

    /// @notice Climbs from a leaf to the root.
    /// @return root Hash at the top
    /// @return first Sum of all stakes to the left of the leaf
    function climb(bytes32 hash, SeatProof calldata proof) internal pure returns (bytes32 root, uint256 first) {
        uint256 depth = proof.siblingHashes.length;
        uint256 position = proof.index;
        if (proof.siblingSums.length != depth || depth > 32 || position >> depth != 0) {
            revert IEnigma.EnigmaMalformedStakeProof(proof.index, depth, proof.siblingSums.length);
        }
        uint256 sum = proof.stake;
        for (uint256 level = 0; level < depth; ++level) {
            (bytes32 siblingHash, uint256 siblingSum) = (proof.siblingHashes[level], proof.siblingSums[level]);
            if (position & 1 == 0) {
                hash = node(hash, sum, siblingHash, siblingSum);
            } else {
                hash = node(siblingHash, siblingSum, hash, sum);
                first += siblingSum;
            }
            sum += siblingSum;
            position >>= 1;
        }
        root = hash;
    }

    /// @notice Hash of a leaf. stake is 0 for a worker that is logged out.
    function leaf(uint32 index, address operator, address signer, uint256 stake) internal pure returns (bytes32) {
        return keccak256(abi.encode(uint256(index), operator, signer, stake));
    }

    function node(
        bytes32 leftHash,
        uint256 leftSum,
        bytes32 rightHash,
        uint256 rightSum
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(leftHash, leftSum, rightHash, rightSum));
    }

    /// @notice Smallest d with 2^d >= leafCount.
    function depthOf(uint256 leafCount) internal pure returns (uint256 depth) {
        while (uint256(1) << depth < leafCount) ++depth;
    }
}
