import { keccakTuple } from './hashing.ts'
import { ZERO_HASH, type Address, type Hash, type ScAddr } from './ids.ts'
import { ProtocolError } from './errors.ts'
import { SEATS } from './params.ts'

/** A worker in the stake tree (R1). `stake` is 0 for one that is logged out. */
export interface StakeLeaf {
  readonly index: number
  readonly operator: Address
  readonly signer: Address
  readonly stake: bigint // grains
}

export interface SumNode {
  readonly hash: Hash
  readonly sum: bigint
}

/** A leaf with the siblings on its way to the root, bottom up. */
export interface SeatProof {
  readonly leaf: StakeLeaf
  readonly siblings: readonly SumNode[]
}

/** What the chain says of an epoch: `epochInfo(epoch)`. */
export interface EpochInfo {
  readonly epoch: number
  readonly mix: Hash
  readonly root: Hash
  readonly total: bigint
  readonly startBlock: number
  readonly generation: number
}

const EMPTY: SumNode = { hash: ZERO_HASH, sum: 0n }

export function leafNode(leaf: StakeLeaf): SumNode {
  return {
    hash: keccakTuple(
      ['uint256', 'address', 'address', 'uint256'],
      [leaf.index, leaf.operator, leaf.signer, leaf.stake]
    ),
    sum: leaf.stake
  }
}

/** A subtree without any leaf is (0, 0) at every level. */
export function parentNode(left: SumNode, right: SumNode): SumNode {
  if (left.hash === ZERO_HASH && right.hash === ZERO_HASH) return EMPTY
  return {
    hash: keccakTuple(['bytes32', 'uint256', 'bytes32', 'uint256'], [left.hash, left.sum, right.hash, right.sum]),
    sum: left.sum + right.sum
  }
}

/** The point of seat k on the line of stakes: `keccak256(mix, scAddr, k) mod total`. */
export function drawPoint(mix: Hash, scAddr: ScAddr, k: number, total: bigint): bigint {
  if (total === 0n) throw new ProtocolError({ code: 'PROTOCOL_DRAW', what: 'total' }, 'Nobody has stake in this epoch.')
  return BigInt(keccakTuple(['bytes32', 'bytes32', 'uint256'], [mix, scAddr, k])) % total
}

/** Contracts whose seats a tree remembers: about a megabyte. */
const MAX_DRAWN = 4_096

/** The Merkle-sum tree of one epoch, built from its leaves. Its depth is the smallest that holds every index. */
export class StakeTree {
  readonly #levels: SumNode[][]
  readonly #leaves: readonly StakeLeaf[]
  /** Draws made already: whoever follows a contract asks for its seats with every task. */
  readonly #drawn = new Map<string, readonly StakeLeaf[]>()

  /** @param leaves at positions 0 .. n-1, without a gap. */
  constructor(leaves: readonly StakeLeaf[]) {
    this.#leaves = leaves
    let level = leaves.map((leaf, position) => {
      if (leaf.index !== position) {
        throw new ProtocolError({ code: 'PROTOCOL_DRAW', what: 'leaves' }, `Leaf ${position} has index ${leaf.index}.`)
      }
      return leafNode(leaf)
    })
    this.#levels = [level]
    while (level.length > 1) {
      const below = level
      level = Array.from({ length: Math.ceil(below.length / 2) }, (_, i) =>
        parentNode(below[2 * i]!, below[2 * i + 1] ?? EMPTY)
      )
      this.#levels.push(level)
    }
  }

  get root(): SumNode {
    return this.#levels.at(-1)?.[0] ?? EMPTY
  }

  prove(index: number): SeatProof {
    const leaf = this.#leaves[index]
    if (!leaf) throw new ProtocolError({ code: 'PROTOCOL_DRAW', what: 'index' }, `There is no leaf ${index}.`)
    const siblings = this.#levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1] ?? EMPTY)
    return { leaf, siblings }
  }

  /** The leaf that contains `point`; 0 <= point < root.sum. */
  leafAt(point: bigint): StakeLeaf {
    let index = 0
    let rest = point
    for (let height = this.#levels.length - 2; height >= 0; height--) {
      index *= 2
      const left = this.#levels[height]![index]!.sum
      if (rest >= left) {
        rest -= left
        index += 1
      }
    }
    const leaf = this.#leaves[index]
    if (!leaf || rest >= leaf.stake) {
      throw new ProtocolError({ code: 'PROTOCOL_DRAW', what: 'point' }, 'The point lies beyond the total stake.')
    }
    return leaf
  }

  /** The G seats of a contract: independent draws, so one worker may hold several. */
  seats(mix: Hash, scAddr: ScAddr): readonly StakeLeaf[] {
    const key = mix + scAddr
    const known = this.#drawn.get(key)
    if (known) return known
    const seats = Array.from({ length: SEATS }, (_, k) => this.leafAt(drawPoint(mix, scAddr, k, this.root.sum)))
    if (this.#drawn.size >= MAX_DRAWN) this.#drawn.clear()
    this.#drawn.set(key, seats)
    return seats
  }
}

/** @throws PROTOCOL_DRAW unless the proof puts its leaf on seat k of the contract in this epoch. */
export function requireSeat(
  info: Pick<EpochInfo, 'mix' | 'root' | 'total'>,
  scAddr: ScAddr,
  k: number,
  proof: SeatProof
): void {
  const refuse = (what: string): ProtocolError =>
    new ProtocolError({ code: 'PROTOCOL_DRAW', what }, `The proof of seat ${k} was refused: ${what}.`)
  const { leaf, siblings } = proof
  if (!Number.isInteger(k) || k < 0 || k >= SEATS) throw refuse('there is no such seat')
  if (siblings.length > 32 || leaf.index < 0 || leaf.index >= 2 ** siblings.length)
    throw refuse('its index is off the tree')
  let node = leafNode(leaf)
  let offset = 0n
  siblings.forEach((sibling, height) => {
    const isRight = Math.floor(leaf.index / 2 ** height) % 2 === 1
    if (isRight) offset += sibling.sum
    node = isRight ? parentNode(sibling, node) : parentNode(node, sibling)
  })
  if (node.hash !== info.root || node.sum !== info.total) throw refuse('it leads to another root')
  const point = drawPoint(info.mix, scAddr, k, info.total)
  if (point < offset || point >= offset + leaf.stake) throw refuse('the draw fell on another worker')
}
