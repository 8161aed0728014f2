import { randomBytes } from 'node:crypto'
import {
  codeHashOf,
  fromHex,
  keccakTuple,
  scAddr as scAddrFrom,
  taskIdOf,
  toHex,
  type Address,
  type ScAddr
} from '@enigma/protocol'
import { createWasmPool, THREAD_URL } from '@enigma/enclave-sim/wasm'
import {
  decodeResult,
  encodeCall,
  encodeConstructor,
  type ConstructorArgs,
  type SecretContractAbi
} from '@enigma/protocol/secret-abi'
import { accountOf, addressOf, type Account } from './accounts.ts'
import { loadArtifact, type Artifact, type CompiledArtifact } from './artifact.ts'
import { FIRST_MOMENT, after, wholeNumber, type Moment } from './clock.ts'
import { contractHandle, type TestContract } from './contract.ts'
import { TestingError } from './errors.ts'
import { gasLimitOf, requireCallData, runOnce, type RunOrder } from './run.ts'
import type { Ethereum, RunOptions, RunReport } from './run-types.ts'
import { newContract, type ContractRecord } from './state.ts'

export interface TestNetworkInit {
  /** Time of the first block, in seconds since 1970; 2026-01-01 unless told. */
  readonly now?: number
  /** Number of the first block; 1 unless told. */
  readonly block?: number
  /** All randomness of contracts follows from it. Unless told: $ENIGMA_TEST_SEED, else `enigma`. `random` picks one and prints it. */
  readonly seed?: string
  /** Answers Ethereum callbacks; unless told, each succeeds. */
  readonly ethereum?: Ethereum
}

/** A network for unit tests: the enclave's own engine on a state in memory. It has no chain, no encryption and no fees. */
export interface TestNetwork {
  /** What `seed` came to: with it, everything repeats. */
  readonly seed: string
  readonly block: number
  readonly timeSeconds: number
  /** The last run of any contract; null before the first. */
  readonly last: RunReport | null
  /** Deploys a compiled contract. @throws TaskFailedError, ABI_ARGUMENT */
  deploy<const A extends SecretContractAbi>(
    artifact: Artifact<A>,
    args?: ConstructorArgs<A>,
    options?: RunOptions
  ): Promise<TestContract<A>>
  deploy(artifact: CompiledArtifact, args?: readonly unknown[], options?: RunOptions): Promise<TestContract>
  /** Account i, the same in every network. */
  account(index: number): Account
  /** Lets `blocks` blocks pass, one second each. */
  mine(blocks?: number): void
  /** The next block's time, in seconds; not before the last block's. */
  setTime(seconds: number): void
  /** Another seed from here on, for tests that need another throw of the dice. */
  setSeed(seed: string): void
  /** Remembers states, block and time. */
  snapshot(): Snapshot
  /** Goes back to a snapshot, any number of times. Contracts deployed since are gone. */
  revert(snapshot: Snapshot): void
  /** Ends the thread that runs contracts. */
  stop(): Promise<void>
}

/** A moment of a network to go back to. */
export interface Snapshot {
  readonly contracts: ReadonlyMap<ScAddr, ContractRecord>
  readonly nonces: ReadonlyMap<Address, number>
  readonly moment: Moment
  readonly nextTime: number | null
  readonly seed: string
  readonly queries: number
}

