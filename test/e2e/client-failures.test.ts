import { expect } from 'chai'
import { Contract, JsonRpcProvider, Wallet } from 'ethers'
import {
  EnigmaError,
  FailureReason,
  TaskKind,
  ZERO_HASH,
  enigmaAbi,
  randomBytes,
  sealEnvelope,
  toHex,
  tokenAbi,
  x25519Pair,
  type Address,
  type Hash,
  type ScAddr,
  type TaskId
} from '@enigma/protocol'
import type { DevAccount } from '@enigma/devnet'
import { TaskFailedError, callWorker, memoryStorage, type EnigmaClient, type Task } from 'enigma-js'
import { connectAs, sample } from './support/actors.ts'
import { compiled } from './support/compiled.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

const FEE = 100_000_000n

const KEEPER = `import { state, u256 } from '@enigma/sdk'

export function constructor(start: u256): void {
  state.set<u256>('n', start)
}

export function next(): u256 {
  const n = state.get<u256>('n') + u256.one
  state.set<u256>('n', n)
  return n
}
`

describe('e2e: what goes wrong costs what was used, and nothing more', function () {
  this.timeout(240_000)
  const shared = useSharedDevnet()
  const { wasm, abi } = sample('calculator')
  let user: DevAccount
  let client: EnigmaClient
  let ledger: Ledger
  let scAddr: ScAddr

  before(async () => {
    const { devnet, nextUser } = shared()
    user = nextUser()
    client = await connectAs(devnet, user)
    ledger = new Ledger(devnet)
    const task = await whileMining(devnet, client.deploy({ wasm, abi }, []))
    scAddr = await whileMining(devnet, task.result())
  })
  after(() => {
    client.close()
    ledger.close()
  })

  /** How a task fails, after checking that exactly the fee for the used gas is gone. */
  async function failureOf(
    start: () => Promise<Task>,
    fee = FEE
  ): Promise<TaskFailedError['facts'] & { code: 'TASK_FAILED' }> {
    const { devnet } = shared()
    const before = await ledger.balance(client.address!)
    const task = await whileMining(devnet, start())
    const error: unknown = await whileMining(devnet, task.result()).catch((thrown: unknown) => thrown)
    if (!(error instanceof TaskFailedError) || error.facts.code !== 'TASK_FAILED') throw error
    const { gasUsed, refunded } = error.facts
    expect(gasUsed + refunded).to.equal(fee)
    expect(before - (await ledger.balance(client.address!))).to.equal(gasUsed)
    expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptFailed'])
    return error.facts
  }

  it('refuses garbage bytecode with a receipt', async () => {
    const garbage = { wasm: randomBytes(500), abi: [] }

    expect((await failureOf(() => client.deploy(garbage, []))).reason).to.equal(FailureReason.invalidCode)
  })

  it('runs out of a gas limit of 1', async () => {
    const facts = await failureOf(() => client.compute(scAddr, abi, 'add', [1n, 2n], { gasLimit: 1n }), 1n)

    expect(facts.reason).to.equal(FailureReason.outOfGas)
  })

  it('refuses a call without the arguments that the contract expects', async () => {
    const careless = [{ type: 'function', name: 'add', inputs: [], outputs: [] }] // another selector, and no arguments

    expect((await failureOf(() => client.compute(scAddr, careless, 'add', []))).reason).to.equal(FailureReason.badInput)
  })

  it('refuses a deployment without the arguments of its constructor, and takes it with them', async () => {
    const { devnet } = shared()
    const contract = await compiled('keeper', KEEPER)

    const facts = await failureOf(() => client.deploy({ wasm: contract.wasm, abi: [] }, []))
    expect(facts.reason).to.equal(FailureReason.badInput)
    expect(facts.readable).to.include('arguments are missing')

    const task = await whileMining(devnet, client.deploy(contract, [41n]))
    const address = await whileMining(devnet, task.result())
    expect(await whileMining(devnet, client.contract(address, contract.abi).call.next!())).to.equal(42n)
  })

  it('refuses a call to a contract that does not exist, before any fee', async () => {
    const before = await ledger.balance(client.address!)
    const nonce = await ledger.enigma.getFunction('taskNonce')(client.address)

    const error = await refused(client.compute(toHex(randomBytes(32)), abi, 'add', [1n, 2n]))

    expect(error.code).to.equal('SC_UNKNOWN')
    expect(await ledger.balance(client.address!)).to.equal(before)
    expect(await ledger.enigma.getFunction('taskNonce')(client.address)).to.equal(nonce)
  })

  it("gives another account's copied envelope a failure receipt, and its money back", async () => {
    const { devnet, nextUser } = shared()
    const storage = memoryStorage()
    const victim = await connectAs(devnet, user, { storage })
    const copier = nextUser()
    const records = new Records(devnet, copier)
    try {
      const task = await whileMining(devnet, victim.compute(scAddr, abi, 'add', [1n, 2n]))
      const { record } = await victim.getTask(task.taskId)
      const before = await ledger.balance(copier.address)

      const taskId = await whileMining(devnet, records.create(scAddr, record.inputHash, record.epoch))
      await mineUntil(devnet, async () => (await ledger.endings(taskId)).length > 0, 30)

      expect(await ledger.endings(taskId)).to.deep.equal(['ReceiptFailed'])
      const { settlement } = await victim.getTask(taskId)
      expect(settlement).to.deep.include({ outcome: 'failed', reason: FailureReason.badInput, outputHash: ZERO_HASH })
      const { gasUsed } = settlement as { gasUsed: bigint }
      expect(before - (await ledger.balance(copier.address))).to.equal(gasUsed)
      expect(await whileMining(devnet, task.result())).to.equal(3n) // the victim's own task is not touched
    } finally {
      victim.close()
      records.close()
    }
  })

  it('refuses an input that no seat can open before anything is paid; recorded all the same, it is refunded', async () => {
    const { devnet } = shared()
    const epoch = await ledger.epoch()
    const url = devnet.workers[0]!.httpUrl
    const { seats } = await callWorker(url, 'getWorkerEncryptionKey', { scAddr, epoch })
    const target = {
      chainId: BigInt(devnet.chainId),
      enigma: devnet.enigma.toLowerCase() as Address,
      kind: TaskKind.compute,
      scAddr,
      codeHash: ZERO_HASH,
      sender: user.address.toLowerCase() as Address,
      epoch
    }
    // For the right enclaves, but with keys that are not theirs.
    const strangers = seats.map(({ signer }) => ({ signer, key: x25519Pair().publicKey }))
    const { envelope, inputHash } = sealEnvelope(target, strangers, new Uint8Array(4))
    const before = await ledger.balance(user.address)

    const error = await refused(callWorker(url, 'sendTaskInput', { envelope: toHex(envelope) }))
    expect(error.code).to.equal('INPUT_NOT_FOR_SEAT')
    expect(await ledger.balance(user.address)).to.equal(before)

    const records = new Records(devnet, user)
    try {
      const taskId = await whileMining(devnet, records.create(scAddr, inputHash, epoch))
      expect(before - (await ledger.balance(user.address))).to.equal(FEE)
      const seen: string[] = []
      const watch = async (): Promise<unknown> => {
        for await (const { stage, error: failure } of client.watchTask(taskId)) {
          seen.push(stage)
          if (failure !== undefined) return failure
        }
        return undefined
      }
      const failure = (await whileMining(devnet, watch())) as TaskFailedError

      expect(failure.facts).to.deep.include({ code: 'TASK_EXPIRED', refunded: FEE })
      expect(seen.at(-1)).to.equal('failed')
      expect(await ledger.endings(taskId)).to.deep.equal(['TaskFeeReturned'])
      expect(await ledger.balance(user.address)).to.equal(before)
      expect((await client.refund(taskId)).amount).to.equal(FEE) // done already: it says which one
    } finally {
      records.close()
    }
  })
})

