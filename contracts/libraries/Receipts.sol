// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICallbackGateway} from "../interfaces/ICallbackGateway.sol";
import {IEnigma} from "../interfaces/IEnigma.sol";
import {
    CommitTerms,
    MAX_BATCH,
    ReceiptItem,
    Settled,
    SKIP_BANNED,
    SKIP_CLOSED,
    SKIP_MOVED,
    SKIP_STALE,
    SKIP_WINDOW
} from "../types/Settlement.sol";
import {KIND_COMPUTE, KIND_DEPLOY, Receipt, SecretContract, Task, TaskRecord, TaskStatus} from "../types/Tasks.sol";
import {Callbacks} from "./Callbacks.sol";
import {Digests} from "./Digests.sol";
import {EpochClock} from "./EpochClock.sol";
import {Seats} from "./Seats.sol";
import {Signatures} from "./Signatures.sol";
import {TaskLedger} from "./TaskLedger.sol";
import {WorkerLedger} from "./WorkerLedger.sol";

/// @title Settling tasks by receipts, one or many, and the heads of the secret contracts (R7)
/// @notice Only bookkeeping: no function here moves tokens.
/// @dev Deployed apart and linked, to keep Enigma below the size limit of a contract.
library Receipts {
    using WorkerLedger for WorkerLedger.Ledger;

    /// @notice Settles what can be settled, in order: each receipt finds the head that those before it made.
    /// @return settled One entry for each item
    function commit(
        TaskLedger.Ledger storage tasks,
        WorkerLedger.Ledger storage workers,
        EpochClock.Clock storage clock,
        CommitTerms calldata terms,
        ReceiptItem[] calldata items
    ) external returns (Settled[] memory settled) {
        if (items.length == 0 || items.length > MAX_BATCH) revert IEnigma.EnigmaBatchSize(items.length, MAX_BATCH);
        settled = new Settled[](items.length);
        uint256 skipped = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            if (i != items.length - 1 && Callbacks.wanted(items[i].receipt)) revert IEnigma.EnigmaCallbackNotLast(i);
            settled[i] = _commit(tasks, workers, clock, terms, items[i]);
            uint8 reason = settled[i].skipped;
            if (reason == 0) continue;
            ++skipped;
            emit IEnigma.ReceiptSkipped(items[i].receipt.taskId, reason);
        }
        if (skipped == items.length) revert IEnigma.EnigmaNothingApplied(skipped);
    }

    /// @dev Checks a receipt against task, time, head, signer and seat; then closes the task, books the fee and moves the head.
    function _commit(
        TaskLedger.Ledger storage tasks,
        WorkerLedger.Ledger storage workers,
        EpochClock.Clock storage clock,
        CommitTerms calldata terms,
        ReceiptItem calldata item
    ) private returns (Settled memory done) {
        Receipt calldata r = item.receipt;
        done.skipped = _check(tasks, r, item.record, item.seat, terms);
        if (done.skipped != 0) return done;
        done.digest = Digests.typed(terms.domainSeparator, Digests.receipt(r));
        address signer = Signatures.recover(done.digest, item.signature);
        (done.operator, done.skipped) = _operatorOf(workers, signer, terms.strict);
        if (done.skipped != 0) return done;
        Seats.requireHolder(clock.epochs[item.record.epoch], done.operator, signer, r.scAddr, item.seat, item.proof);

        uint256 paid = uint256(r.gasUsed) * item.record.gasPx;
        uint256 fee = uint256(item.record.gasLimit) * item.record.gasPx;
        done.sender = tasks.tasks[r.taskId].sender;
        done.refund = fee - paid;
        tasks.totalEscrow -= fee;
        if (paid != 0) workers.addCredit(done.operator, SafeCast.toUint128(paid));
        done.callback = Callbacks.wanted(r);
        _close(tasks, r, done);
    }

    /// @notice Whether the receipt can settle the task in the contract's present state. What may come about without the sender's
    /// fault is answered with a reason if `strict` is off; everything else always reverts.
    function _check(
        TaskLedger.Ledger storage tasks,
        Receipt calldata r,
        TaskRecord calldata record,
        uint8 seat,
        CommitTerms calldata terms
    ) private view returns (uint8 skip) {
        bool strict = terms.strict;
        Task storage task = tasks.tasks[r.taskId];
        if (task.status != TaskStatus.RecordCreated) {
            if (strict) revert IEnigma.EnigmaTaskNotOpen(r.taskId, task.status);
            return SKIP_CLOSED;
        }
        if (Digests.record(record) != task.digest) {
            if (strict) revert IEnigma.EnigmaRecordMismatch(r.taskId);
            return SKIP_MOVED;
        }
        (uint256 first, uint256 last) = Seats.window(task.recordBlock, seat, terms.window);
        if (block.number < first || block.number > last) {
            if (strict) revert IEnigma.EnigmaOutsideWindow(block.number, first, last);
            return SKIP_WINDOW;
        }
        _requireConsistent(r, record);
        if (r.recordBlock != task.recordBlock || r.recordTime != task.recordTime) {
            string memory field = r.recordBlock != task.recordBlock ? "recordBlock" : "recordTime";
            if (strict) revert IEnigma.EnigmaReceiptMismatch(r.taskId, field);
            return SKIP_MOVED;
        }
        bytes32 head = tasks.contracts[r.scAddr].headHash;
        if (r.prevHead != head) {
            if (strict) revert IEnigma.EnigmaStaleHead(r.prevHead, head);
            return SKIP_STALE;
        }
    }

    /// @notice Whose enclave signed. A ban may come between signing and inclusion, so it is a reason like those of `_check`.
    function _operatorOf(
        WorkerLedger.Ledger storage workers,
        address signer,
        bool strict
    ) private view returns (address operator, uint8 skip) {
        WorkerLedger.Signer storage known = workers.signers[signer];
        operator = known.operator;
        if (operator == address(0)) revert IEnigma.EnigmaUnknownSigner(signer);
        if (!known.banned) return (operator, 0);
        if (strict) revert IEnigma.EnigmaSignerBanned(signer);
        return (operator, SKIP_BANNED);
    }

    /// @notice Passes if the receipt fits its record and itself.
    function _requireConsistent(Receipt calldata r, TaskRecord calldata record) private pure {
        if (r.scAddr != record.scAddr) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "scAddr");
        if (r.kind != record.kind) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "kind");
        if (r.codeHash != record.codeHash) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "codeHash");
        if (r.inputHash != record.inputHash) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "inputHash");
        if (r.gasLimit != record.gasLimit) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "gasLimit");
        if (r.epoch != record.epoch) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "epoch");
        if (r.gasUsed > record.gasLimit) revert IEnigma.EnigmaGasAboveLimit(r.gasUsed, record.gasLimit);
        if (r.callbackGas > Callbacks.MAX_GAS) revert IEnigma.EnigmaCallbackTooLarge(r.callbackGas, 0);
        bool consistent =
            r.ok
                ? r.reason == 0 && (r.kind == KIND_COMPUTE || r.deltaHash != 0)
                : r.reason != 0 && r.deltaHash == 0 && !Callbacks.wanted(r);
        if (!consistent) revert IEnigma.EnigmaReceiptInconsistent(r.taskId);
    }

    /// @dev Closes a task with its checked receipt and moves the contract's head. Before its callback a task counts as failed by it.
    function _close(TaskLedger.Ledger storage tasks, Receipt calldata r, Settled memory done) private {
        Task storage task = tasks.tasks[r.taskId];
        task.digest = done.digest;
        if (done.callback) {
            task.status = TaskStatus.ReceiptFailedETH;
        } else if (r.ok) {
            task.status = TaskStatus.ReceiptVerified;
            _advanceHead(tasks, r, done.digest, done.operator);
        } else {
            task.status = TaskStatus.ReceiptFailed;
            emit IEnigma.ReceiptFailed(
                r.taskId,
                r.scAddr,
                done.operator,
                r.reason,
                r.outputHash,
                r.gasUsed,
                done.digest
            );
        }
    }

    /// @notice Makes the callback of a receipt that `commit` just settled, and lets its outcome decide: the delta counts, or nothing changed.
    /// @dev Fee and refund are out of reach by now, and Enigma's guard keeps every function shut. The task was closed before, so its status
    /// and the head are all that is written afterwards.
    function callBack(
        TaskLedger.Ledger storage tasks,
        ReceiptItem calldata item,
        Settled calldata done,
        ICallbackGateway gateway,
        address token
    ) external {
        Receipt calldata r = item.receipt;
        uint8 failure = Callbacks.run(r, item.callbackData, gateway, token);
        if (failure == 0) {
            tasks.tasks[r.taskId].status = TaskStatus.ReceiptVerified;
            _advanceHead(tasks, r, done.digest, done.operator);
        } else {
            emit IEnigma.ReceiptFailedETH(
                r.taskId,
                r.scAddr,
                done.operator,
                failure,
                r.outputHash,
                r.gasUsed,
                done.digest
            );
        }
    }

    function _advanceHead(
        TaskLedger.Ledger storage ledger,
        Receipt calldata r,
        bytes32 digest,
        address operator
    ) private {
        SecretContract storage sc = ledger.contracts[r.scAddr];
        bytes32 head = r.prevHead;
        uint64 count = sc.deltaCount;
        if (r.deltaHash != 0) {
            head = Digests.head(head, r.deltaHash);
            count += 1;
            sc.headHash = head;
            sc.deltaCount = count;
        }
        if (r.kind == KIND_DEPLOY) {
            sc.codeHash = r.codeHash;
            emit IEnigma.SecretContractDeployed(r.scAddr, r.codeHash, operator);
        }
        emit IEnigma.ReceiptVerified(
            r.taskId,
            r.scAddr,
            operator,
            r.deltaHash,
            r.outputHash,
            head,
            count,
            r.gasUsed,
            digest
        );
    }
}
