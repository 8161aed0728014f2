import { AbiWriter, Address, context, ethereum, Mapping, Packer, require, state, u256, Unpacker } from '@enigma/sdk'

/**
 * Secret votes on the public polls of a `VotingETH` contract (contracts/samples/VotingETH.sol). Who voted how stays here. Ethereum
 * hears that a vote was cast, may refuse it - then it never happened -, and gets the tally in the end.
 */

/** Ethereum gas for the calls into VotingETH; each takes some 60,000. */
const CALLBACK_GAS: u32 = 100_000

/** The votes on one poll. Both counts in one entry: it changes with every vote, so nothing of its size tells how one was cast. */
class Count {
  yes: u64 = 0
  all: u64 = 0

  pack(out: Packer): void {
    out.put<u64>(this.yes)
    out.put<u64>(this.all)
  }

  unpack(from: Unpacker): void {
    this.yes = from.get<u64>()
    this.all = from.get<u64>()
  }
}

/** A voter of a poll. */
class Ballot {
  constructor(
    private poll: u256,
    private voter: Address
  ) {}

  pack(out: Packer): void {
    out.put<u256>(this.poll)
    out.put<Address>(this.voter)
  }
}

const ends = new Mapping<u256, u64>('ends')
const counts = new Mapping<u256, Count>('counts')
const voted = new Mapping<Ballot, bool>('voted')

export function constructor(votingETH: Address): void {
  state.set<Address>('voting-eth', votingETH)
}

/**
 * Learns when a poll ends, in seconds since 1970; VotingETH confirms it, or undoes this. Anyone may call it, once for a poll. The data of
 * a call to Ethereum is public even if the call is refused: only a contract that knows the end itself can keep the tally until then.
 */
export function openPoll(pollId: u256, end: u64): void {
  require(!ends.has(pollId), 'the poll is open already')
  ends.set(pollId, end)
  const args = new AbiWriter(2)
  args.u256(pollId)
  args.u64(end)
  ethereum.callBack(votingETH(), ethereum.encodeCall('validatePollEnd(uint256,uint64)', args), CALLBACK_GAS)
}

/** Votes on an open poll, once. Counts if VotingETH says that the poll still takes votes. */
export function castVote(pollId: u256, yes: bool): void {
  require(context.blockTime() <= endOf(pollId), 'the poll is over')
  const ballot = new Ballot(pollId, context.caller())
  require(!voted.has(ballot), 'you have voted on this poll')
  voted.set(ballot, true)
  const count = counts.getOr(pollId, new Count())
  count.yes += <u64>yes // not a branch: gas shall not tell yes from no
  count.all += 1
  counts.set(pollId, count)

  const args = new AbiWriter(1)
  args.u256(pollId)
  ethereum.callBack(votingETH(), ethereum.encodeCall('validateCastVote(uint256)', args), CALLBACK_GAS)
}

/** Reports the percentage of yes, rounded down, after the poll's end, and so closes it. */
export function tallyPoll(pollId: u256): void {
  require(context.blockTime() > endOf(pollId), 'the poll is not over')
  const count = counts.getOr(pollId, new Count())
  const percent: u64 = count.all == 0 ? 0 : (count.yes * 100) / count.all

  const args = new AbiWriter(2)
  args.u256(pollId)
  args.u64(percent)
  ethereum.callBack(votingETH(), ethereum.encodeCall('validateTallyPoll(uint256,uint256)', args), CALLBACK_GAS)
}

/** True if the caller has voted on the poll. */
@view
export function hasVoted(pollId: u256): bool {
  return voted.has(new Ballot(pollId, context.caller()))
}

function endOf(pollId: u256): u64 {
  require(ends.has(pollId), 'open the poll first: call openPoll()')
  return ends.get(pollId)
}

function votingETH(): Address {
  return state.get<Address>('voting-eth')
}
