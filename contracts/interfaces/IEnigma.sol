// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICallbackGateway} from "./ICallbackGateway.sol";
import {EpochState} from "../types/Epochs.sol";
import {SignedReceipt} from "../types/Penalties.sol";
import {ReceiptItem} from "../types/Settlement.sol";
import {Receipt, TaskRecord, TaskRequest, TaskStatus} from "../types/Tasks.sol";
import {Principal, SeatProof, Worker, WorkerStatus} from "../types/Workers.sol";

/// @title Enigma: workers, epochs, secret contracts, tasks and their receipts
/// @notice Enigma holds ENG in separate accounts: the stakes of workers, the escrow of open tasks, the credit that workers have
/// earned, and forfeit fines. Nobody can pause or upgrade it. Its rules are docs/spec/protocol.md, R1 to R14.
interface IEnigma {
    // ---------------------------------------------------------------- set-up

    /// @notice The mode of evidence that this contract accepts, fixed for ever.
    event AttestationModeFixed(bytes32 indexed mode, address verifier);
    /// @notice The key-management enclave is known; workers may register from now on.
    event PrincipalRegistered(address indexed signer, bytes32 transportKey, bytes32 measurement, bytes evidence);
    /// @notice Enclaves with this code hash may register and log in.
    event MeasurementAllowed(bytes32 indexed measurement);
    /// @notice Enclaves with this code hash may no longer register or log in, and anyone may log them out.
    event MeasurementRevoked(bytes32 indexed measurement);

    /// @notice A constructor parameter is out of its range.
    error EnigmaInvalidParameter(string name, uint256 value);
    /// @notice A value that must not be zero is zero.
    error EnigmaZeroValue(string name);
    /// @notice There is one principal, for ever: these are other keys than its own.
    error EnigmaPrincipalAlreadyRegistered(address signer);
    /// @notice There is no principal yet.
    error EnigmaNoPrincipal();

    /// @notice Makes the key-management enclave known. Owner only. Later calls renew its evidence, for the same keys.
    /// @param signer The enclave's signing key
    /// @param transportKey The enclave's X25519 key
    /// @param evidence Attestation over reportData(signer, transportKey, msg.sender, signer, 0)
    function registerPrincipal(address signer, bytes32 transportKey, bytes calldata evidence) external;

    /// @notice Allows enclaves with this code. Owner only.
    function allowMeasurement(bytes32 measurement) external;

    /// @notice Stops enclaves with this code from registering and logging in. Owner only. Running tasks are not touched.
    function revokeMeasurement(bytes32 measurement) external;

    // ---------------------------------------------------------------- attestation

    /// @notice The report was made for other keys, another operator, chain, contract, principal or nonce.
    error EnigmaReportMismatch(bytes32 expected, bytes32 reported);
    /// @notice The evidence is of another kind than this contract accepts.
    error EnigmaWrongAttestationMode(bytes32 mode, bytes32 accepted);
    /// @notice The enclave's code is not on the list.
    error EnigmaMeasurementNotAllowed(bytes32 measurement);
    /// @notice The enclave's security version is too low.
    error EnigmaSvnTooLow(uint16 svn, uint16 minSvn);
    /// @notice The evidence is older than 24 hours.
    error EnigmaEvidenceTooOld(uint64 issuedAt, uint256 timestamp);
    /// @notice The evidence is dated more than 15 minutes ahead.
    error EnigmaEvidenceFromFuture(uint64 issuedAt, uint256 timestamp);
    /// @notice The evidence no longer holds.
    error EnigmaAttestationExpired(uint64 expiry, uint256 timestamp);
    /// @notice A signature is malformed (not 65 bytes, high s, or no key recovers from it).
    error EnigmaInvalidSignature();

    // ---------------------------------------------------------------- workers