async function refused(work: Promise<unknown>): Promise<EnigmaError> {
  const error: unknown = await work.then(
    () => new Error('It was taken.'),
    (thrown: unknown) => thrown
  )
  if (error instanceof EnigmaError) return error
  throw error as Error
}

/** Records tasks by hand, without the client and its checks. */
class Records {
  readonly #provider: JsonRpcProvider
  readonly #wallet: Wallet
  readonly #devnet: { readonly enigma: string; readonly token: string }

  constructor(
    devnet: { chainUrl: string; chainId: number; enigma: string; token: string },
    { privateKey }: DevAccount
  ) {
    this.#provider = new JsonRpcProvider(devnet.chainUrl, devnet.chainId, {
      staticNetwork: true,
      cacheTimeout: -1,
      pollingInterval: 100
    })
    this.#wallet = new Wallet(privateKey, this.#provider)
    this.#devnet = devnet
  }

  async create(scAddr: ScAddr, inputHash: Hash, epoch: number): Promise<TaskId> {
    const token = new Contract(this.#devnet.token, tokenAbi, this.#wallet)
    const enigma = new Contract(this.#devnet.enigma, enigmaAbi, this.#wallet)
    const approval = await token.getFunction('approve')(this.#devnet.enigma, FEE)
    await (approval as { wait(): Promise<unknown> }).wait()
    const sent = await enigma.getFunction('createTaskRecord')(scAddr, inputHash, FEE, 1n, epoch, { gasLimit: 500_000 })
    await (sent as { wait(): Promise<unknown> }).wait()
    const [log] = await enigma.queryFilter(enigma.getEvent('TaskRecordCreated')(null, this.#wallet.address), -1)
    return (log as unknown as { args: { taskId: TaskId } }).args.taskId
  }

  close(): void {
    this.#provider.destroy()
  }
}
