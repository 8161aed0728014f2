import {
  StakeTree,
  TaskKind,
  TaskStatus,
  ZERO_ADDRESS,
  ZERO_HASH,
  address,
  chainViewRequest as requestCodec,
  codeHashOf,
  hash,
  keccakTuple,
  nextHead,
  sealTaskInput,
  taskIdOf,
  typedDigest,
  type Address,
  type Attested,
  type ChainView,
  type ContractQuery,
  type ContractView,
  type Domain,
  type EnvelopeTarget,
  type EpochInfo,
  type Hash,
  type Receipt,
  type ScAddr,
  type SeatClaim,
  type StakeLeaf,
  type StartResponse,
  type TaskId,
  type TaskView
} from '@enigma/protocol'
import type { Caller } from './host.ts'

export const DOMAIN: Domain = { chainId: 31337n, enigma: address(`0x${'e1'.repeat(20)}`) }
const ADMIN = address(`0x${'ad'.repeat(20)}`)

export interface Member<C extends Caller = Caller> {
  readonly enclave: C
  readonly operator: Address
  readonly info: StartResponse
  readonly attested: Attested
}

/** What a requester knows of a task that it recorded. */
export interface SentTask {
  readonly taskId: TaskId
  readonly scAddr: ScAddr
  readonly envelope: Uint8Array
  readonly cek: Uint8Array
  readonly after: readonly TaskId[] // none: it runs at the head
}

export async function startPrincipal<C extends Caller>(enclave: C, domain = DOMAIN): Promise<Member<C>> {
  const info = await enclave.call('start', {
    role: 1,
    ...domain,
    operator: ADMIN,
    principalSigner: ZERO_ADDRESS,
    principal: null
  })
  return { enclave, operator: ADMIN, info, attested: await enclave.call('evidence', { nonce: 0 }) }
}

export async function startWorker<C extends Caller>(
  enclave: C,
  principal: Member,
  operator: Address = address(`0x${'b0'.repeat(20)}`),
  domain = DOMAIN
): Promise<Member<C>> {
  const request = {
    role: 0,
    ...domain,
    operator,
    principalSigner: principal.info.signer,
    principal: principal.attested
  }
  const info = await enclave.call('start', request)
  return { enclave, operator, info, attested: await enclave.call('evidence', { nonce: 7 }) }
}

/** A chain made of plain values, and the two hosts that carry what enclaves say about it. */
export class TestNetwork<C extends Caller = Caller> {
  readonly principal: Member<C>
  readonly workers: readonly Member<C>[]
  readonly domain: Domain
  block = 100
  time = 1_700_000_000
  epoch = 5
  epochStart = 90
  generation = 0 // of the current epoch
  graceOver = 1_000_000
  readonly contracts = new Map<ScAddr, ContractView>()
  readonly tree: StakeTree
  #nonces = 0
  #seeds = 0

  constructor(principal: Member<C>, workers: readonly Member<C>[], domain = DOMAIN) {
    this.principal = principal
    this.workers = workers
    this.domain = domain
    this.tree = new StakeTree(
      workers.map(({ operator, info }, index): StakeLeaf => ({ index, operator, signer: info.signer, stake: 1000n }))
    )
  }

  /** The same chain with other members: restarted enclaves, a standby. */
  continued(principal: Member<C>, workers: readonly Member<C>[]): TestNetwork<C> {
    const next = new TestNetwork(principal, workers, this.domain)
    const { block, time, epoch, epochStart, graceOver, generation } = this
    Object.assign(next, { block, time, epoch, epochStart, graceOver, generation })
    for (const [scAddr, contract] of this.contracts) next.contracts.set(scAddr, contract)
    next.#nonces = this.#nonces
    next.#seeds = this.#seeds
    return next
  }

  get epochInfo(): EpochInfo {
    const { hash: root, sum: total } = this.tree.root
    const mix = keccakTuple(['uint256'], [this.epoch])
    return { epoch: this.epoch, mix, root, total, startBlock: this.epochStart, generation: this.generation }
  }

  /** The seat claims that an honest principal's host adds for a worker. */
  claims(worker: Member, contracts: readonly ContractQuery[]): SeatClaim[] {
    const epoch = this.epochInfo
    return contracts.flatMap(({ scAddr }) => {
      const k = this.tree.seats(epoch.mix, scAddr).findIndex(leaf => leaf.signer === worker.info.signer)
      if (k < 0) return []
      const { index } = this.tree.seats(epoch.mix, scAddr)[k]!
      return [{ scAddr, epoch, k, proof: this.tree.prove(index), graceOver: this.graceOver }]
    })
  }

  view(nonce: Hash, contracts: readonly ContractQuery[]): ChainView {
    return {
      nonce,
      block: this.block,
      blockHash: keccakTuple(['string', 'uint256'], ['block', this.block]),
      time: this.time,
      epoch: this.epoch,
      epochStart: this.epochStart,
      previousEnd: this.epochStart + 5,
      generation: this.generation,
      contracts: contracts.map(({ scAddr, taskIds }) => {
        const contract = this.contracts.get(scAddr)
        const tasks = taskIds.map(id => contract?.tasks.find(t => t.taskId === id) ?? { ...NO_TASK, taskId: id })
        return { ...(contract ?? { ...NO_CONTRACT, scAddr }), tasks }
      })
    }
  }

  /** One whole conversation of R5: the worker's enclave knows the chain as it stands now. Returns the view's nonce. */
  async show(worker: Member, contracts: readonly ContractQuery[], change: Partial<ShowChange> = {}): Promise<Hash> {
    const { minBlock = this.block, claims = this.claims(worker, contracts), view = v => v } = change
    const asked = await worker.enclave.call('chainViewRequest', { minBlock, contracts })
    const { nonce } = requestCodec.decode(asked.request)
    const answer = await this.principal.enclave.call('answerChainView', {
      asked,
      asker: worker.attested,
      view: view(this.view(nonce, contracts)),
      claims
    })
    await worker.enclave.call('openChainView', answer)
    return nonce
  }

