// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICallbackGateway} from "../interfaces/ICallbackGateway.sol";

/// @title The public half of secret voting
/// @notice Polls and their outcomes are here, votes are in a secret contract. It asks here, by callback, whether a vote still counts, and
/// reports the tally; a refusal undoes what it did. Nobody else can: a callback comes from Enigma's gateway and on behalf of the very secret
/// contract that the poll names.
contract VotingETH {
    /// @notice A poll starts InProgress and ends Passed or Rejected. Undefined: there is no such poll.
    enum PollStatus {
        Undefined,
        InProgress,
        Passed,
        Rejected
    }

    struct Poll {
        address creator;
        PollStatus status;
        /// Percentage of yes among all votes that the poll needs to pass, 1 to 100.
        uint8 quorum;
        /// Percentage of yes that was found; 0 before.
        uint8 tally;
        /// Last second in which votes count.
        uint64 end;
        /// Votes that were accepted.
        uint64 votes;
        /// The secret contract that holds the votes.
        bytes32 secretContract;
        string description;
    }

    /// @notice A poll is open for votes until the second `end`.
    event PollCreated(
        uint256 indexed pollId,
        address indexed creator,
        bytes32 indexed secretContract,
        uint8 quorum,
        uint64 end,
        string description
    );
    /// @notice The secret contract took a vote; how it was cast, it does not say.
    event VoteAccepted(uint256 indexed pollId, uint256 votes);
    /// @notice The poll is over.
    event PollClosed(uint256 indexed pollId, PollStatus status, uint8 tally);

    /// @notice The quorum must be 1 to 100 percent.
    error QuorumOutOfRange(uint8 quorum);
    /// @notice A poll lasts from 1 second to 366 days.
    error DurationOutOfRange(uint64 duration);
    /// @notice A poll needs a secret contract.
    error SecretContractMissing();
    /// @notice Only a callback, through Enigma's gateway, may do this.
    error NotTheGateway(address sender);
    /// @notice The callback is of another secret contract than the poll's.
    error WrongSecretContract(bytes32 caller, bytes32 expected);
    /// @notice The poll does not exist, or is closed.
    error PollNotInProgress(uint256 pollId, PollStatus status);
    /// @notice Too late for a vote.
    error VotingOver(uint256 pollId, uint64 end);
    /// @notice The poll ends at another time.
    error WrongPollEnd(uint256 pollId, uint64 end, uint64 expected);
    /// @notice Too early for the tally.
    error VotingNotOver(uint256 pollId, uint64 end);
    /// @notice A tally is a percentage.
    error TallyOutOfRange(uint256 tally);

    uint64 private constant MAX_SECONDS = 366 days;

    ICallbackGateway public immutable gateway;
    uint256 public pollCount;
    mapping(uint256 pollId => Poll) private _polls;

    constructor(ICallbackGateway gateway_) {
        gateway = gateway_;
    }

    /// @notice Opens a poll. Anyone may; its id counts from 1.
    function createPoll(
        uint8 quorum,
        string calldata description,
        uint64 duration,
        bytes32 secretContract
    ) external returns (uint256 pollId) {
        if (quorum == 0 || quorum > 100) revert QuorumOutOfRange(quorum);
        if (duration == 0 || duration > MAX_SECONDS) revert DurationOutOfRange(duration);
        if (secretContract == 0) revert SecretContractMissing();
        pollId = ++pollCount;
        uint64 end = uint64(block.timestamp) + duration;
        _polls[pollId] = Poll(msg.sender, PollStatus.InProgress, quorum, 0, end, 0, secretContract, description);
        emit PollCreated(pollId, msg.sender, secretContract, quorum, end, description);
    }

    /// @notice Callback: confirms when an open poll ends, so that its secret contract keeps the tally to itself until then. Whatever a
    /// secret contract calls out with is public at once, even if the call is refused.
    function validatePollEnd(uint256 pollId, uint64 end) external view {
        Poll storage poll = _pollOfCaller(pollId);
        if (end != poll.end) revert WrongPollEnd(pollId, end, poll.end);
    }

    /// @notice Callback: accepts a vote while the poll is open, else reverts, and the vote is void.
    function validateCastVote(uint256 pollId) external {
        Poll storage poll = _pollOfCaller(pollId);
        if (block.timestamp > poll.end) revert VotingOver(pollId, poll.end);
        poll.votes += 1;
        emit VoteAccepted(pollId, poll.votes);
    }

    /// @notice Callback: closes a poll whose time is over.
    /// @param tally Percentage of yes, 0 to 100, rounded down
    function validateTallyPoll(uint256 pollId, uint256 tally) external {
        Poll storage poll = _pollOfCaller(pollId);
        if (block.timestamp <= poll.end) revert VotingNotOver(pollId, poll.end);
        if (tally > 100) revert TallyOutOfRange(tally);
        poll.tally = uint8(tally);
        poll.status = tally >= poll.quorum ? PollStatus.Passed : PollStatus.Rejected;
        emit PollClosed(pollId, poll.status, poll.tally);
    }

    /// @notice A poll; all zero if there is none.
    function getPoll(uint256 pollId) external view returns (Poll memory) {
        return _polls[pollId];
    }

    /// @notice 0 undefined, 1 in progress, 2 passed, 3 rejected.
    function getPollStatus(uint256 pollId) external view returns (PollStatus) {
        return _polls[pollId].status;
    }

    /// @dev The open poll, if the running callback is of its own secret contract.
    function _pollOfCaller(uint256 pollId) private view returns (Poll storage poll) {
        if (msg.sender != address(gateway)) revert NotTheGateway(msg.sender);
        poll = _polls[pollId];
        if (poll.status != PollStatus.InProgress) revert PollNotInProgress(pollId, poll.status);
        bytes32 caller = gateway.secretContract();
        if (caller != poll.secretContract) revert WrongSecretContract(caller, poll.secretContract);
    }
}
