// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EnigmaState} from "./EnigmaState.sol";
import {EnigmaViews} from "./EnigmaViews.sol";
import {IEnigma} from "./interfaces/IEnigma.sol";
import {EpochClock} from "./libraries/EpochClock.sol";
import {Payments} from "./libraries/Payments.sol";
import {Penalties} from "./libraries/Penalties.sol";
import {Receipts} from "./libraries/Receipts.sol";
import {Registrations} from "./libraries/Registrations.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {TaskLedger} from "./libraries/TaskLedger.sol";
import {WorkerLedger} from "./libraries/WorkerLedger.sol";
import {EnigmaParams} from "./types/Params.sol";
import {Fine, PenaltyTerms, SignedReceipt} from "./types/Penalties.sol";
import {CommitTerms, ReceiptItem, Settled} from "./types/Settlement.sol";
import {KIND_COMPUTE, KIND_DEPLOY, PermitSignature, Receipt, TaskRecord, TaskRequest} from "./types/Tasks.sol";
import {SeatProof, Worker, WorkerStatus} from "./types/Workers.sol";

/// @title Enigma
/// @notice The thin entry: who may call, in which order the ledgers change, and, always last, which tokens move. The rules are in
/// libraries/, the errors, events and descriptions in IEnigma. No upgrade, no pause, no way for the owner to touch money.
contract Enigma is EnigmaViews {
    using EpochClock for EpochClock.Clock;
    using SafeERC20 for IERC20;
    using TaskLedger for TaskLedger.Ledger;
    using WorkerLedger for WorkerLedger.Ledger;

    constructor(EnigmaParams memory p) EnigmaState(p) {}

    // ---------------------------------------------------------------- owner

    /// @inheritdoc IEnigma
    function registerPrincipal(address signer, bytes32 transportKey, bytes calldata evidence) external onlyOwner {
        Registrations.principal(_principal, measurementAllowed, _policy(), signer, transportKey, evidence);
    }

    /// @inheritdoc IEnigma
    function allowMeasurement(bytes32 measurement) external onlyOwner {
        _allowMeasurement(measurement);
    }

    /// @inheritdoc IEnigma
    function revokeMeasurement(bytes32 measurement) external onlyOwner {
        measurementAllowed[measurement] = false;
        emit MeasurementRevoked(measurement);
    }

    // ---------------------------------------------------------------- workers

    /// @inheritdoc IEnigma
    function register(
        address staking,
        address signer,
        bytes32 transportKey,
        bytes calldata evidence
    ) external nonReentrant {
        Registrations.worker(
            _workers,
            measurementAllowed,
            _policy(),
            _principal.signer,
            staking,
            signer,
            transportKey,
            evidence
        );
    }

    function _policy() private view returns (Registrations.Policy memory) {
        return Registrations.Policy(verifier, attestationMode, minSvn);
    }

    /// @inheritdoc IEnigma
    function deposit(address operator, uint256 amount) external nonReentrant {
        _deposit(operator, amount);
    }

    /// @inheritdoc IEnigma
    function depositWithPermit(
        address operator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        Payments.permit(token, amount, PermitSignature(deadline, v, r, s));
        _deposit(operator, amount);
    }

    function _deposit(address operator, uint256 amount) private {
        _workers.requireStaking(operator, msg.sender);
        if (amount == 0) revert EnigmaZeroValue("amount");
        uint128 stake = _workers.addStake(operator, SafeCast.toUint128(amount));
        emit Deposited(operator, msg.sender, amount, stake);
        Payments.pull(token, amount);
    }

    /// @inheritdoc IEnigma
    function login() external nonReentrant {
        Worker storage w = _workers.requireStatus(msg.sender, WorkerStatus.LoggedOut);
        if (block.timestamp > w.attestationExpiry) {
            revert EnigmaAttestationExpired(w.attestationExpiry, block.timestamp);
        }
        if (!measurementAllowed[w.measurement]) revert EnigmaMeasurementNotAllowed(w.measurement);
        _workers.login(msg.sender, minStake);
    }

    /// @inheritdoc IEnigma
    function logout() external nonReentrant {
        _workers.logout(msg.sender, msg.sender, unbondingPeriod());
    }

    /// @inheritdoc IEnigma
    function logoutFor(address operator) external nonReentrant {
        Worker storage w = _workers.workers[operator];
        bool eligible = block.timestamp <= w.attestationExpiry && measurementAllowed[w.measurement];
        if (eligible) _workers.requireStaking(operator, msg.sender);
        _workers.logout(operator, msg.sender, unbondingPeriod());
    }

    /// @inheritdoc IEnigma
    function withdraw(address operator, uint256 amount) external nonReentrant {
        _workers.requireStaking(operator, msg.sender);
        if (amount == 0) revert EnigmaZeroValue("amount");
        uint128 left = _workers.removeStake(operator, amount, unbondingPeriod());
        emit Withdrawn(operator, msg.sender, amount, left);
        token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IEnigma
    function unregister() external nonReentrant {
        _workers.unregister(msg.sender);
    }

    /// @inheritdoc IEnigma
    function claim(address operator) external nonReentrant {
        if (msg.sender != operator) _workers.requireStaking(operator, msg.sender);
        uint128 amount = _workers.takeCredit(operator);
        address staking = _workers.workers[operator].staking;
        emit CreditClaimed(operator, staking, amount);
        token.safeTransfer(staking, amount);
    }

    /// @inheritdoc IEnigma
    function compound(address operator) external nonReentrant {
        _workers.requireStaking(operator, msg.sender);
        uint128 amount = _workers.takeCredit(operator);
        uint128 stake = _workers.addStake(operator, amount);
        emit CreditCompounded(operator, amount, stake);
    }

    // ---------------------------------------------------------------- epochs

    /// @inheritdoc IEnigma
    function setEpoch(
        uint64 d,
        bytes32 seed,
        bytes32 nextCommit,
        uint32 generation,
        bytes calldata signature
    ) external nonReentrant {
        address expected = _principal.signer;
        if (expected == address(0)) revert EnigmaNoPrincipal();
        address signer = Signatures.recover(epochUpdateDigest(d, seed, nextCommit, generation), signature);
        if (signer != expected) revert EnigmaNotPrincipal(signer);
        _clock.advance(d, seed, nextCommit, generation, epochSize, _workers.tree.root, _workers.tree.total);
    }

    // ---------------------------------------------------------------- tasks

    /// @inheritdoc IEnigma
    function createTaskRecord(
        bytes32 scAddr,
        bytes32 inputHash,
        uint64 gasLimit,
        uint64 gasPx,
        uint64 epoch
    ) external nonReentrant returns (bytes32) {
        return _record(TaskRecord(KIND_COMPUTE, scAddr, 0, inputHash, gasLimit, gasPx, epoch));
    }

    /// @inheritdoc IEnigma
    function createTaskRecordWithPermit(
        bytes32 scAddr,
        bytes32 inputHash,
        uint64 gasLimit,
        uint64 gasPx,
        uint64 epoch,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (bytes32) {
        Payments.permit(token, uint256(gasLimit) * gasPx, PermitSignature(deadline, v, r, s));
        return _record(TaskRecord(KIND_COMPUTE, scAddr, 0, inputHash, gasLimit, gasPx, epoch));
    }

    /// @inheritdoc IEnigma
    function createDeploymentTaskRecord(
        bytes32 codeHash,
        bytes32 inputHash,
        uint64 gasLimit,
        uint64 gasPx,
        uint64 epoch,
        uint256 nonce
    ) external nonReentrant returns (bytes32) {
        _requireNonce(nonce);
        return _record(TaskRecord(KIND_DEPLOY, 0, codeHash, inputHash, gasLimit, gasPx, epoch));
    }

    /// @inheritdoc IEnigma
    function createDeploymentTaskRecordWithPermit(
        bytes32 codeHash,
        bytes32 inputHash,
        uint64 gasLimit,
        uint64 gasPx,
        uint64 epoch,
        uint256 nonce,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (bytes32) {
        _requireNonce(nonce);
        Payments.permit(token, uint256(gasLimit) * gasPx, PermitSignature(deadline, v, r, s));
        return _record(TaskRecord(KIND_DEPLOY, 0, codeHash, inputHash, gasLimit, gasPx, epoch));
    }

    /// @inheritdoc IEnigma
    function createTaskRecords(
        TaskRequest[] calldata requests
    ) external nonReentrant returns (bytes32[] memory taskIds) {
        uint256 fees;
        (taskIds, fees) = _recordAll(requests);
        Payments.pull(token, fees);
    }

    /// @inheritdoc IEnigma
    function createTaskRecordsWithPermit(
        TaskRequest[] calldata requests,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (bytes32[] memory taskIds) {
        uint256 fees;
        (taskIds, fees) = _recordAll(requests);
        Payments.permit(token, fees, PermitSignature(deadline, v, r, s));
        Payments.pull(token, fees);
    }

    function _recordAll(TaskRequest[] calldata requests) private returns (bytes32[] memory taskIds, uint256 fees) {
        return _tasks.createAll(_clock, requests, grace());
    }

    function _requireNonce(uint256 nonce) private view {
        uint256 current = _tasks.nonces[msg.sender];
        if (nonce != current) revert EnigmaWrongNonce(current);
    }

    function _record(TaskRecord memory record) private returns (bytes32 taskId) {
        uint256 fee;
        (taskId, fee) = _tasks.create(_clock, record, grace());
        Payments.pull(token, fee);
    }

    /// @inheritdoc IEnigma
    function returnFeesForTask(bytes32 taskId, TaskRecord calldata record) external nonReentrant {
        (address sender, uint256 fee) = _tasks.expire(taskId, record, taskPeriod());
        token.safeTransfer(sender, fee);
    }

    // ---------------------------------------------------------------- receipts

    /// @inheritdoc IEnigma
    function commitReceipt(
        Receipt calldata receipt,
        TaskRecord calldata record,
        uint8 seat,
        SeatProof calldata proof,
        bytes calldata signature
    ) external nonReentrant {
        _commitOne(ReceiptItem(receipt, record, seat, proof, signature, ""));
    }

    /// @inheritdoc IEnigma
    function commitReceiptWithCallback(ReceiptItem memory item) external nonReentrant {
        _commitOne(item);
    }

    /// @inheritdoc IEnigma
    function commitReceipts(ReceiptItem[] memory items) external nonReentrant {
        _commit(items, false);
    }

    function _commitOne(ReceiptItem memory item) private {
        ReceiptItem[] memory items = new ReceiptItem[](1);
        items[0] = item;
        _commit(items, true);
    }

    function _commit(ReceiptItem[] memory items, bool strict) private {
        Settled[] memory done = Receipts.commit(
            _tasks,
            _workers,
            _clock,
            CommitTerms(_domainSeparatorV4(), window, strict),
            items
        );
        for (uint256 i = 0; i < done.length; ++i) {
            if (done[i].refund != 0) token.safeTransfer(done[i].sender, done[i].refund);
        }
        uint256 last = done.length - 1;
        if (done[last].callback) Receipts.callBack(_tasks, items[last], done[last], gateway, address(token));
    }

    // ---------------------------------------------------------------- penalties

    /// @inheritdoc IEnigma
    function punishSilence(bytes32 taskId, TaskRecord calldata record, bytes calldata signature) external nonReentrant {
        _payFine(Penalties.silence(_tasks, _workers, _penaltyTerms(), taskId, record, signature));
    }

    /// @inheritdoc IEnigma
    function punishEquivocation(SignedReceipt calldata a, SignedReceipt calldata b) external nonReentrant {
        _payFine(Penalties.equivocation(_workers, _penaltyTerms(), a, b));
    }

    function _payFine(Fine memory fine) private {
        if (fine.forBeneficiary != 0) token.safeTransfer(fine.beneficiary, fine.forBeneficiary);
        if (fine.forSubmitter != 0) token.safeTransfer(msg.sender, fine.forSubmitter);
    }

    function _penaltyTerms() private view returns (PenaltyTerms memory) {
        return PenaltyTerms(_domainSeparatorV4(), taskPeriod(), proofPeriod, minStake, unbondingPeriod());
    }
}