  /** The view of one task. */
  showTask(worker: Member, { scAddr, taskId }: SentTask, change: Partial<ShowChange> = {}): Promise<Hash> {
    return this.show(worker, [{ scAddr, taskIds: [taskId] }], change)
  }

  /** Encrypts an input to all workers and records it on the chain. */
  async record(init: RecordInit): Promise<SentTask> {
    const sender = init.sender ?? address(`0x${'5e'.repeat(20)}`)
    const taskId = taskIdOf(sender, this.#nonces++)
    const isDeployment = init.code !== undefined
    const scAddr = isDeployment ? (taskId as string as ScAddr) : init.scAddr!
    const kind = isDeployment ? TaskKind.deploy : TaskKind.compute
    const codeHash = isDeployment ? codeHashOf(init.code!) : ZERO_HASH
    const recipients = await Promise.all(
      this.workers.map(async ({ enclave, info }) => {
        const { key } = await enclave.call('encryptionKey', { epoch: this.epoch })
        return { signer: info.signer, key }
      })
    )
    const target: EnvelopeTarget = { ...this.domain, kind, scAddr, codeHash, sender, epoch: this.epoch, ...init.target }
    const input = { trace: init.trace ?? false, callData: init.callData ?? new Uint8Array() }
    const sealed = sealTaskInput(target, recipients, input)
    const envelope = init.envelope?.(sealed.envelope) ?? sealed.envelope
    const task: TaskView = {
      ...NO_TASK,
      taskId,
      kind,
      sender,
      inputHash: keccakOf(envelope),
      gasLimit: init.gasLimit ?? 10_000_000n,
      epoch: this.epoch,
      generation: this.generation,
      recordBlock: this.block,
      recordTime: this.time,
      status: TaskStatus.RecordCreated
    }
    const contract = this.contracts.get(scAddr) ?? { ...NO_CONTRACT, scAddr, codeHash }
    this.contracts.set(scAddr, { ...contract, tasks: [...contract.tasks, task] })
    if (init.code) for (const { enclave } of this.workers) await enclave.call('loadCode', { bytecode: init.code })
    return { taskId, scAddr, envelope, cek: sealed.cek, after: [] }
  }

  /** A new epoch begins, with what the principal's enclave says its generation is. */
  async nextEpoch(): Promise<void> {
    const { generation } = await this.principal.enclave.call('epochSeed', { d: this.#seeds++ })
    this.block += 1
    this.time += 12
    this.epoch += 1
    this.epochStart = this.block
    this.generation = generation
  }

  /** The chain accepts a receipt in a block of its own. A callback that fails leaves the head where it was (R13). */
  settle(receipt: Receipt, status: number = receipt.ok ? TaskStatus.ReceiptVerified : TaskStatus.ReceiptFailed): void {
    this.block += 1
    this.time += 12
    const contract = this.contracts.get(receipt.scAddr)!
    const receiptDigest = typedDigest(this.domain, 'Receipt', receipt)
    const moved = receipt.deltaHash !== ZERO_HASH && status === TaskStatus.ReceiptVerified
    this.contracts.set(receipt.scAddr, {
      ...contract,
      deltaCount: contract.deltaCount + (moved ? 1 : 0),
      headHash: moved ? nextHead(contract.headHash, receipt.deltaHash) : contract.headHash,
      tasks: contract.tasks.map(t =>
        t.taskId === receipt.taskId ? { ...t, status, receiptBlock: this.block, receiptDigest } : t
      )
    })
  }

  /** Runs a task at one worker and lets the chain accept it; every worker applies the delta. */
  async complete(worker: Member, sent: SentTask) {
    const nonce = await this.showTask(worker, sent)
    const done = await worker.enclave.call('run', { nonce, ...sent })
    this.settle(done.receipt)
    if (done.delta) {
      for (const { enclave } of this.workers) {
        const { hasKey } = await enclave.call('stateTip', { scAddr: sent.scAddr })
        if (hasKey) await enclave.call('applyDeltas', { scAddr: sent.scAddr, deltas: [done.delta] })
      }
    }
    return done
  }
}

interface ShowChange {
  readonly minBlock: number
  readonly claims: readonly SeatClaim[]
  readonly view: (view: ChainView) => ChainView
}

interface RecordInit {
  readonly code?: Uint8Array // makes it a deployment
  readonly scAddr?: ScAddr
  readonly callData?: Uint8Array
  readonly sender?: Address
  readonly gasLimit?: bigint
  readonly trace?: boolean
  /** What the envelope says, where it shall differ from the record. */
  readonly target?: Partial<EnvelopeTarget>
  readonly envelope?: (sealed: Uint8Array) => Uint8Array
}

const NO_TASK: Omit<TaskView, 'taskId'> = {
  kind: 0,
  sender: ZERO_ADDRESS,
  inputHash: ZERO_HASH,
  gasLimit: 0n,
  epoch: 0,
  generation: 0,
  recordBlock: 0,
  recordTime: 0,
  status: TaskStatus.RecordUndefined,
  receiptBlock: 0,
  receiptDigest: ZERO_HASH
}
const NO_CONTRACT: Omit<ContractView, 'scAddr'> = { codeHash: ZERO_HASH, deltaCount: 0, headHash: ZERO_HASH, tasks: [] }

const keccakOf = (bytes: Uint8Array): Hash => hash(codeHashOf(bytes))
