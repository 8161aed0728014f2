// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IEnigma} from "../interfaces/IEnigma.sol";
import {Fine, PenaltyTerms, SignedReceipt} from "../types/Penalties.sol";
import {Receipt, Task, TaskRecord, TaskStatus} from "../types/Tasks.sol";
import {Digests} from "./Digests.sol";
import {Signatures} from "./Signatures.sol";
import {TaskLedger} from "./TaskLedger.sol";
import {WorkerLedger} from "./WorkerLedger.sol";

/// @title What a worker pays for a broken promise, and for two answers to one question (R12)
/// @notice Judges the proof, takes the fine from the stake, and says who gets what. No function here moves tokens.
/// @dev Deployed apart and linked, to keep Enigma below the size limit of a contract.
library Penalties {
    using WorkerLedger for WorkerLedger.Ledger;

    /// @dev A silent worker pays at most 0.1 % of its stake.
    uint256 private constant SILENCE_DIVISOR = 1_000;
    /// @dev Two different receipts cost 5 %.
    uint256 private constant EQUIVOCATION_DIVISOR = 20;

    /// @dev From whom, how much, and what is left; grains.
    struct Taken {
        address operator;
        uint128 amount;
        uint128 left;
    }

    /// @notice A signed TaskAccepted whose task nobody settled: min(escrow, 0.1 % of stake), once per task.
    function silence(
        TaskLedger.Ledger storage tasks,
        WorkerLedger.Ledger storage workers,
        PenaltyTerms calldata terms,
        bytes32 taskId,
        TaskRecord calldata record,
        bytes calldata signature
    ) external returns (Fine memory fine) {
        address signer = _silent(tasks.tasks[taskId], terms, taskId, record, signature);
        tasks.tasks[taskId].punished = true;
        uint256 escrow = uint256(record.gasLimit) * record.gasPx;
        Taken memory taken = _slash(workers, terms, signer, escrow, SILENCE_DIVISOR);
        // Else the worthless promise of one seat would shield that of another.
        if (taken.amount == 0) revert IEnigma.EnigmaNothingToTake(taken.operator);
        fine.forSubmitter = taken.amount / 2;
        fine.forBeneficiary = taken.amount - fine.forSubmitter;
        fine.beneficiary = tasks.tasks[taskId].sender;
        emit IEnigma.SilencePunished(taskId, taken.operator, signer, msg.sender, taken.amount, taken.left);
    }

    /// @notice Two receipts of one signer for the same run with different content: 5 % of stake, and the signer is banned for ever.
    /// @dev Half of it goes to nobody: a worker that reports itself, or has recorded the task itself, must not get its money back.
    function equivocation(
        WorkerLedger.Ledger storage workers,
        PenaltyTerms calldata terms,
        SignedReceipt calldata a,
        SignedReceipt calldata b
    ) external returns (Fine memory fine) {
        address signer = _equivocator(terms.domainSeparator, a, b);
        workers.requireNotBanned(signer);
        workers.signers[signer].banned = true;
        Taken memory taken = _slash(workers, terms, signer, type(uint256).max, EQUIVOCATION_DIVISOR);
        fine.forSubmitter = taken.amount / 2;
        workers.totalForfeit += taken.amount - uint128(fine.forSubmitter);
        emit IEnigma.EquivocationPunished(
            a.receipt.taskId,
            taken.operator,
            signer,
            msg.sender,
            taken.amount,
            taken.left
        );
    }

    /// @dev The key that accepted the task, if it is not too early or too late to ask.
    function _silent(
        Task storage task,
        PenaltyTerms calldata terms,
        bytes32 taskId,
        TaskRecord calldata record,
        bytes calldata signature
    ) private view returns (address) {
        if (task.status != TaskStatus.ReceiptFailedReturn) revert IEnigma.EnigmaTaskNotReturned(taskId, task.status);
        if (task.punished) revert IEnigma.EnigmaTaskAlreadyPunished(taskId);
        if (Digests.record(record) != task.digest) revert IEnigma.EnigmaRecordMismatch(taskId);
        uint256 last = uint256(task.recordBlock) + terms.taskPeriod + terms.proofPeriod;
        if (block.number > last) revert IEnigma.EnigmaProofPeriodOver(block.number, last);
        bytes32 accepted = Digests.taskAccepted(taskId, record.inputHash, task.recordBlock);
        return Signatures.recover(Digests.typed(terms.domainSeparator, accepted), signature);
    }

    /// @dev The one key that signed both, if they are two answers to one question.
    function _equivocator(
        bytes32 domainSeparator,
        SignedReceipt calldata a,
        SignedReceipt calldata b
    ) private pure returns (address signer) {
        bool sameRun = _question(a.receipt) == _question(b.receipt);
        bytes32 first = Digests.typed(domainSeparator, Digests.receipt(a.receipt));
        bytes32 second = Digests.typed(domainSeparator, Digests.receipt(b.receipt));
        if (!sameRun || first == second) revert IEnigma.EnigmaNoEquivocation(first, second);
        signer = Signatures.recover(first, a.signature);
        address other = Signatures.recover(second, b.signature);
        if (signer != other) revert IEnigma.EnigmaDifferentSigners(signer, other);
    }

    /// @dev All that an answer depends on: the record with its place in the chain, and the state. An honest enclave answers a record anew
    /// that a block of the same number and time has replaced, so whatever may differ between two records counts.
    function _question(Receipt calldata r) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    r.taskId,
                    r.scAddr,
                    r.kind,
                    r.codeHash,
                    r.inputHash,
                    r.gasLimit,
                    r.epoch,
                    r.recordBlock,
                    r.recordTime,
                    r.prevHead
                )
            );
    }

    /// @dev Takes min(cap, stake / divisor) from the stake of the signer's operator.
    function _slash(
        WorkerLedger.Ledger storage workers,
        PenaltyTerms calldata terms,
        address signer,
        uint256 cap,
        uint256 divisor
    ) private returns (Taken memory taken) {
        address operator = workers.signers[signer].operator;
        if (operator == address(0)) revert IEnigma.EnigmaUnknownSigner(signer);
        taken.operator = operator;
        taken.amount = uint128(Math.min(cap, workers.workers[operator].stake / divisor));
        taken.left = workers.slash(operator, taken.amount, terms.minStake, terms.unbonding);
    }
}