export async function createTestNetwork(init: TestNetworkInit = {}): Promise<TestNetwork> {
  const first: Moment = {
    block: wholeNumber('block', init.block ?? FIRST_MOMENT.block),
    timeSeconds: wholeNumber('now', init.now ?? FIRST_MOMENT.timeSeconds)
  }
  let now: Snapshot = {
    contracts: new Map(),
    nonces: new Map(),
    moment: first,
    nextTime: null,
    seed: chosenSeed(init.seed),
    queries: 0
  }
  let last: RunReport | null = null
  let previous: Promise<unknown> = Promise.resolve()
  const lastOf = new Map<ScAddr, RunReport>()
  const pool = createWasmPool({ threads: 1, threadUrl: THREAD_URL })

  /** One run after the other, as a chain orders them: tests that do not wait get the same result every time. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = previous.then(work)
    previous = turn.catch(() => undefined)
    return turn
  }

  /** The block that records the next task. */
  const nextMoment = (): Moment => {
    const next = after(now.moment)
    return now.nextTime === null ? next : { ...next, timeSeconds: now.nextTime }
  }

  async function perform(order: RunOrder): Promise<Uint8Array> {
    const { contract, kind, sender } = order
    const stateKey = fromHex(
      keccakTuple(['string', 'string', 'bytes32'], ['enigma/testing', now.seed, contract.scAddr])
    )
    const outcome = await runOnce(pool, stateKey, init.ethereum ?? (() => true), order)
    last = outcome.report
    lastOf.set(contract.scAddr, last)
    if (kind === 'query') now = { ...now, queries: now.queries + 1 }
    else {
      const { block, timeSeconds } = order
      const nonces = new Map(now.nonces).set(sender, nonceOf(sender) + 1)
      now = { ...now, nonces, moment: { block, timeSeconds }, nextTime: null }
    }
    if (last.failure) throw last.failure
    now = { ...now, contracts: new Map(now.contracts).set(contract.scAddr, outcome.contract) }
    return outcome.output
  }

  const nonceOf = (sender: Address): number => now.nonces.get(sender) ?? 0

  function found(scAddr: ScAddr): ContractRecord {
    const contract = now.contracts.get(scAddr)
    if (contract) return contract
    throw new TestingError({ code: 'TESTING_NO_CONTRACT', scAddr }, `There is no contract at ${scAddr}.`, {
      hint: 'Was the network reverted to a snapshot from before its deployment?'
    })
  }

  async function deploy(
    given: Artifact | CompiledArtifact,
    args: readonly unknown[] = [],
    options: RunOptions = {}
  ): Promise<TestContract> {
    const artifact = await loadArtifact(given)
    const callData = encodeConstructor(artifact.abi, args).data
    requireCallData(callData)
    const gasLimit = gasLimitOf('deploy', options.gasLimit)
    const sender = addressOf(options.from ?? accountOf(0))
    return inTurn(async () => {
      const taskId = taskIdOf(sender, nonceOf(sender))
      const scAddr = scAddrFrom(taskId)
      const contract = newContract(scAddr, artifact, codeHashOf(artifact.wasm))
      await perform({
        kind: 'deploy',
        name: 'constructor',
        contract,
        callData,
        taskId,
        sender,
        gasLimit,
        ...nextMoment()
      })
      return handleOf(scAddr, artifact.abi)
    })
  }

  const handleOf = (scAddr: ScAddr, abi: SecretContractAbi): TestContract =>
    contractHandle(
      scAddr,
      abi,
      async (kind, { key, name, fragment }, args, options) => {
        const callData = encodeCall(abi, key, args).data
        requireCallData(callData)
        const gasLimit = gasLimitOf(kind, options.gasLimit)
        const sender = addressOf(options.from ?? accountOf(0))
        return inTurn(async () => {
          const isQuery = kind === 'query'
          const taskId = taskIdOf(sender, isQuery ? QUERY_NONCES + BigInt(now.queries) : nonceOf(sender))
          const moment = isQuery ? now.moment : nextMoment()
          const contract = found(scAddr)
          const output = await perform({ kind, name, contract, callData, taskId, sender, gasLimit, ...moment })
          return decodeResult(fragment, output)
        })
      },
      () => lastOf.get(scAddr)!
    )

  return {
    get seed() {
      return now.seed
    },
    get block() {
      return now.moment.block
    },
    get timeSeconds() {
      return now.moment.timeSeconds
    },
    get last() {
      return last
    },
    deploy: deploy as TestNetwork['deploy'],
    account: accountOf,
    mine(blocks = 1) {
      if (wholeNumber('blocks', blocks) === 0) return
      now = { ...now, moment: after(nextMoment(), blocks - 1), nextTime: null }
    },
    setTime(seconds) {
      now = { ...now, nextTime: wholeNumber('seconds', seconds, now.moment.timeSeconds) }
    },
    setSeed(seed) {
      now = { ...now, seed: chosenSeed(seed) }
    },
    snapshot: () => now,
    revert(snapshot) {
      now = snapshot
    },
    stop: () => pool.stop()
  }
}

/** Queries are no tasks; theirs are ids that no task has, each another one, so that each has randomness of its own. */
const QUERY_NONCES = 1n << 128n

function chosenSeed(seed = process.env.ENIGMA_TEST_SEED ?? 'enigma'): string {
  if (seed !== 'random') return seed
  const picked = toHex(randomBytes(8)).slice(2)
  console.error(`Enigma test network: ENIGMA_TEST_SEED=${picked} repeats this run.`)
  return picked
}
