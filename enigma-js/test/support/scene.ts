import {
  SEATS,
  StakeTree,
  TaskKind,
  ZERO_ADDRESS,
  ZERO_HASH,
  addressOfPrivateKey,
  asciiBytes32,
  attestedToJson,
  drawPoint,
  fromHex,
  keccak256,
  keccakTuple,
  makeSimEvidence,
  openTaskInput,
  openWrap,
  envelopeCodec,
  inputHashOf,
  receiptToJson,
  reportDataOf,
  runDigestOf,
  sealLog,
  sealOutput,
  sealTaskError,
  signDigest,
  outputHashOf,
  toHex,
  typedDigest,
  utf8,
  x25519Pair,
  TEE_SIM,
  type Address,
  type AttestedJson,
  type EpochInfo,
  type GetWorkerEncryptionKeyResult,
  type Hash,
  type Hex,
  type InfoResult,
  type Key32,
  type Receipt,
  type Report,
  type ScAddr,
  type SeatJson,
  type SimEvidence,
  type TaskId,
  type TaskResultResult
} from '@enigma/protocol'
import { createEnigmaClient, memoryStorage, type ClientOptions, type EnigmaClient } from '../../src/index.ts'
import { CHAIN_ID, DEPLOYMENT_BLOCK, ENIGMA, ScriptedChain } from './scripted-chain.ts'
import { Refusal, serveWorker, type WorkerServer } from './worker-server.ts'

const secret = (label: string): Uint8Array => fromHex(keccak256(utf8(label)))

export const MEASUREMENT = keccak256(utf8('measurement'))
export const SC_ADDR = keccak256(utf8('secret contract')) as Hex as ScAddr
export const CODE_HASH = keccak256(utf8('code'))
export const PRINCIPAL = addressOfPrivateKey(secret('principal'))
const domain = { chainId: CHAIN_ID, enigma: ENIGMA }

export const calculator = [
  {
    type: 'function',
    name: 'sub',
    inputs: [
      { name: 'a', type: 'uint256' },
      { name: 'b', type: 'uint256' }
    ],
    outputs: [{ name: '', type: 'uint256' }]
  }
] as const

/** An enclave as far as a client sees one: keys, evidence, and answers, all of them true until a test alters one. */
export class SceneEnclave {
  readonly index: number
  readonly privateKey: Uint8Array
  readonly signer: Address
  readonly operator: Address
  epochKey: ReturnType<typeof x25519Pair>

  constructor(index: number) {
    this.index = index
    this.privateKey = secret(`signer ${index}`)
    this.signer = addressOfPrivateKey(this.privateKey)
    this.operator = addressOfPrivateKey(secret(`operator ${index}`))
    this.epochKey = x25519Pair(secret(`epoch key ${index}`))
  }

  /** It comes back from a copy of its data that is older than the epoch, and makes another key. */
  losesKey(): void {
    this.epochKey = x25519Pair()
  }

  keySignature(epoch: number, key: Key32 = this.epochKey.publicKey): Hex {
    return toHex(signDigest(typedDigest(domain, 'EncryptionKey', { epoch, key }), this.privateKey))
  }

  attested(report: Partial<Report> = {}, evidence: Partial<SimEvidence> = {}): AttestedJson {
    const full: Report = {
      signer: this.signer,
      transportKey: x25519Pair(secret('transport')).publicKey,
      operator: this.operator,
      ...domain,
      principalSigner: PRINCIPAL,
      nonce: 0,
      ...report
    }
    const now = Math.floor(Date.now() / 1000)
    const bytes = makeSimEvidence({
      tee: TEE_SIM,
      measurement: MEASUREMENT,
      svn: 1,
      debug: true,
      isolation: asciiBytes32('process-only'),
      issuedAt: now,
      expiry: now + 3600,
      reportData: reportDataOf(full),
      ...evidence
    })
    return attestedToJson({ report: full, evidence: bytes })
  }
}

