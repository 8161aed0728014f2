import { expect } from 'chai'
import {
  TaskStatus,
  ZERO_HASH,
  keccak256,
  receiptToJson,
  requireSeat,
  toHex,
  utf8,
  type Key32,
  type SeatJson,
  type TaskEvent
} from '@enigma/protocol'
import { WorkerError } from '../../src/errors.ts'
import { NetError, refusedBy } from '../../src/net/errors.ts'
import { infoOnlyMethods } from '../../src/rpc/worker-methods.ts'
import type { RpcServer } from '../../src/rpc/rpc-server.ts'
import { SyncError } from '../../src/sync/errors.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'
import { receiptWith } from '../receipts.ts'
import { Running } from '../net/network-kit.ts'
import { INFO, MemoryWorker, call, envelopeHash } from './rpc-kit.ts'

const C = asScAddr('contract')
const TASK = asTaskId('task')

describe('rpc/methods', () => {
  const running = new Running()
  let chain: MemoryChain
  let worker: MemoryWorker
  let server: RpcServer

  beforeEach(async () => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol']) chain.register(name)
    chain.startEpoch()
    worker = new MemoryWorker(chain)
    server = await running.start(worker.server())
  })
  afterEach(() => running.stop())
  const ask = (method: string, params?: unknown) => call(server.port, method, params)

  it('getInfo says who the worker is, with or without parameters', async () => {
    for (const params of [undefined, {}, [], [{}]]) expect((await ask('getInfo', params)).result).to.deep.equal(INFO)
  })

  describe('getWorkerEncryptionKey', () => {
    it('answers the seats with paths that lead to the epoch, keys, and the attestation of each enclave', async () => {
      const signer = chain.seats(1, C)[0]!.signer
      const key = hashOf('epoch key') as string as Key32
      worker.epochKeys.set(1, new Map([[signer, { signer, epoch: 1, key, signature: new Uint8Array(65).fill(7) }]]))
      const { epoch, seats } = (await ask('getWorkerEncryptionKey', { scAddr: C, epoch: 1 })).result as {
        epoch: number
        seats: SeatJson[]
      }
      expect(epoch).to.equal(1)
      expect(seats.map(seat => seat.k)).to.deep.equal([0, 1, 2])
      for (const { k, index, operator, signer, stake, path, attested, encKey, encKeySig } of seats) {
        const proof = {
          leaf: { index, operator, signer, stake: BigInt(stake) },
          siblings: path.map(({ hash, sum }) => ({ hash, sum: BigInt(sum) }))
        }
        requireSeat(chain.epoch(1)!, C, k, proof)
        expect(attested!.report.signer).to.equal(signer)
        const isKnown = signer === seats[0]!.signer
        expect([encKey, encKeySig]).to.deep.equal(isKnown ? [key, `0x${'07'.repeat(65)}`] : [undefined, undefined])
      }
      const { signers, timeoutMs } = worker.requested[0]!
      expect(signers).to.have.members([...new Set(seats.map(seat => seat.signer))])
      expect(timeoutMs).to.equal(1_000)
    })

    it('waits a moment for an epoch that begins, and refuses one that is over or far', async () => {
      const answered = ask('getWorkerEncryptionKey', { scAddr: C, epoch: 2 })
      setTimeout(() => chain.startEpoch(), 100)
      expect(((await answered).result as { epoch: number }).epoch).to.equal(2)
      expect((await ask('getWorkerEncryptionKey', { scAddr: C, epoch: 1 })).result).to.have.property('epoch', 1) // grace
      chain.mine(chain.facts.grace + 1)
      for (const epoch of [0, 1, 9]) {
        const { error } = await ask('getWorkerEncryptionKey', { scAddr: C, epoch })
        expect(error).to.deep.include({ code: -32000 })
        expect(error!.data).to.include({ code: 'EPOCH_STALE' })
      }
    })
  })

  it('sendTaskInput and deploySecretContract relay the bytes and name the seats that stored them', async () => {
    const envelope = utf8('an envelope'),
      bytecode = utf8('bytecode')
    const expected = { inputHash: envelopeHash(envelope), stored: [addressOf('alice enclave')] }
    expect((await ask('sendTaskInput', { envelope: toHex(envelope) })).result).to.deep.equal(expected)
    const deployed = await ask('deploySecretContract', { envelope: toHex(envelope), bytecode: toHex(bytecode) })
    expect(deployed.result).to.deep.equal(expected)
    expect(worker.delivered).to.deep.equal([
      { envelope, bytecode: null },
      { envelope, bytecode }
    ])
  })

  it("tells a seat's own code when the relay was refused, and nothing of a failure inside", async () => {
    const codeFor = async (refusal: Error): Promise<unknown> => {
      worker.refuse = refusal
      return (await ask('sendTaskInput', { envelope: '0x00' })).error
    }
    expect(
      await codeFor(refusedBy('12D3', 'INPUT_NOT_FOR_SEAT', 'The input has no wrap for this seat.'))
    ).to.deep.include({
      code: -32000,
      data: { code: 'INPUT_NOT_FOR_SEAT', hint: WorkerError.hints.INPUT_NOT_FOR_SEAT }
    })
    expect(await codeFor(refusedBy('12D3', '<script>', 'x'))).to.deep.include({
      data: { code: 'PEER_MALFORMED', hint: NetError.hints.PEER_MALFORMED }
    })
    const unreachable = new SyncError({ code: 'NO_SEAT_REACHABLE', scAddr: C, epoch: 1 }, 'Nobody.', { hint: 'Wait.' })
    expect(await codeFor(unreachable)).to.deep.include({ data: { code: 'NO_SEAT_REACHABLE', hint: 'Wait.' } })
    const inside = JSON.stringify(await codeFor(new Error('ENOENT /data/secret')))
    expect(inside).to.contain('INTERNAL').and.not.to.contain('secret')
    expect(await codeFor(new NetError({ code: 'PEER_BUSY', peerId: '12D3' }, 'Busy.'))).to.deep.include({
      code: -32000
    })
  })

  describe('getTaskStatus', () => {
    const signer = addressOf('bob enclave')

    it('answers null for a task that nobody knows', async () => {
      expect((await ask('getTaskStatus', { taskId: TASK })).result).to.deep.equal({
        taskId: TASK,
        status: null,
        chainStatus: TaskStatus.RecordUndefined,
        events: []
      })
    })

    it('merges the chain, the own seat and the other seats, in order of stages', async () => {
      const { recordBlock } = chain.record({ taskId: TASK, scAddr: C, inputHash: ZERO_HASH })
      worker.tell(TASK, { stage: 'recorded', block: recordBlock })
      worker.seats = [{ stage: 'submitted', signer, accepted: { recordBlock, signature: new Uint8Array(65) } }]
      const first = (await ask('getTaskStatus', { taskId: TASK })).result as { status: string; events: TaskEvent[] }
      expect(first).to.include({ status: 'INPROGRESS', chainStatus: TaskStatus.RecordCreated })
      expect(first.events).to.deep.equal([
        { stage: 'recorded', block: recordBlock },
        { stage: 'accepted', block: recordBlock, signer, signature: `0x${'00'.repeat(65)}` },
        { stage: 'executing', signer },
        { stage: 'committed', signer }
      ])
      chain.settle(TASK, { status: TaskStatus.ReceiptFailed })
      const then = (await ask('getTaskStatus', { taskId: TASK })).result
      expect(then).to.include({ status: 'FAILED', chainStatus: TaskStatus.ReceiptFailed })
    })

    it('makes nothing of a stage that no machine has', async () => {
      worker.seats = [{ stage: '__proto__', signer, accepted: null }]
      expect((await ask('getTaskStatus', { taskId: TASK })).result).to.have.property('events').that.is.empty
    })
  })

  it('getTaskResult answers null, then the receipt with its signature and the ciphertext', async () => {
    expect((await ask('getTaskResult', { taskId: TASK })).result).to.equal(null)
    const result = utf8('ciphertext')
    const receipt = receiptWith({ taskId: TASK, scAddr: C, outputHash: keccak256(result), gasUsed: 2n ** 60n })
    const asides = { log: Uint8Array.of(2), trace: new Uint8Array() }
    worker.result = { receipt, signature: new Uint8Array(65).fill(1), result, ...asides }
    expect((await ask('getTaskResult', { taskId: TASK })).result).to.deep.equal({
      taskId: TASK,
      receipt: receiptToJson(receipt),
      signature: `0x${'01'.repeat(65)}`,
      result: toHex(result),
      log: '0x02',
      trace: '0x'
    })
  })

  it('refuses parameters that are missing, of another form, too many, or too large', async () => {
    const bad: [string, unknown][] = [
      ['getTaskStatus', undefined],
      ['getTaskStatus', { taskId: '0x12' }],
      ['getTaskStatus', { taskId: 7 }],
      ['getTaskStatus', { taskId: null }],
      ['getTaskStatus', { taskId: TASK, also: 1 }],
      ['getTaskStatus', { taskId: TASK, ['__proto__x']: 1 }],
      ['getTaskStatus', [TASK]],
      ['getTaskStatus', [{ taskId: TASK }, {}]],
      ['getTaskStatus', [[{ taskId: TASK }]]],
      ['getInfo', { verbose: true }],
      ['getWorkerEncryptionKey', { scAddr: C, epoch: '1' }],
      ['getWorkerEncryptionKey', { scAddr: C, epoch: 1.5 }],
      ['getWorkerEncryptionKey', { scAddr: C, epoch: -1 }],
      ['getWorkerEncryptionKey', { scAddr: C, epoch: 1e20 }],
      ['sendTaskInput', { envelope: 'zz' }],
      ['sendTaskInput', { envelope: '0x1' }],
      ['sendTaskInput', { envelope: `0x${'00'.repeat(72 * 1024 + 1)}` }],
      ['sendTaskInput', { envelope: '0x00', bytecode: '0x00' }],
      ['deploySecretContract', { envelope: '0x00' }],
      ['deploySecretContract', { envelope: '0x00', bytecode: `0x${'00'.repeat(512 * 1024 + 1)}` }]
    ]
    for (const [method, params] of bad) {
      const { error } = await ask(method, params)
      const what = `${method} ${JSON.stringify(params)?.slice(0, 80)}`
      expect(error?.code, what).to.equal(-32602)
      expect(error?.data?.code, what).to.equal('RPC_INVALID_PARAMS')
      expect(error?.data?.hint, what).to.be.a('string')
    }
    expect(worker.delivered).to.be.empty
  })

  it('keeps an own field named __proto__ from meaning anything', async () => {
    const text = `{"jsonrpc":"2.0","id":1,"method":"getTaskStatus","params":{"__proto__":{"taskId":"${TASK}"}}}`
    const response = await fetch(`http://127.0.0.1:${server.port}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text
    })
    expect(((await response.json()) as { error: { code: number } }).error.code).to.equal(-32602)
    expect(({} as { taskId?: unknown }).taskId).to.equal(undefined)
  })

  it('says which methods need a WebSocket, and which need another node', async () => {
    expect((await ask('subscribeTask', { taskId: TASK })).error!.data!.code).to.equal('RPC_WEBSOCKET_ONLY')
    const principal = await running.start(
      worker.server({ handlers: infoOnlyMethods(worker.node, 'principal'), follow: () => null })
    )
    expect((await call(principal.port, 'getInfo')).result).to.deep.equal(INFO)
    const { error } = await call(principal.port, 'getTaskStatus', { taskId: TASK })
    expect(error!.data!.code).to.equal('RPC_WRONG_ROLE')
    for (const method of ['constructor', 'toString', 'eth_call']) {
      expect((await ask(method)).error!.code).to.equal(-32601)
    }
  })
})