    /// @notice An operator registered its enclave.
    event WorkerRegistered(
        address indexed operator,
        address staking,
        address indexed signer,
        bytes32 transportKey,
        bytes32 measurement,
        uint64 nonce,
        bytes evidence
    );
    /// @notice `amount` was added to the stake, which is now `stake`.
    event Deposited(address indexed operator, address indexed staking, uint256 amount, uint256 stake);
    /// @notice The worker may be drawn in epochs whose stake root is stored from now on.
    event LoggedIn(address indexed operator, address indexed signer, uint256 stake);
    /// @notice The worker leaves the draw; its stake is free after `withdrawableAfter`.
    event LoggedOut(address indexed operator, address by, uint256 withdrawableAfter);
    /// @notice `amount` went to the staking address; `stake` is left.
    event Withdrawn(address indexed operator, address indexed staking, uint256 amount, uint256 stake);
    /// @notice The worker is gone; its leaf may be given to another one.
    event Unregistered(address indexed operator);
    /// @notice Earned fees were paid to the staking address.
    event CreditClaimed(address indexed operator, address indexed staking, uint256 amount);
    /// @notice Earned fees became stake, which is now `stake`.
    event CreditCompounded(address indexed operator, uint256 amount, uint256 stake);
    /// @notice A leaf of the stake tree changed. stake is 0 while the worker is logged out. Replaying these events rebuilds the tree.
    event StakeLeafUpdated(uint32 indexed index, address operator, address signer, uint256 stake);

    /// @notice The worker's status does not allow this.
    error EnigmaWrongWorkerStatus(address operator, WorkerStatus status);
    /// @notice Only the worker's staking address may do this.
    error EnigmaNotStakingAddress(address sender, address staking);
    /// @notice The worker still has stake or credit of its staking address.
    error EnigmaWorkerNotEmpty(address operator, uint256 stake, uint256 credit);
    /// @notice The enclave key belongs to another operator, or to the principal.
    error EnigmaSignerTaken(address signer);
    /// @notice The stake is too small to log in.
    error EnigmaStakeTooLow(uint256 stake, uint256 minStake);
    /// @notice The stake is locked up to and including block `untilBlock`.
    error EnigmaUnbonding(uint256 untilBlock);
    /// @notice More was asked for than there is.
    error EnigmaAmountTooHigh(uint256 amount, uint256 available);
    /// @notice The payer has not allowed Enigma to take this much ENG.
    error EnigmaAllowanceTooLow(address payer, uint256 allowance, uint256 needed);

    /// @notice Registers the sender as operator of an enclave. Allowed while Unregistered or LoggedOut (then it replaces the enclave).
    /// @param staking Address that will own stake and fees; it can only change while both are zero
    /// @param signer The enclave's signing key; it belongs to this operator for ever
    /// @param transportKey The enclave's X25519 key
    /// @param evidence Attestation over reportData(signer, transportKey, msg.sender, principal signer, registrationNonce(msg.sender))
    function register(address staking, address signer, bytes32 transportKey, bytes calldata evidence) external;

    /// @notice Adds ENG of the sender, who must be the staking address, to the operator's stake.
    function deposit(address operator, uint256 amount) external;

