import { expect } from 'chai'
import { TaskStatus, outputHashOf, utf8, type Receipt } from '@enigma/protocol'
import { Op, call, callBackTo, testContract } from '../support/contract.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

describe('calls/rerun (R10)', () => {
  let net: TestNetwork<LocalEnclave>
  let worker: Member<LocalEnclave>
  let deployed: SentTask
  let deltas: Uint8Array[]

  beforeEach(async () => {
    const principal = await startPrincipal(await localEnclave())
    worker = await startWorker(await localEnclave(), principal)
    net = new TestNetwork(principal, [worker])
    deployed = await net.record({ code: testContract, callData: utf8('hello') })
    deltas = [(await net.complete(worker, deployed)).delta!]
  })
  after(stopPool)

  const send = (callData: Uint8Array) => net.record({ scAddr: deployed.scAddr, callData, gasLimit: 100_000_000n })
  /** A seat that has nothing but its sealed folder and the deltas that could be fetched. */
  async function restarted(fetched: readonly Uint8Array[]): Promise<Member<LocalEnclave>> {
    const member = await startWorker(await localEnclave({ folder: worker.enclave.folder }), net.principal)
    await net.show(member, [{ scAddr: deployed.scAddr, taskIds: [] }])
    await member.enclave.call('loadCode', { bytecode: testContract })
    await member.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas: fetched })
    return member
  }
  const rerun = async (member: Member<LocalEnclave>, sent: SentTask, receipt: Receipt) =>
    member.enclave.call('rerun', { nonce: await net.showTask(member, sent), ...sent, receipt })

  it('rebuilds the withheld delta and output of a settled task, byte for byte', async () => {
    const sent = await send(call(Op.random))
    const done = await net.complete(worker, sent)
    const member = await restarted(deltas)
    const again = await rerun(member, sent, done.receipt)

    expect(again.receipt).to.deep.equal(done.receipt)
    expect(again.delta).to.deep.equal(done.delta)
    const { sealedRun } = again
    const released = await member.enclave.call('release', { nonce: await net.showTask(member, sent), sealedRun })
    expect(outputHashOf(released.result)).to.equal(done.receipt.outputHash)
    await member.enclave.call('applyDeltas', { scAddr: sent.scAddr, deltas: [again.delta!] })
    const next = await send(call(Op.get))
    const nonce = await net.showTask(member, next)
    expect((await member.enclave.call('run', { nonce, ...next })).receipt.ok, 'the contract goes on').to.equal(true)
  })

  it('rebuilds a deployment, a failure, and a run with a callback', async () => {
    const failing = await send(call(Op.divide))
    const failed = await net.complete(worker, failing)
    expect((await rerun(worker, failing, failed.receipt)).receipt).to.deep.equal(failed.receipt)
    const calling = await send(callBackTo(`0x${'7a'.repeat(20)}` as never, utf8('data'), 1000))
    const called = await net.complete(worker, calling)
    const member = await restarted(deltas)
    const again = await rerun(member, calling, called.receipt)
    expect(again.callbackData).to.deep.equal(called.callbackData)
    expect(again.delta).to.deep.equal(called.delta)

    const deployment = net.contracts.get(deployed.scAddr)!.tasks[0]!
    await member.enclave.call('dropState', { scAddr: deployed.scAddr })
    const nonce = await net.showTask(member, deployed)
    const receipts = [{ ...failed.receipt, prevHead: called.receipt.prevHead }]
    expect(deployment.status).to.equal(TaskStatus.ReceiptVerified)
    for (const receipt of receipts)
      expect(await refusal(member.enclave.call('rerun', { nonce, ...deployed, receipt }))).to.equal(
        'ENCLAVE_TASK_NOT_SETTLED'
      )
  })

  it('rebuilds the deployment itself, from nothing', async () => {
    const sent = await net.record({ code: testContract, callData: utf8('again') })
    const done = await net.complete(worker, sent)
    await worker.enclave.call('dropState', { scAddr: sent.scAddr })
    const again = await rerun(worker, sent, done.receipt)

    expect(again.receipt).to.deep.equal(done.receipt)
    expect(again.delta).to.deep.equal(done.delta)
  })

  describe('gives nothing', () => {
    it('for a task that is open, was refunded, or whose callback failed', async () => {
      const sent = await send(call(Op.get))
      const nonce = await net.showTask(worker, sent)
      const { receipt } = await worker.enclave.call('run', { nonce, ...sent })
      expect(await refusal(rerun(worker, sent, receipt)), 'open').to.equal('ENCLAVE_TASK_NOT_SETTLED')
      for (const status of [TaskStatus.ReceiptFailedETH, TaskStatus.ReceiptFailedReturn, TaskStatus.RecordUndefined]) {
        net.settle(receipt, status)
        expect(await refusal(rerun(worker, sent, receipt)), String(status)).to.equal('ENCLAVE_TASK_NOT_SETTLED')
      }
    })

    it('for another receipt than the one on chain', async () => {
      const sent = await send(call(Op.get))
      const { receipt } = await net.complete(worker, sent)
      const other = await net.complete(worker, await send(call(Op.get)))
      for (const wrong of [{ ...receipt, gasUsed: receipt.gasUsed + 1n }, { ...receipt, ok: false }, other.receipt])
        expect(await refusal(rerun(worker, sent, wrong))).to.equal('ENCLAVE_TASK_NOT_SETTLED')
    })

    it('and raises an alarm, when the chain has a receipt to which the run does not come', async () => {
      const sent = await send(call(Op.set, utf8('x')))
      const nonce = await net.showTask(worker, sent)
      const { receipt } = await worker.enclave.call('run', { nonce, ...sent })
      const forged = { ...receipt, gasUsed: receipt.gasUsed + 1n }
      net.settle(forged)

      expect(await refusal(rerun(worker, sent, forged))).to.equal('ENCLAVE_RERUN_DIFFERS')
      expect(worker.enclave.logged.some(line => line.includes('rerun-differs'))).to.equal(true)
    })

    it('on a state that is not the one before the receipt', async () => {
      const first = await send(call(Op.set, utf8('a')))
      const done = await net.complete(worker, first) // its delta is applied
      expect(await refusal(rerun(worker, first, done.receipt)), 'after').to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      await worker.enclave.call('dropState', { scAddr: first.scAddr })
      expect(await refusal(rerun(worker, first, done.receipt)), 'nothing loaded').to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
    })

    it('for another envelope, an enclave without the wrap, or without the key', async () => {
      const one = await send(call(Op.get))
      const two = await send(call(Op.get))
      const { receipt } = await net.complete(worker, one)
      const nonce = await net.showTask(worker, one)
      const { envelope } = two
      expect(await refusal(worker.enclave.call('rerun', { nonce, ...one, envelope, receipt }))).to.equal(
        'ENCLAVE_INPUT_MISMATCH'
      )
      const stranger = await startWorker(await localEnclave(), net.principal)
      const alone = net.continued(net.principal, [stranger])
      const shown = await alone.showTask(stranger, one)
      await stranger.enclave.call('loadCode', { bytecode: testContract })
      await stranger.enclave.call('applyDeltas', { scAddr: one.scAddr, deltas })
      expect(await refusal(stranger.enclave.call('rerun', { nonce: shown, ...one, receipt }))).to.equal(
        'INPUT_NOT_FOR_SEAT'
      )
      const keyless = await alone.showTask(stranger, one, { claims: [] })
      expect(await refusal(stranger.enclave.call('rerun', { nonce: keyless, ...one, receipt }))).to.equal(
        'ENCLAVE_NO_STATE_KEY'
      )
    })
  })
})
