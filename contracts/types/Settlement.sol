// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipt, TaskRecord} from "./Tasks.sol";
import {SeatProof} from "./Workers.sol";

/// @dev The most records or receipts in one transaction.
uint256 constant MAX_BATCH = 64;

/// @dev Why a batch passed over a receipt: only what can come about between signing and inclusion, without the sender's fault.
// The task is not open: settled, given back, or (after a reorganisation) not recorded.
uint8 constant SKIP_CLOSED = 1;
// The task was recorded anew, in another block or with other terms.
uint8 constant SKIP_MOVED = 2;
// The seat's window is not open yet, or the deadline has passed.
uint8 constant SKIP_WINDOW = 3;
// The contract's head has moved on.
uint8 constant SKIP_STALE = 4;

/// @notice Everything that settles one task: the arguments of commitReceipt.
struct ReceiptItem {
    Receipt receipt;
    TaskRecord record;
    uint8 seat;
    SeatProof proof;
    bytes signature;
}

/// @notice What has to be known to judge receipts.
struct CommitTerms {
    bytes32 domainSeparator;
    uint64 window;
    /// Whether every obstacle reverts, as for a receipt that comes alone.
    bool strict;
}

/// @notice What a receipt leaves to be done once the books are right.
struct Settled {
    /// Why it was passed over; 0 if it settled its task.
    uint8 skipped;
    /// Who recorded the task.
    address sender;
    /// Grains that go back to the sender.
    uint256 refund;
}