/** A success has an output, a failure a reason. */
export interface Outcome {
  readonly output?: Uint8Array
  readonly reason?: number
  readonly message?: string
  /** Whose receipt it is; the first one's. */
  readonly seat?: number
  /** Of the state that the run found. */
  readonly prevHead?: Hash
}

export interface Run {
  readonly answer: TaskResultResult
  readonly full: Receipt
  readonly callData: Uint8Array
}

/** A network of three enclaves behind one HTTP server, and a chain that agrees with it. */
export class Scene {
  readonly enclaves = [0, 1, 2].map(index => new SceneEnclave(index))
  readonly tree: StakeTree
  readonly chain: ScriptedChain
  readonly inputs: Uint8Array[] = []
  server!: WorkerServer
  #clients: EnigmaClient[] = []

  constructor() {
    this.tree = new StakeTree(
      this.enclaves.map(({ index, operator, signer }) => ({ index, operator, signer, stake: 25_000n * 10n ** 8n }))
    )
    const info: EpochInfo = {
      epoch: 7,
      mix: keccak256(utf8('mix')),
      root: this.tree.root.hash,
      total: this.tree.root.sum,
      startBlock: 90,
      generation: 1
    }
    this.chain = new ScriptedChain(info)
    this.chain.principalSigner = PRINCIPAL
    this.chain.measurements.add(MEASUREMENT)
    this.chain.contracts.set(SC_ADDR, CODE_HASH)
    for (const { signer, operator } of this.enclaves) this.chain.operators.set(signer, operator)
  }

  static async open(): Promise<Scene> {
    const scene = new Scene()
    scene.server = await serveWorker({
      getInfo: () => scene.info(),
      getWorkerEncryptionKey: ({ scAddr }) => scene.seats(scAddr),
      sendTaskInput: ({ envelope }) => scene.#store(envelope),
      deploySecretContract: ({ envelope }) => scene.#store(envelope),
      getTaskStatus: ({ taskId }) => ({ taskId, status: null, chainStatus: 0, events: [] }),
      getTaskResult: () => null
    })
    return scene
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close()
    await this.server.close()
  }

  async connect(options: Partial<ClientOptions> = {}): Promise<EnigmaClient> {
    const client = await createEnigmaClient({
      provider: this.chain,
      network: { enigma: ENIGMA, rpc: this.server.url, mode: 'simulation' },
      storage: memoryStorage(),
      timeouts: { pollMs: 10, resultMs: 200, stalledMs: 2_000, transactionMs: 1_000 },
      onNotice: () => undefined,
      ...options
    } as ClientOptions)
    this.#clients.push(client)
    return client
  }

