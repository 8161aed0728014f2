import {
  TaskKind,
  ZERO_HASH,
  codeHashOf,
  deltaCodec,
  deltaHashOf,
  keccak256,
  nextHead,
  taskIdOf,
  utf8,
  type Address,
  type Hash,
  type ScAddr,
  type TaskId
} from '@enigma/protocol'
import { createHash } from 'node:crypto'

/** How much the chain names. */
export interface Sizes {
  readonly contracts: number
  /** Of each contract: the first by its deployment, the others by computations. */
  readonly deltas: number
  readonly codeBytes: number
  readonly deltaBytes: number // of ciphertext
}

/** A task of the history, in the order of records. Its nonce is its position. */
export interface PlannedTask {
  readonly taskId: TaskId
  readonly scAddr: ScAddr
  readonly kind: number
  readonly codeHash: Hash
  readonly inputHash: Hash
  readonly prevHead: Hash
  readonly deltaHash: Hash // 0: nothing written
}

export interface Content {
  readonly place: { readonly scAddr: ScAddr; readonly index: number } | null
  readonly hash: Hash
  readonly bytes: Uint8Array
}

export interface Plan {
  readonly tasks: readonly PlannedTask[]
  /** Everything that the tasks name, made when it is asked for. */
  contents(): Iterable<Content>
}

const hashOf = (text: string): Hash => keccak256(utf8(text))

/** Bytes of a name's own. */
function filler(name: string, bytes: number): Uint8Array {
  const filled = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += 32) {
    filled.set(
      createHash('sha256')
        .update(`${name} ${at}`)
        .digest()
        .subarray(0, bytes - at),
      at
    )
  }
  return filled
}

/**
 * What a user does with contracts of its own: it deploys each, has each write a delta again and again, and in the end has each
 * compute something that writes nothing. The contracts take turns.
 */
export function planOf({ contracts, deltas, codeBytes, deltaBytes }: Sizes, user: Address): Plan {
  const codeOf = (contract: number): Uint8Array => filler(`code ${contract}`, codeBytes)
  const scAddrOf = (contract: number): ScAddr => taskIdOf(user, contract) as string as ScAddr
  const deltaOf = (contract: number, index: number, prevHead: Hash): Uint8Array =>
    deltaCodec.encode({
      scAddr: scAddrOf(contract),
      index,
      generation: 0,
      prevHead,
      runDigest: hashOf(`run ${index} of ${contract}`),
      ciphertext: filler(`delta ${index} of ${contract}`, deltaBytes)
    })

  const heads = Array.from({ length: contracts }, (): Hash[] => [ZERO_HASH])
  const tasks: PlannedTask[] = []
  for (let turn = 0; turn <= deltas; turn++) {
    for (let contract = 0; contract < contracts; contract++) {
      const prevHead = heads[contract]!.at(-1)!
      const deltaHash = turn === deltas ? ZERO_HASH : deltaHashOf(deltaOf(contract, turn, prevHead))
      tasks.push({
        taskId: taskIdOf(user, tasks.length),
        scAddr: scAddrOf(contract),
        kind: turn === 0 ? TaskKind.deploy : TaskKind.compute,
        codeHash: turn === 0 ? codeHashOf(codeOf(contract)) : tasks[contract]!.codeHash,
        inputHash: hashOf(`input ${tasks.length}`),
        prevHead,
        deltaHash
      })
      if (turn < deltas) heads[contract]!.push(nextHead(prevHead, deltaHash))
    }
  }
  return {
    tasks,
    *contents() {
      for (let contract = 0; contract < contracts; contract++) {
        yield { place: null, hash: tasks[contract]!.codeHash, bytes: codeOf(contract) }
        for (let index = 0; index < deltas; index++) {
          const bytes = deltaOf(contract, index, heads[contract]![index]!)
          yield { place: { scAddr: scAddrOf(contract), index }, hash: deltaHashOf(bytes), bytes }
        }
      }
    }
  }
}
