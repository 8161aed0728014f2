import { expect } from 'chai'
import {
  MAX_UNDO_DEPTH,
  ZERO_HASH,
  enclaveCodecs,
  keccak256,
  openOutput,
  runDigestOf,
  utf8,
  type Hash,
  type Receipt
} from '@enigma/protocol'
import { Op, call, testContract } from '../support/contract.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

describe('calls/revertState: back to a point of the history (R11)', () => {
  let net: TestNetwork<LocalEnclave>
  let worker: Member<LocalEnclave>
  let deployed: SentTask
  let deltas: Uint8Array[]
  let heads: Hash[] // heads[i]: after i deltas

  beforeEach(async () => {
    const principal = await startPrincipal(await localEnclave())
    worker = await startWorker(await localEnclave(), principal)
    net = new TestNetwork(principal, [worker])
    deployed = await net.record({ code: testContract, callData: utf8('hello') })
    deltas = []
    heads = [ZERO_HASH]
    await settled(deployed)
  })
  after(stopPool)

  const send = (callData: Uint8Array) => net.record({ scAddr: deployed.scAddr, callData, gasLimit: 100_000_000n })
  const contract = () => net.contracts.get(deployed.scAddr)!
  async function settled(sent: SentTask) {
    const done = await net.complete(worker, sent)
    if (done.delta) deltas.push(done.delta)
    if (done.delta) heads.push(contract().headHash)
    return done
  }
  const set = async (text: string) => settled(await send(call(Op.set, utf8(text))))
  /** The chain goes back to how `kept` has it, and has as many more blocks. */
  const reorg = (kept: ReturnType<typeof contract>): void => {
    net.contracts.set(deployed.scAddr, kept)
    deltas.splice(kept.deltaCount)
    heads.splice(kept.deltaCount + 1)
  }
  const revert = (deltaCount: number, given: readonly Hash[]) =>
    worker.enclave.call('revertState', { scAddr: deployed.scAddr, deltaCount, heads: given })
  const tip = () => worker.enclave.call('stateTip', { scAddr: deployed.scAddr })
  async function read(): Promise<string> {
    const sent = await send(call(Op.get))
    const { receipt, sealedRun } = await net.complete(worker, sent)
    return output(sent, receipt, sealedRun)
  }
  async function output(sent: SentTask, receipt: Receipt, sealedRun: Uint8Array): Promise<string> {
    const { result } = await worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun })
    const { sender, gasLimit } = contract().tasks.find(t => t.taskId === sent.taskId)!
    const digest = runDigestOf({ ...DOMAIN, ...receipt, sender, gasLimit })
    return new TextDecoder().decode(openOutput(sent.cek, digest, result))
  }

  it('stands where the branches part, and runs on the other branch as an enclave does that saw no other', async () => {
    await set('one')
    const kept = contract()
    await set('two')
    await set('three')
    reorg(kept)
    expect(await revert(2, [heads[2]!, heads[1]!])).to.deep.equal({ hasKey: true, deltaCount: 2, headHash: heads[2] })
    expect(await read()).to.equal('one')
    await set('another two')
    expect(await read()).to.equal('another two')

    const nonce = await net.show(worker, [{ scAddr: deployed.scAddr, taskIds: [] }])
    const reverted = await worker.enclave.call('makeSnapshot', { nonce, scAddr: deployed.scAddr })
    await worker.enclave.call('dropState', { scAddr: deployed.scAddr })
    await worker.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas })
    const replayed = await worker.enclave.call('makeSnapshot', { nonce, scAddr: deployed.scAddr })
    expect(reverted.snapshot, 'the same bytes').to.deep.equal(replayed.snapshot)
  })

  it('goes back before the deployment, and comes again', async () => {
    await set('one')
    expect(await revert(0, [ZERO_HASH])).to.include({ deltaCount: 0, headHash: ZERO_HASH })
    expect(await worker.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas })).to.include({ deltaCount: 2 })
    expect(await read()).to.equal('one')
  })

  it('answers a host that names what is not held with a code, and stays as it is', async () => {
    const kept = contract()
    await set('one')
    const foreign = heads[2]!
    reorg(kept)
    await revert(1, [heads[1]!])
    await set('two')
    await set('three')
    const before = await tip()
    const wrong: readonly (readonly [number, readonly Hash[], string])[] = [
      [2, [foreign], 'ENCLAVE_POINT_UNKNOWN'],
      [3, [heads[2]!, heads[1]!], 'ENCLAVE_POINT_UNKNOWN'],
      [2, [keccak256(utf8('made up')), heads[2]!], 'ENCLAVE_POINT_UNKNOWN'],
      [9, [heads[3]!], 'ENCLAVE_POINT_UNKNOWN'],
      [2, [], 'ENCLAVE_BAD_REQUEST'],
      [1, [foreign, foreign, foreign], 'ENCLAVE_BAD_REQUEST']
    ]
    for (const [count, given, code] of wrong) {
      expect(await refusal(revert(count, given)), code).to.equal(code)
      expect(await tip()).to.deep.equal(before)
    }
    const tooMany = Array.from({ length: MAX_UNDO_DEPTH + 1 }, () => foreign)
    expect(() =>
      enclaveCodecs.revertState.request.encode({ scAddr: deployed.scAddr, deltaCount: 2000, heads: tooMany })
    ).to.throw('items')
    expect(await read()).to.equal('three')
  })

  it('signs nothing on a state that a host turned back from the head of the view', async () => {
    await set('one')
    await set('two')
    await revert(2, [heads[2]!])
    const sent = await send(call(Op.get))
    const nonce = await net.showTask(worker, sent)
    expect(await refusal(worker.enclave.call('run', { nonce, ...sent }))).to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
  })

  it('keeps the runs ahead: a record that comes again as it was needs no second run', async () => {
    const kept = contract()
    const one = await send(call(Op.set, utf8('one')))
    const recorded = contract() // both chains have the record; its receipt is on the other one alone
    await settled(one)
    reorg(recorded)
    await revert(kept.deltaCount, [heads[kept.deltaCount]!])
    const two = await send(call(Op.get))
    const query = [{ scAddr: deployed.scAddr, taskIds: [one.taskId, two.taskId] }]
    const nonce = await net.show(worker, query)
    const done = await worker.enclave.call('run', { nonce, ...two, after: [one.taskId] })
    expect(done.receipt.ok).to.equal(true)
    await settled(one)
    net.settle(done.receipt)
    expect(await output(two, done.receipt, done.sealedRun)).to.equal('one')

    reorg({ ...recorded, tasks: recorded.tasks.map(task => ({ ...task, recordBlock: task.recordBlock + 1 })) })
    await revert(kept.deltaCount, [heads[kept.deltaCount]!])
    const three = await send(call(Op.get))
    const moved = await net.show(worker, [{ scAddr: deployed.scAddr, taskIds: [one.taskId, three.taskId] }])
    const refused = await refusal(worker.enclave.call('run', { nonce: moved, ...three, after: [one.taskId] }))
    expect(refused, 'its record moved').to.equal('ENCLAVE_NOT_AHEAD')
  })
})