  /** Every seat holder that opens the input with its key stores it. @throws INPUT_NOT_FOR_SEAT if none does */
  #store(envelope: Hex): { inputHash: Hash; stored: Address[] } {
    const bytes = fromHex(envelope)
    this.inputs.push(bytes)
    const stored = this.openersOf(bytes).map(({ signer }) => signer)
    if (stored.length > 0) return { inputHash: inputHashOf(bytes), stored }
    throw new Refusal('INPUT_NOT_FOR_SEAT', 'The enclave of this seat cannot open the input.')
  }

  openersOf(bytes: Uint8Array): SceneEnclave[] {
    const envelope = envelopeCodec.decode(bytes)
    return this.enclaves.filter(({ signer, epochKey }) => openWrap(envelope, signer, epochKey.privateKey) !== null)
  }

  info(): InfoResult {
    const [enclave] = this.enclaves as [SceneEnclave]
    return {
      peerId: 'peer',
      status: 'logged-in',
      version: '0.1.0',
      role: 'worker',
      name: 'worker1',
      chainId: CHAIN_ID.toString(),
      enigma: ENIGMA,
      deploymentBlockHash: DEPLOYMENT_BLOCK,
      confirmations: 1,
      epoch: 7,
      operator: enclave.operator,
      mode: 'simulation',
      simulation: true,
      isolation: 'process-only',
      measurement: MEASUREMENT,
      attested: enclave.attested(),
      principal: null,
      peers: 2
    }
  }

  holder(scAddr: ScAddr, k: number): SceneEnclave {
    const { mix, total } = this.chain.info
    return this.enclaves[this.tree.leafAt(drawPoint(mix, scAddr, k, total)).index]!
  }

  seats(scAddr: ScAddr, epoch = 7): GetWorkerEncryptionKeyResult {
    const seats = Array.from({ length: SEATS }, (_, k): SeatJson => {
      const enclave = this.holder(scAddr, k)
      const { leaf, siblings } = this.tree.prove(enclave.index)
      return {
        k,
        index: leaf.index,
        operator: leaf.operator,
        signer: leaf.signer,
        stake: leaf.stake.toString(),
        path: siblings.map(({ hash, sum }) => ({ hash, sum: sum.toString() })),
        encKey: enclave.epochKey.publicKey,
        encKeySig: enclave.keySignature(epoch),
        attested: enclave.attested()
      }
    })
    return { epoch, seats }
  }

  /** What the enclave of a seat makes of the last input that was delivered. */
  run(taskId: TaskId, outcome: Outcome): Run {
    const bytes = this.inputs.at(-1)!
    const envelope = envelopeCodec.decode(bytes)
    const scAddr = envelope.context.kind === TaskKind.deploy ? (taskId as Hex as ScAddr) : envelope.context.scAddr
    const { output, reason = 0, message = '', seat = 0, prevHead = ZERO_HASH } = outcome
    const enclave = this.holder(scAddr, seat)
    const cek = openWrap(envelope, enclave.signer, enclave.epochKey.privateKey)!
    const { recordBlock, recordTime, sender } = this.chain.slots(taskId)
    const kind = envelope.context.kind
    const codeHash = kind === TaskKind.deploy ? envelope.context.codeHash : CODE_HASH
    const facts = {
      taskId,
      kind,
      codeHash,
      inputHash: inputHashOf(bytes),
      gasLimit: 100_000_000n,
      epoch: envelope.context.epoch,
      recordBlock,
      recordTime,
      prevHead
    }
    const runDigest = runDigestOf({ ...domain, ...facts, sender })
    const result = output ? sealOutput(cek, runDigest, output) : sealTaskError(cek, runDigest, { reason, message })
    const full: Receipt = {
      ...facts,
      scAddr,
      ok: output !== undefined,
      reason,
      deltaHash: kind === TaskKind.deploy ? keccak256(utf8('delta')) : ZERO_HASH,
      outputHash: outputHashOf(result),
      gasUsed: 40_000_000n,
      callbackTarget: ZERO_ADDRESS,
      callbackDataHash: ZERO_HASH,
      callbackGas: 0
    }
    const log = output ? toHex(sealLog(cek, runDigest, [])) : '0x'
    const signature = toHex(signDigest(typedDigest(domain, 'Receipt', full), enclave.privateKey))
    const answer = { taskId, receipt: receiptToJson(full), signature, result: toHex(result), log, trace: '0x' as Hex }
    return { answer, full, callData: openTaskInput(envelope, cek).callData }
  }

  /** The chain accepts the receipt of an honest run; the worker gives its answer after `alter` changed something in it. */
  settle(taskId: TaskId, outcome: Outcome, alter: (run: Run) => Partial<TaskResultResult> = () => ({})): void {
    const run = this.run(taskId, outcome)
    this.chain.settle(run.full, this.holder(run.full.scAddr, outcome.seat ?? 0).operator)
    const given = { ...run.answer, ...alter(run) }
    this.server.handlers.getTaskResult = () => given
  }

  sign(receipt: Receipt, privateKey: Uint8Array): Hex {
    return toHex(signDigest(typedDigest(domain, 'Receipt', receipt), privateKey))
  }
}

export const someHash = (label: string): Hash => keccakTuple(['string'], [label])
export const someSecret = secret
