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
// Its signer was banned.
uint8 constant SKIP_BANNED = 5;

/// @dev Why a callback failed, and with it the whole run.
// The target is the token, Enigma, the gateway or a precompile.
uint8 constant CALLBACK_FORBIDDEN = 1;
// There is no contract at the target.
uint8 constant CALLBACK_NO_CODE = 2;
// The target reverted, or used up its gas.
uint8 constant CALLBACK_REVERTED = 3;

/// @notice Everything that settles one task.
struct ReceiptItem {
    Receipt receipt;
    TaskRecord record;
    uint8 seat;
    SeatProof proof;
    bytes signature;
    /// What the receipt's callback is called with; empty if it has none. Only its hash is signed.
    bytes callbackData;
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
    /// Whose enclave signed.
    address operator;
    bytes32 digest;
    /// Whether a callback must still decide between success and ReceiptFailedETH.
    bool callback;
}
