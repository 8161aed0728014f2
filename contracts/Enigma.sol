// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {CallbackGateway} from "./CallbackGateway.sol";
import {IAttestationVerifier} from "./interfaces/IAttestationVerifier.sol";
import {ICallbackGateway} from "./interfaces/ICallbackGateway.sol";
import {IEnigma} from "./interfaces/IEnigma.sol";
import {Digests} from "./libraries/Digests.sol";
import {EpochClock} from "./libraries/EpochClock.sol";
import {Payments} from "./libraries/Payments.sol";
import {Penalties} from "./libraries/Penalties.sol";
import {Receipts} from "./libraries/Receipts.sol";
import {Registrations} from "./libraries/Registrations.sol";
import {Seats} from "./libraries/Seats.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {TaskLedger} from "./libraries/TaskLedger.sol";
import {WorkerLedger} from "./libraries/WorkerLedger.sol";
import {Epoch, EpochState} from "./types/Epochs.sol";
import {EnigmaParams} from "./types/Params.sol";
import {Fine, PenaltyTerms, SignedReceipt} from "./types/Penalties.sol";
import {CommitTerms, ReceiptItem, Settled} from "./types/Settlement.sol";
import {
    KIND_COMPUTE,
    KIND_DEPLOY,
    PermitSignature,
    Receipt,
    SecretContract,
    Task,
    TaskRecord,
    TaskRequest,
    TaskStatus
} from "./types/Tasks.sol";
import {Principal, SeatProof, Worker, WorkerStatus} from "./types/Workers.sol";

/// @title Enigma
/// @notice The thin entry: who may call, in which order the ledgers change, and, always last, which tokens move. The rules are in
/// libraries/, the errors, events and descriptions in IEnigma. No upgrade, no pause, no way for the owner to touch money.
contract Enigma is IEnigma, Ownable2Step, EIP712, ReentrancyGuardTransient {
    using EpochClock for EpochClock.Clock;
    using SafeERC20 for IERC20;
    using TaskLedger for TaskLedger.Ledger;
    using WorkerLedger for WorkerLedger.Ledger;

    /// @notice Seats of a task (G).
    uint8 public constant SEATS = Seats.COUNT;
    /// @notice Upper bound of a task's gas.
    uint64 public constant MAX_GAS = TaskLedger.MAX_GAS;

    IERC20 public immutable token;
    IAttestationVerifier public immutable verifier;
    /// @notice Where callbacks come from.
    ICallbackGateway public immutable gateway;
    bytes32 public immutable attestationMode;
    uint128 public immutable minStake;
    uint64 public immutable epochSize;
    uint64 public immutable window;
    uint64 public immutable proofPeriod;
    uint16 public immutable minSvn;

    mapping(bytes32 measurement => bool) public measurementAllowed;
    Principal private _principal;
    WorkerLedger.Ledger private _workers;
    EpochClock.Clock private _clock;
    TaskLedger.Ledger private _tasks;

    constructor(EnigmaParams memory p) Ownable(p.owner) EIP712("Enigma", "1") {
        if (address(p.token).code.length == 0) revert EnigmaZeroValue("token");
        if (address(p.verifier).code.length == 0) revert EnigmaZeroValue("verifier");
        if (p.minStake == 0) revert EnigmaZeroValue("minStake");
        if (p.epochSize < 2 || p.epochSize > 200) revert EnigmaInvalidParameter("epochSize", p.epochSize);
        if (p.window == 0 || p.window > 100) revert EnigmaInvalidParameter("window", p.window);
        if (p.proofPeriod > 100_000) revert EnigmaInvalidParameter("proofPeriod", p.proofPeriod);
        token = p.token;
        verifier = p.verifier;
        gateway = new CallbackGateway();
        minStake = p.minStake;
        epochSize = p.epochSize;
        window = p.window;
        proofPeriod = p.proofPeriod;
        minSvn = p.minSvn;
        bytes32 mode = p.verifier.mode();
        if (mode == 0) revert EnigmaZeroValue("mode");
        attestationMode = mode;
        emit AttestationModeFixed(mode, address(p.verifier));
        for (uint256 i = 0; i < p.measurements.length; ++i) _allowMeasurement(p.measurements[i]);
    }

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

    function _allowMeasurement(bytes32 measurement) private {
        if (measurement == 0) revert EnigmaZeroValue("measurement");
        measurementAllowed[measurement] = true;
        emit MeasurementAllowed(measurement);
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

    // ---------------------------------------------------------------- views

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
    function grace() public view returns (uint64) {
        return epochSize / 2;
    }

    /// @inheritdoc IEnigma
    function taskPeriod() public view returns (uint64) {
        return SEATS * window;
    }

    /// @inheritdoc IEnigma
    function unbondingPeriod() public view returns (uint64) {
        return 2 * epochSize + grace() + taskPeriod() + proofPeriod;
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
