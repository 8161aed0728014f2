// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaState} from "./EnigmaState.sol";
import {IEnigma} from "./interfaces/IEnigma.sol";
import {Digests} from "./libraries/Digests.sol";
import {EpochClock} from "./libraries/EpochClock.sol";
import {Epoch, EpochState} from "./types/Epochs.sol";
import {Receipt, SecretContract, Task, TaskStatus} from "./types/Tasks.sol";
import {Principal, Worker} from "./types/Workers.sol";

/// @title What anybody may ask Enigma
/// @notice Reads the ledgers, and computes what is signed under this contract's domain.
abstract contract EnigmaViews is EnigmaState {
    using EpochClock for EpochClock.Clock;

    /// @inheritdoc IEnigma
    function principal() external view returns (Principal memory) {
        return _principal;
    }

    /// @inheritdoc IEnigma
    function worker(address operator) external view returns (Worker memory) {
        return _workers.workers[operator];
    }

    /// @inheritdoc IEnigma
    function operatorOf(address signer) external view returns (address) {
        return _workers.signers[signer].operator;
    }

    /// @inheritdoc IEnigma
    function signerBanned(address signer) external view returns (bool) {
        return _workers.signers[signer].banned;
    }

    /// @inheritdoc IEnigma
    function registrationNonce(address operator) external view returns (uint64) {
        return _workers.workers[operator].nonce;
    }

    /// @inheritdoc IEnigma
    function reportData(
        address signer,
        bytes32 transportKey,
        address operator,
        address principalSigner,
        uint64 nonce
    ) public view returns (bytes32) {
        return Digests.report(signer, transportKey, operator, principalSigner, nonce);
    }

    /// @inheritdoc IEnigma
    function stakeTree() external view returns (bytes32 root, uint256 total, uint32 leafCount) {
        return (_workers.tree.root, _workers.tree.total, _workers.tree.leafCount);
    }

    /// @inheritdoc IEnigma
    function epochInfo(
        uint64 epoch
    ) external view returns (bytes32 mix, bytes32 root, uint256 total, uint64 startBlock, uint32 generation) {
        Epoch storage e = _clock.epochs[epoch];
        return (e.mix, e.root, e.total, e.startBlock, e.generation);
    }

    /// @inheritdoc IEnigma
    function epochState() external view returns (EpochState memory) {
        return _clock.state;
    }

    /// @inheritdoc IEnigma
    function currentEpoch() external view returns (uint64) {
        return _clock.state.epoch;
    }

    /// @inheritdoc IEnigma
    function nextEpochBlock() external view returns (uint256) {
        return _clock.nextCallBlock(epochSize);
    }

    /// @inheritdoc IEnigma
    function taskNonce(address sender) external view returns (uint256) {
        return _tasks.nonces[sender];
    }

    /// @inheritdoc IEnigma
    function taskStatus(
        bytes32 taskId
    ) external view returns (bytes32 slot1, address sender, uint64 recordBlock, uint64 recordTime, TaskStatus status) {
        Task storage t = _tasks.tasks[taskId];
        return (t.digest, t.sender, t.recordBlock, t.recordTime, t.status);
    }

    /// @inheritdoc IEnigma
    function secretContract(
        bytes32 scAddr
    ) external view returns (bytes32 codeHash, bytes32 headHash, uint64 deltaCount) {
        SecretContract storage sc = _tasks.contracts[scAddr];
        return (sc.codeHash, sc.headHash, sc.deltaCount);
    }

    /// @inheritdoc IEnigma
    function receiptDigest(Receipt calldata receipt) public view returns (bytes32) {
        return _hashTypedDataV4(Digests.receipt(receipt));
    }

    /// @inheritdoc IEnigma
    function epochUpdateDigest(
        uint64 d,
        bytes32 seed,
        bytes32 nextCommit,
        uint32 generation
    ) public view returns (bytes32) {
        return _hashTypedDataV4(Digests.epochUpdate(d, seed, nextCommit, generation));
    }

    /// @inheritdoc IEnigma
    function taskAcceptedDigest(bytes32 taskId, bytes32 inputHash, uint64 recordBlock) external view returns (bytes32) {
        return _hashTypedDataV4(Digests.taskAccepted(taskId, inputHash, recordBlock));
    }

    /// @inheritdoc IEnigma
    function totalStake() external view returns (uint256) {
        return _workers.totalStake;
    }

    /// @inheritdoc IEnigma
    function totalEscrow() external view returns (uint256) {
        return _tasks.totalEscrow;
    }

    /// @inheritdoc IEnigma
    function taskPunished(bytes32 taskId) external view returns (bool) {
        return _tasks.tasks[taskId].punished;
    }

    /// @inheritdoc IEnigma
    function totalForfeit() external view returns (uint256) {
        return _workers.totalForfeit;
    }

    /// @inheritdoc IEnigma
    function totalCredit() external view returns (uint256) {
        return _workers.totalCredit;
    }
}