    /// @notice Like deposit, with the allowance given by an EIP-2612 signature of the sender over exactly `amount`.
    function depositWithPermit(
        address operator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice The operator takes part in the draw from the next stake root on.
    function login() external;

    /// @notice The operator leaves the draw. Its seats of running epochs stay its own.
    function logout() external;

    /// @notice Logs an operator out: by its staking address, or by anyone once its evidence expired or its code was revoked.
    function logoutFor(address operator) external;

    /// @notice Pays stake back to the staking address, when logged out for longer than unbondingPeriod() blocks.
    function withdraw(address operator, uint256 amount) external;

    /// @notice Ends the sender's registration. Needs LoggedOut, no stake and no credit.
    function unregister() external;

    /// @notice Pays all credit to the staking address. Sent by the staking address or the operator.
    function claim(address operator) external;

    /// @notice Turns all credit into stake. Sent by the staking address.
    function compound(address operator) external;

    // ---------------------------------------------------------------- epochs

    /// @notice A call of setEpoch was accepted: today's stake root and the next commitment are stored.
    event EpochCalled(uint64 indexed d, uint256 blockNumber, bytes32 root, uint256 total, bytes32 commit);
    /// @notice A new epoch began, drawn over the stakes of the call before.
    event EpochStarted(
        uint64 indexed epoch,
        uint64 indexed d,
        bytes32 mix,
        bytes32 root,
        uint256 total,
        uint64 startBlock,
        uint32 generation
    );

    /// @notice The update is not the next one in order.
    error EnigmaWrongEpochCall(uint64 d, uint64 expected);
    /// @notice The update came too early.
    error EnigmaEpochTooEarly(uint256 blockNumber, uint256 notBefore);
    /// @notice The seed is not the one committed to in the call before.
    error EnigmaWrongSeed(bytes32 commitOfSeed, bytes32 expected);
    /// @notice The generation of state keys never falls.
    error EnigmaGenerationFell(uint32 generation, uint32 current);
    /// @notice Signed by another key than the principal's.
    error EnigmaNotPrincipal(address signer);

    /// @notice One step of the epochs (R1). Anyone may send it; it counts by the principal's signature.
    /// @param d Number of accepted calls before this one
    /// @param seed Opens the commitment of the call before; without meaning in call 0
    /// @param nextCommit keccak256 of the next call's seed
    /// @param generation Generation of state keys from now on
    /// @param signature EIP-712 EpochUpdate(uint64 d,bytes32 seed,bytes32 nextCommit,uint32 generation)
    function setEpoch(uint64 d, bytes32 seed, bytes32 nextCommit, uint32 generation, bytes calldata signature) external;

    // ---------------------------------------------------------------- tasks

    /// @notice A task was recorded and its whole fee is in escrow.
    event TaskRecordCreated(
        bytes32 indexed taskId,
        address indexed sender,
        bytes32 indexed scAddr,
        uint8 kind,
        bytes32 codeHash,
        bytes32 inputHash,
        uint64 gasLimit,
        uint64 gasPx,
        uint64 epoch
    );
    /// @notice Nobody settled the task in time; the sender has its whole fee back.
    event TaskFeeReturned(bytes32 indexed taskId, address indexed sender, uint256 amount);

    /// @notice No epoch has begun.
    error EnigmaNoEpoch();
    /// @notice The epoch is over, or not begun; take the current one.
    error EnigmaWrongEpoch(uint64 current);
    /// @notice The deployment was made for another nonce, so for another address.
    error EnigmaWrongNonce(uint256 current);
    /// @notice No secret contract is deployed there.
    error EnigmaNoSuchContract(bytes32 scAddr);
    /// @notice The gas limit must be 1 to 10^9.
    error EnigmaGasLimitOutOfRange(uint64 gasLimit);
    /// @notice A batch is empty, or larger than one transaction may be.
    error EnigmaBatchSize(uint256 size, uint256 max);
    /// @notice The task is not open: never recorded, or already settled or returned.
    error EnigmaTaskNotOpen(bytes32 taskId, TaskStatus status);
    /// @notice The repeated record is not the one that was recorded.
    error EnigmaRecordMismatch(bytes32 taskId);
    /// @notice The fee can go back only after the deadline.
    error EnigmaDeadlineNotPassed(uint256 blockNumber, uint256 deadline);

    /// @notice Records a computation and takes gasLimit * gasPx grains from the sender into escrow.
    /// @return taskId keccak256(abi.encode(sender, nonce))
    function createTaskRecord(
        bytes32 scAddr,
        bytes32 inputHash,
        uint64 gasLimit,
        uint64 gasPx,
        uint64 epoch
    ) external returns (bytes32 taskId);

    /// @notice Like createTaskRecord, with the allowance given by an EIP-2612 signature of the sender over exactly the fee.
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
    ) external returns (bytes32 taskId);

    /// @notice Records a deployment. The task's id is the secret contract's address.
    /// @param nonce Must equal taskNonce(msg.sender), so that the address is the one the input was encrypted for
    function createDeploymentTaskRecord(
        bytes32 codeHash,
        bytes32 inputHash,
        uint64 gasLimit,
        uint64 gasPx,
        uint64 epoch,
        uint256 nonce
    ) external returns (bytes32 taskId);

