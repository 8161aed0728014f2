// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Life of a task. RecordCreated is left exactly once.
enum TaskStatus {
    RecordUndefined,
    RecordCreated,
    ReceiptVerified,
    ReceiptFailed,
    ReceiptFailedETH,
    ReceiptFailedReturn
}

/// @dev Kinds of tasks. A query (kind 2) never reaches the chain.
uint8 constant KIND_DEPLOY = 0;
uint8 constant KIND_COMPUTE = 1;

/// @notice What a task was recorded with. Only its hash is stored; whoever settles the task repeats it.
struct TaskRecord {
    /// 0 deployment, 1 computation.
    uint8 kind;
    /// The secret contract; for a deployment equal to the task's id.
    bytes32 scAddr;
    /// keccak256 of the bytecode as submitted.
    bytes32 codeHash;
    /// keccak256 of the encrypted input envelope.
    bytes32 inputHash;
    /// Secret-contract gas, 1 to 10^9.
    uint64 gasLimit;
    /// Grains of ENG for one unit of gas, at least 1.
    uint64 gasPx;
    /// The epoch whose seats run the task.
    uint64 epoch;
}

/// @notice One computation of a batch of records.
struct TaskRequest {
    bytes32 scAddr;
    bytes32 inputHash;
    uint64 gasLimit;
    uint64 gasPx;
    uint64 epoch;
}

/// @notice The two storage slots of a task.
struct Task {
    /// Hash of the record while open, digest of the receipt once settled.
    bytes32 digest;
    /// Who paid.
    address sender;
    uint40 recordBlock;
    uint40 recordTime;
    TaskStatus status;
    /// Whether somebody has paid for its silence.
    bool punished;
}

/// @notice A task's result as its enclave signed it (EIP-712). It names no signer and no seat, so equal runs give equal receipts.
struct Receipt {
    bytes32 taskId;
    bytes32 scAddr;
    uint8 kind;
    bool ok;
    /// 0 when ok; else a public code of the failure.
    uint8 reason;
    bytes32 codeHash;
    bytes32 inputHash;
    /// What the run was allowed, and whose seats it was for: the record's, so that a receipt names all that its run depended on.
    uint64 gasLimit;
    uint64 epoch;
    uint64 recordBlock;
    uint64 recordTime;
    /// The contract's head that the run started from.
    bytes32 prevHead;
    /// keccak256 of the state delta; 0 if nothing was written, and for every failure.
    bytes32 deltaHash;
    /// keccak256 of the encrypted output, or of the encrypted error.
    bytes32 outputHash;
    uint64 gasUsed;
    address callbackTarget;
    bytes32 callbackDataHash;
    uint32 callbackGas;
}

/// @notice What the chain knows of a secret contract.
struct SecretContract {
    /// 0 until deployed.
    bytes32 codeHash;
    /// Hash chain over the contract's state deltas.
    bytes32 headHash;
    uint64 deltaCount;
}

/// @notice An EIP-2612 signature for a payment of msg.sender.
struct PermitSignature {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}
