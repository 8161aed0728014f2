// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnigma} from "../interfaces/IEnigma.sol";
import {MAX_BATCH} from "../types/Settlement.sol";
import {KIND_COMPUTE, KIND_DEPLOY, SecretContract, Task, TaskRecord, TaskRequest, TaskStatus} from "../types/Tasks.sol";
import {Digests} from "./Digests.sol";
import {EpochClock} from "./EpochClock.sol";

/// @title Tasks and their escrow: recorded, and given back when nobody settles them (R2, R12)
/// @notice Only bookkeeping: no function here moves tokens. A task leaves RecordCreated exactly once: here, or in Receipts.
/// @dev Deployed apart and linked, to keep Enigma below the size limit of a contract.
library TaskLedger {
    using EpochClock for EpochClock.Clock;

    /// @dev Upper bound of a task's gas, in secret-contract units.
    uint64 internal constant MAX_GAS = 10 ** 9;

    struct Ledger {
        mapping(bytes32 taskId => Task) tasks;
        mapping(bytes32 scAddr => SecretContract) contracts;
        mapping(address sender => uint256) nonces;
        uint256 totalEscrow;
    }

    /// @notice Records a task of msg.sender under its next nonce. scAddr is ignored for a deployment: it is the task's id.
    function create(
        Ledger storage ledger,
        EpochClock.Clock storage clock,
        TaskRecord memory record,
        uint64 grace
    ) external returns (bytes32 taskId, uint256 fee) {
        clock.requireOpen(record.epoch, grace);
        return _create(ledger, record);
    }

    /// @notice Records computations of msg.sender, all or none.
    function createAll(
        Ledger storage ledger,
        EpochClock.Clock storage clock,
        TaskRequest[] calldata requests,
        uint64 grace
    ) external returns (bytes32[] memory taskIds, uint256 fees) {
        uint256 count = requests.length;
        if (count == 0 || count > MAX_BATCH) revert IEnigma.EnigmaBatchSize(count, MAX_BATCH);
        taskIds = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            TaskRequest calldata q = requests[i];
            clock.requireOpen(q.epoch, grace);
            uint256 fee;
            (taskIds[i], fee) = _create(
                ledger,
                TaskRecord(KIND_COMPUTE, q.scAddr, 0, q.inputHash, q.gasLimit, q.gasPx, q.epoch)
            );
            fees += fee;
        }
    }

    function _create(Ledger storage ledger, TaskRecord memory record) private returns (bytes32 taskId, uint256 fee) {
        if (record.gasLimit == 0 || record.gasLimit > MAX_GAS) {
            revert IEnigma.EnigmaGasLimitOutOfRange(record.gasLimit);
        }
        if (record.gasPx == 0) revert IEnigma.EnigmaZeroValue("gasPx");
        taskId = Digests.taskId(msg.sender, ledger.nonces[msg.sender]++);
        if (record.kind == KIND_DEPLOY) {
            if (record.codeHash == 0) revert IEnigma.EnigmaZeroValue("codeHash");
            record.scAddr = taskId;
        } else {
            record.codeHash = ledger.contracts[record.scAddr].codeHash;
            if (record.codeHash == 0) revert IEnigma.EnigmaNoSuchContract(record.scAddr);
        }
        fee = uint256(record.gasLimit) * record.gasPx;
        ledger.totalEscrow += fee;
        ledger.tasks[taskId] = Task({
            digest: Digests.record(record),
            sender: msg.sender,
            recordBlock: uint40(block.number),
            recordTime: uint40(block.timestamp),
            status: TaskStatus.RecordCreated,
            punished: false
        });
        emit IEnigma.TaskRecordCreated(
            taskId,
            msg.sender,
            record.scAddr,
            record.kind,
            record.codeHash,
            record.inputHash,
            record.gasLimit,
            record.gasPx,
            record.epoch
        );
    }

    /// @notice Closes a task after its deadline; the whole fee is free to go back.
    function expire(
        Ledger storage ledger,
        bytes32 taskId,
        TaskRecord calldata record,
        uint64 taskPeriod
    ) external returns (address sender, uint256 fee) {
        Task storage task = ledger.tasks[taskId];
        if (task.status != TaskStatus.RecordCreated) revert IEnigma.EnigmaTaskNotOpen(taskId, task.status);
        if (Digests.record(record) != task.digest) revert IEnigma.EnigmaRecordMismatch(taskId);
        uint256 deadline = uint256(task.recordBlock) + taskPeriod;
        if (block.number <= deadline) revert IEnigma.EnigmaDeadlineNotPassed(block.number, deadline);
        sender = task.sender;
        fee = uint256(record.gasLimit) * record.gasPx;
        task.status = TaskStatus.ReceiptFailedReturn;
        ledger.totalEscrow -= fee;
        emit IEnigma.TaskFeeReturned(taskId, sender, fee);
    }
}
