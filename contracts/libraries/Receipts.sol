// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnigma} from "../interfaces/IEnigma.sol";
import {Epoch} from "../types/Epochs.sol";
import {KIND_COMPUTE, KIND_DEPLOY, Receipt, SecretContract, Task, TaskRecord, TaskStatus} from "../types/Tasks.sol";
import {SeatProof} from "../types/Workers.sol";
import {Digests} from "./Digests.sol";
import {Seats} from "./Seats.sol";
import {TaskLedger} from "./TaskLedger.sol";

/// @title Settling tasks by receipts, and the heads of the secret contracts (R7)
/// @notice Only bookkeeping: no function here moves tokens.
/// @dev Deployed apart and linked, to keep Enigma below the size limit of a contract.
library Receipts {
    using TaskLedger for TaskLedger.Ledger;

    /// @dev Who signed the receipt, as Enigma found out.
    struct Signed {
        bytes32 digest;
        address signer;
        address operator;
        uint64 window;
    }

    /// @notice Checks a receipt against task, time, seat and head, closes the task and moves the head.
    /// @return sender Who recorded the task
    /// @return paid What the worker earned
    /// @return refund What goes back to the sender
    function commit(
        TaskLedger.Ledger storage ledger,
        Epoch storage epoch,
        Receipt calldata r,
        TaskRecord calldata record,
        uint8 seat,
        SeatProof calldata proof,
        Signed memory signed
    ) external returns (address sender, uint256 paid, uint256 refund) {
        Task storage task = ledger.requireOpen(r.taskId, record);
        Seats.requireWindow(task.recordBlock, seat, signed.window);
        _check(ledger, task, r, record);
        if (signed.operator == address(0)) revert IEnigma.EnigmaUnknownSigner(signed.signer);
        Seats.requireHolder(epoch, signed.operator, signed.signer, r.scAddr, seat, proof);
        sender = task.sender;
        (paid, refund) = _settle(ledger, task, r, record, signed.digest, signed.operator);
    }

    /// @notice Passes if the receipt is one that can settle the task in the contract's present state.
    function _check(
        TaskLedger.Ledger storage ledger,
        Task storage task,
        Receipt calldata r,
        TaskRecord calldata record
    ) private view {
        if (r.scAddr != record.scAddr) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "scAddr");
        if (r.kind != record.kind) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "kind");
        if (r.codeHash != record.codeHash) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "codeHash");
        if (r.inputHash != record.inputHash) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "inputHash");
        if (r.recordBlock != task.recordBlock) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "recordBlock");
        if (r.recordTime != task.recordTime) revert IEnigma.EnigmaReceiptMismatch(r.taskId, "recordTime");
        if (r.gasUsed > record.gasLimit) revert IEnigma.EnigmaGasAboveLimit(r.gasUsed, record.gasLimit);
        if (r.callbackTarget != address(0) || r.callbackDataHash != 0 || r.callbackGas != 0) {
            revert IEnigma.EnigmaCallbackUnsupported();
        }
        bool consistent =
            r.ok ? r.reason == 0 && (r.kind == KIND_COMPUTE || r.deltaHash != 0) : r.reason != 0 && r.deltaHash == 0;
        if (!consistent) revert IEnigma.EnigmaReceiptInconsistent(r.taskId);
        bytes32 head = ledger.contracts[r.scAddr].headHash;
        if (r.prevHead != head) revert IEnigma.EnigmaStaleHead(r.prevHead, head);
    }

    /// @notice Closes a task with its checked receipt and moves the contract's head.
    /// @return paid What the worker earned
    /// @return refund What goes back to the sender
    function _settle(
        TaskLedger.Ledger storage ledger,
        Task storage task,
        Receipt calldata r,
        TaskRecord calldata record,
        bytes32 digest,
        address operator
    ) private returns (uint256 paid, uint256 refund) {
        task.digest = digest;
        task.status = r.ok ? TaskStatus.ReceiptVerified : TaskStatus.ReceiptFailed;
        paid = uint256(r.gasUsed) * record.gasPx;
        uint256 fee = uint256(record.gasLimit) * record.gasPx;
        refund = fee - paid;
        ledger.totalEscrow -= fee;
        if (r.ok) {
            _advanceHead(ledger, r, digest, operator);
        } else {
            emit IEnigma.ReceiptFailed(r.taskId, r.scAddr, operator, r.reason, r.outputHash, r.gasUsed, digest);
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