    /// @notice Like createDeploymentTaskRecord, with the allowance given by an EIP-2612 signature of the sender over exactly the fee.
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
    ) external returns (bytes32 taskId);

    /// @notice Records up to 64 computations and takes the sum of their fees: all of them, or none. They get the sender's next nonces in
    /// order.
    function createTaskRecords(TaskRequest[] calldata requests) external returns (bytes32[] memory taskIds);

    /// @notice Like createTaskRecords, with the allowance given by an EIP-2612 signature of the sender over exactly the sum of the fees.
    function createTaskRecordsWithPermit(
        TaskRequest[] calldata requests,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (bytes32[] memory taskIds);

    /// @notice Gives the whole fee back to the sender of a task that nobody settled by its deadline. Anyone may send it.
    function returnFeesForTask(bytes32 taskId, TaskRecord calldata record) external;

    // ---------------------------------------------------------------- receipts

    /// @notice A secret contract now exists.
    event SecretContractDeployed(bytes32 indexed scAddr, bytes32 codeHash, address operator);
    /// @notice A task succeeded. headHash and deltaCount are the contract's, after it.
    event ReceiptVerified(
        bytes32 indexed taskId,
        bytes32 indexed scAddr,
        address indexed operator,
        bytes32 deltaHash,
        bytes32 outputHash,
        bytes32 headHash,
        uint64 deltaCount,
        uint64 gasUsed,
        bytes32 receiptDigest
    );
    /// @notice A task failed inside its enclave; the contract's state did not change.
    event ReceiptFailed(
        bytes32 indexed taskId,
        bytes32 indexed scAddr,
        address indexed operator,
        uint8 reason,
        bytes32 outputHash,
        uint64 gasUsed,
        bytes32 receiptDigest
    );

    /// @notice The run succeeded, its callback did not: the gas is paid, the contract's state and head are as before.
    /// @param callbackFailure 1 forbidden target, 2 no contract there, 3 reverted or out of its gas
    event ReceiptFailedETH(
        bytes32 indexed taskId,
        bytes32 indexed scAddr,
        address indexed operator,
        uint8 callbackFailure,
        bytes32 outputHash,
        uint64 gasUsed,
        bytes32 receiptDigest
    );
    /// @notice A batch passed over a receipt. Anybody can cause it; it says nothing about the task.
    /// @param reasonCode 1 task not open, 2 task recorded anew, 3 outside the seat's window, 4 head has moved on, 5 signer banned
    event ReceiptSkipped(bytes32 indexed taskId, uint8 reasonCode);

    /// @notice Each of the batch's receipts was passed over; whoever sent it may take the tasks as settled.
    error EnigmaNothingApplied(uint256 skipped);
    /// @notice A field of the receipt differs from the record it settles.
    error EnigmaReceiptMismatch(bytes32 taskId, string field);
    /// @notice The receipt contradicts itself: ok means reason 0 and, for a deployment, a delta; a failure means a reason and no delta.
    error EnigmaReceiptInconsistent(bytes32 taskId);
    /// @notice More gas was used than the sender allowed.
    error EnigmaGasAboveLimit(uint64 gasUsed, uint64 gasLimit);
    /// @notice The contract's state has moved on; the task must be run again.
    error EnigmaStaleHead(bytes32 prevHead, bytes32 head);
    /// @notice The seat's window is not open yet, or the deadline has passed.
    error EnigmaOutsideWindow(uint256 blockNumber, uint256 first, uint256 last);
    /// @notice There is no such seat.
    error EnigmaNoSuchSeat(uint8 seat);
    /// @notice The key belongs to no worker.
    error EnigmaUnknownSigner(address signer);
    /// @notice The path's two lists differ in length, or are too short for the index.
    error EnigmaMalformedStakeProof(uint32 index, uint256 hashes, uint256 sums);
    /// @notice The path does not lead to the epoch's stake root.
    error EnigmaWrongStakeProof(bytes32 root, bytes32 expected);
    /// @notice The seat was drawn outside the worker's share of the stake.
    error EnigmaNotSelected(address signer, uint8 seat, uint256 point, uint256 first, uint256 stake);
    /// @notice A callback gets at most 500,000 gas and 4 KiB of data.
    error EnigmaCallbackTooLarge(uint32 callbackGas, uint256 dataBytes);
    /// @notice The data sent along is not what the enclave signed.
    error EnigmaCallbackDataMismatch(bytes32 expected, bytes32 actual);
    /// @notice In a batch only the last receipt may carry a callback.
    error EnigmaCallbackNotLast(uint256 index);

    /// @notice Settles a task with the receipt that an enclave signed. Anyone may send it; the fee is the signer's operator's. For a receipt
    /// with a callback use commitReceiptWithCallback.
    /// @param receipt The result
    /// @param record The task as it was recorded
    /// @param seat A seat (0 to 2) that the signer holds; the lowest one opens first
    /// @param proof Path of the signer's leaf in the stake tree of the task's epoch
    /// @param signature 65-byte ECDSA signature over receiptDigest(receipt)
    function commitReceipt(
        Receipt calldata receipt,
        TaskRecord calldata record,
        uint8 seat,
        SeatProof calldata proof,
        bytes calldata signature
    ) external;

    /// @notice Settles a task whose contract calls back into Ethereum. The callback comes last: the task is closed and the fee booked before.
    /// If it fails (forbidden target, no contract there, revert, out of callbackGas) the run counts as failed: ReceiptFailedETH.
    /// @param item With the callback's data, at most 4 KiB
    function commitReceiptWithCallback(ReceiptItem calldata item) external;

    /// @notice Settles up to 64 tasks, in order, so that later receipts may build on earlier ones. What was settled, moved or made stale
    /// by others in the meantime is passed over (ReceiptSkipped); anything else that is wrong reverts the whole batch.
    /// Only the last receipt may carry a callback.
    function commitReceipts(ReceiptItem[] calldata items) external;

    // ---------------------------------------------------------------- penalties

    /// @notice A worker accepted a task that nobody settled. `amount` left its stake: half to the task's sender, half to the submitter.
    event SilencePunished(
        bytes32 indexed taskId,
        address indexed operator,
        address indexed signer,
        address submitter,
        uint256 amount,
        uint256 stake
    );
    /// @notice An enclave key signed two results of one run and is banned. `amount` left the stake: half to the submitter, half to nobody.
    event EquivocationPunished(
        bytes32 indexed taskId,
        address indexed operator,
        address indexed signer,
        address submitter,
        uint256 amount,
        uint256 stake
    );

    /// @notice Silence can be punished only once the task's fee has gone back.
    error EnigmaTaskNotReturned(bytes32 taskId, TaskStatus status);
    /// @notice One worker has paid for this task already.
    error EnigmaTaskAlreadyPunished(bytes32 taskId);
    /// @notice The proof came too late.
    error EnigmaProofPeriodOver(uint256 blockNumber, uint256 last);
    /// @notice The worker has no stake that could be taken.
    error EnigmaNothingToTake(address operator);
    /// @notice The two receipts are of different runs, or the same.
    error EnigmaNoEquivocation(bytes32 a, bytes32 b);
    /// @notice The two receipts were signed by two keys.
    error EnigmaDifferentSigners(address a, address b);
    /// @notice The enclave key is banned: it can register, log in and settle no more.
    error EnigmaSignerBanned(address signer);

    /// @notice Fines a worker that accepted a task and let its deadline pass: min(fee, 0.1 % of stake). One per task, the first proof wins,
    /// up to proofPeriod() blocks after the deadline. Half goes to the task's sender, half to msg.sender.
    /// @param record The task as it was recorded
    /// @param signature 65-byte ECDSA signature over taskAcceptedDigest(taskId, record.inputHash, the task's record block)
    function punishSilence(bytes32 taskId, TaskRecord calldata record, bytes calldata signature) external;

    /// @notice Fines a worker 5 % of its stake, once, and bans its key: it signed two different receipts with equal taskId, recordBlock,
    /// recordTime and prevHead. Half goes to msg.sender; the rest stays locked, so that nobody profits from own misconduct.
    function punishEquivocation(SignedReceipt calldata a, SignedReceipt calldata b) external;

    // ---------------------------------------------------------------- views

    /// @notice The address that callbacks come from.
    function gateway() external view returns (ICallbackGateway);

    /// @notice Kind of evidence accepted: "simulation" protects nothing.
    function attestationMode() external view returns (bytes32);

    /// @notice The registered principal; its signer is 0 before.
    function principal() external view returns (Principal memory);

    /// @notice Everything stored about a worker.
    function worker(address operator) external view returns (Worker memory);

    /// @notice The operator that an enclave key belongs to, or 0.
    function operatorOf(address signer) external view returns (address);

    /// @notice Whether the enclave key was banned for equivocation.
    function signerBanned(address signer) external view returns (bool);

    /// @notice Whether somebody has paid for the task's silence.
    function taskPunished(bytes32 taskId) external view returns (bool);

    /// @notice Blocks after a task's deadline in which silence can be punished.
    function proofPeriod() external view returns (uint64);

    /// @notice The nonce that the operator's next registration report must bind.
    function registrationNonce(address operator) external view returns (uint64);

    /// @notice Whether enclaves with this code may register and log in.
    function measurementAllowed(bytes32 measurement) external view returns (bool);

    /// @notice The hash that a registration report must carry.
    function reportData(
        address signer,
        bytes32 transportKey,
        address operator,
        address principalSigner,
        uint64 nonce
    ) external view returns (bytes32);

    /// @notice The stake tree as it is now.
    function stakeTree() external view returns (bytes32 root, uint256 total, uint32 leafCount);

    /// @notice The draw of an epoch; all zero if it never began.
    function epochInfo(
        uint64 epoch
    ) external view returns (bytes32 mix, bytes32 root, uint256 total, uint64 startBlock, uint32 generation);

    /// @notice Where the sequence of epoch calls stands.
    function epochState() external view returns (EpochState memory);

    /// @notice The current epoch, 0 before the first.
    function currentEpoch() external view returns (uint64);

    /// @notice Earliest block of the next setEpoch; 0 for call 0.
    function nextEpochBlock() external view returns (uint256);

    /// @notice The nonce of the sender's next task.
    function taskNonce(address sender) external view returns (uint256);

    /// @notice A task's two slots. slot1 is the record's hash while open, the receipt's digest once settled.
    function taskStatus(
        bytes32 taskId
    ) external view returns (bytes32 slot1, address sender, uint64 recordBlock, uint64 recordTime, TaskStatus status);

    /// @notice What the chain knows of a secret contract.
    function secretContract(
        bytes32 scAddr
    ) external view returns (bytes32 codeHash, bytes32 headHash, uint64 deltaCount);

    /// @notice EIP-712 digest that an enclave signs.
    function receiptDigest(Receipt calldata receipt) external view returns (bytes32);

    /// @notice EIP-712 digest with which an enclave accepts a task.
    function taskAcceptedDigest(bytes32 taskId, bytes32 inputHash, uint64 recordBlock) external view returns (bytes32);

    /// @notice EIP-712 digest that the principal signs.
    function epochUpdateDigest(
        uint64 d,
        bytes32 seed,
        bytes32 nextCommit,
        uint32 generation
    ) external view returns (bytes32);

    /// @notice Blocks into an epoch in which records for the epoch before are still taken.
    function grace() external view returns (uint64);

    /// @notice Blocks after its record in which a task can be settled.
    function taskPeriod() external view returns (uint64);

    /// @notice Blocks between a logout and the first withdrawal.
    function unbondingPeriod() external view returns (uint64);

    /// @notice Grains held as stakes.
    function totalStake() external view returns (uint256);

    /// @notice Grains held for open tasks.
    function totalEscrow() external view returns (uint256);

    /// @notice Grains of fines that nobody gets.
    function totalForfeit() external view returns (uint256);

    /// @notice Grains earned by workers and not yet paid out.
    function totalCredit() external view returns (uint256);
}
