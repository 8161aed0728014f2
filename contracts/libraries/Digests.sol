// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Receipt, TaskRecord} from "../types/Tasks.sol";

/// @title Everything that Enigma hashes
/// @notice Each function has a twin in TypeScript (package protocol); protocol/vectors ties the two.
library Digests {
    bytes32 internal constant EPOCH_UPDATE_TYPEHASH = keccak256(
        "EpochUpdate(uint64 d,bytes32 seed,bytes32 nextCommit,uint32 generation)"
    );

    bytes32 internal constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 taskId,bytes32 scAddr,uint8 kind,bool ok,uint8 reason,bytes32 codeHash,bytes32 inputHash,"
        "uint64 gasLimit,uint64 epoch,uint64 recordBlock,uint64 recordTime,bytes32 prevHead,bytes32 deltaHash,bytes32 outputHash,uint64 gasUsed,"
        "address callbackTarget,bytes32 callbackDataHash,uint32 callbackGas)"
    );

    bytes32 internal constant TASK_ACCEPTED_TYPEHASH = keccak256(
        "TaskAccepted(bytes32 taskId,bytes32 inputHash,uint64 recordBlock)"
    );

    /// @notice What is signed: the struct hash under the network's domain.
    function typed(bytes32 domainSeparator, bytes32 structHash) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator, structHash);
    }

    /// @notice EIP-712 struct hash of an EpochUpdate.
    function epochUpdate(
        uint64 d,
        bytes32 seed,
        bytes32 nextCommit,
        uint32 generation
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(EPOCH_UPDATE_TYPEHASH, d, seed, nextCommit, generation));
    }

    /// @notice EIP-712 struct hash of a Receipt (all fields are of one word, so abi.encode is EIP-712's encoding).
    function receipt(Receipt calldata r) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPEHASH, r));
    }

    /// @notice EIP-712 struct hash of a TaskAccepted.
    function taskAccepted(bytes32 id, bytes32 inputHash, uint64 recordBlock) internal pure returns (bytes32) {
        return keccak256(abi.encode(TASK_ACCEPTED_TYPEHASH, id, inputHash, recordBlock));
    }

    /// @notice What a registration report binds (R3).
    function report(
        address signer,
        bytes32 transportKey,
        address operator,
        address principalSigner,
        uint64 nonce
    ) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    "enigma/report",
                    signer,
                    transportKey,
                    operator,
                    block.chainid,
                    address(this),
                    principalSigner,
                    nonce
                )
            );
    }

    /// @notice An epoch's randomness: neither the principal nor a block proposer knows it alone.
    function mix(bytes32 seed, bytes32 blockHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(seed, blockHash));
    }

    /// @notice The point in 0 .. total-1 that decides who has the seat.
    function seatPoint(bytes32 mix_, bytes32 scAddr, uint256 seat, uint256 total) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(mix_, scAddr, seat))) % total;
    }

    function taskId(address sender, uint256 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(sender, nonce));
    }

    /// @notice Slot 1 of an open task.
    function record(TaskRecord memory r) internal pure returns (bytes32) {
        return keccak256(abi.encode(r));
    }

    /// @notice A contract's head after one more delta.
    function head(bytes32 prevHead, bytes32 deltaHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(prevHead, deltaHash));
    }
}
