import type { Log } from 'ethers'
import { StakeTree, address, drawPoint, hash, type Address, type Hash, type StakeLeaf } from '@enigma/protocol'
import { readScAddr } from '../actions.ts'
import type { Chain } from '../chain/chain.ts'
import { ClientError } from '../errors.ts'
import { enigmaInterface, topic } from './contracts.ts'

/** The workers that could be drawn in an epoch, as the original API gave them, and the stake tree behind the draw. */
export interface WorkerParams {
  readonly firstBlockNumber: number
  /** The epoch's mix: what the draw is made from. */
  readonly seed: Hash
  /** Enclave signers, in the order of the stake tree; logged-out ones have a stake of 0. */
  readonly workers: readonly Address[]
  /** Grains. */
  readonly stakes: readonly bigint[]
  readonly leaves: readonly StakeLeaf[]
}

const before = (a: Log, b: Log): boolean =>
  a.blockNumber < b.blockNumber || (a.blockNumber === b.blockNumber && a.index < b.index)

/**
 * The epoch of a block, rebuilt from events and checked against the root that the contract fixed for it.
 *
 * @throws NO_EPOCH if none had begun; SEAT_PROOF_WRONG if the node's events do not make that root.
 */
export async function workerParams(chain: Chain, firstBlock: number, block: number): Promise<WorkerParams> {
  const topics = ['EpochStarted', 'EpochCalled', 'StakeLeafUpdated'].map(topic)
  const logs = await chain.logs([topics], firstBlock)
  const parsed = logs.map(log => ({ log, event: enigmaInterface.parseLog(log)! }))
  const started = parsed.filter(({ event, log }) => event.name === 'EpochStarted' && log.blockNumber <= block).at(-1)
  if (started === undefined) {
    throw new ClientError({ code: 'NO_EPOCH' }, `No epoch had begun by block ${block}.`, {
      hint: 'Wait until the principal has opened one.'
    })
  }
  // The epoch uses the stakes of the call before.
  const d = started.event.args.d as bigint
  const called = parsed.find(({ event }) => event.name === 'EpochCalled' && (event.args.d as bigint) === d - 1n)
  const leaves = new Map<number, StakeLeaf>()
  for (const { log, event } of parsed) {
    if (event.name !== 'StakeLeafUpdated' || called === undefined || !before(log, called.log)) continue
    const { args } = event
    const index = Number(args.index)
    leaves.set(index, {
      index,
      operator: address(args.operator as string),
      signer: address(args.signer as string),
      stake: args.stake as bigint
    })
  }
  const ordered = [...leaves.values()].sort((a, b) => a.index - b.index)
  const { root } = new StakeTree(ordered)
  if (root.hash !== hash(started.event.args.root as string)) {
    throw new ClientError(
      { code: 'SEAT_PROOF_WRONG', seat: -1, what: 'stakes' },
      'The stakes in the events do not make the root that the contract fixed.',
      { hint: 'The Ethereum node left events out; ask another one.' }
    )
  }
  return {
    firstBlockNumber: Number(started.event.args.startBlock),
    seed: hash(started.event.args.mix as string),
    workers: ordered.map(({ signer }) => signer),
    stakes: ordered.map(({ stake }) => stake),
    leaves: ordered
  }
}

/** The workers drawn for a contract, `size` independent draws without repetition. The network's seats are the first three. */
export function selectGroup(scAddr: string, { seed, leaves }: WorkerParams, size: number): Address[] {
  const tree = new StakeTree(leaves)
  const target = readScAddr(scAddr)
  const drawn = Array.from({ length: size }, (_, k) => tree.leafAt(drawPoint(seed, target, k, tree.root.sum)).signer)
  return [...new Set(drawn)]
}
