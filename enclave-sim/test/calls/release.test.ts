import { expect } from 'chai'
import { TaskStatus, hash, openOutput, runDigestOf, typedDigest, utf8, type ChainView } from '@enigma/protocol'
import { Op, call, testContract } from '../support/contract.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

describe('calls/release', () => {
  async function network(domain = DOMAIN): Promise<TestNetwork<LocalEnclave>> {
    const principal = await startPrincipal(await localEnclave(), domain)
    return new TestNetwork(principal, [await startWorker(await localEnclave(), principal, undefined, domain)], domain)
  }
  after(stopPool)

  let net: TestNetwork<LocalEnclave>
  let worker: Member<LocalEnclave>
  let sent: SentTask
  beforeEach(async () => {
    net = await network()
    worker = net.workers[0]!
    sent = await net.record({ code: testContract, callData: utf8('secret') })
  })

  const run = async (task: SentTask) =>
    await worker.enclave.call('run', { nonce: await net.showTask(worker, task), ...task })
  const release = async (sealedRun: Uint8Array, view?: (v: ChainView) => ChainView) =>
    worker.enclave.call('release', { nonce: await net.showTask(worker, sent, view ? { view } : {}), sealedRun })

  it('gives nothing before the receipt is on chain', async () => {
    const { sealedRun } = await run(sent)

    expect(await refusal(release(sealedRun))).to.equal('ENCLAVE_NOT_RELEASED')
  })

  it('gives the result once the chain has this receipt, also after a restart and without running again', async () => {
    const { receipt, sealedRun } = await run(sent)
    net.settle(receipt)
    worker = await startWorker(await localEnclave({ folder: worker.enclave.folder }), net.principal)
    const released = await release(sealedRun)
    const { sender, gasLimit } = net.contracts.get(sent.scAddr)!.tasks[0]!
    const runDigest = runDigestOf({ ...DOMAIN, ...receipt, sender, gasLimit })

    expect(released.receipt).to.deep.equal(receipt)
    expect(openOutput(sent.cek, runDigest, released.result)).to.have.length(0)
    expect((await worker.enclave.call('status', {})).runs).to.equal(0)
  })

  for (const status of [
    TaskStatus.ReceiptFailedETH,
    TaskStatus.ReceiptFailedReturn,
    TaskStatus.RecordCreated,
    TaskStatus.ReceiptFailed
  ]) {
    it(`gives nothing when the chain has the receipt with status ${status}`, async () => {
      const { receipt, sealedRun } = await run(sent)
      net.settle(receipt, status)

      expect(await refusal(release(sealedRun))).to.equal('ENCLAVE_NOT_RELEASED')
    })
  }

  it('gives nothing when the chain accepted another receipt for the task', async () => {
    const { receipt, sealedRun } = await run(sent)
    net.settle({ ...receipt, gasUsed: receipt.gasUsed + 1n })

    expect(await refusal(release(sealedRun))).to.equal('ENCLAVE_NOT_RELEASED')
  })

  it('gives nothing when the view does not name the task, or names it under another contract', async () => {
    const { receipt, sealedRun } = await run(sent)
    net.settle(receipt)
    const nonce = await net.show(worker, [{ scAddr: sent.scAddr, taskIds: [] }])
    expect(await refusal(worker.enclave.call('release', { nonce, sealedRun }))).to.equal('ENCLAVE_NOT_RELEASED')

    const other = hash(`0x${'0c'.repeat(32)}`) as never
    const elsewhere = await net.show(worker, [{ scAddr: other, taskIds: [sent.taskId] }])
    expect(await refusal(worker.enclave.call('release', { nonce: elsewhere, sealedRun }))).to.equal(
      'ENCLAVE_NOT_RELEASED'
    )
  })

  it('waits for CONF = 12 confirmations on a chain that is no devnet', async () => {
    net = await network({ ...DOMAIN, chainId: 11155111n })
    worker = net.workers[0]!
    sent = await net.record({ code: testContract, callData: utf8('secret') })
    const { receipt, sealedRun } = await run(sent)
    net.settle(receipt)
    net.block += 10
    expect(await refusal(release(sealedRun))).to.equal('ENCLAVE_NOT_RELEASED')
    net.block += 1
    expect((await release(sealedRun)).receipt).to.deep.equal(receipt)
  })

  it('gives nothing for a receipt that stands in the future of the view', async () => {
    const { receipt, sealedRun } = await run(sent)
    net.settle(receipt)
    const task = net.contracts.get(sent.scAddr)!.tasks[0]!
    net.contracts.set(sent.scAddr, {
      ...net.contracts.get(sent.scAddr)!,
      tasks: [{ ...task, receiptBlock: net.block + 1 }]
    })

    expect(await refusal(release(sealedRun))).to.equal('ENCLAVE_NOT_RELEASED')
  })

  it('refuses a sealed run that was altered, or is of another enclave', async () => {
    const { receipt, sealedRun } = await run(sent)
    net.settle(receipt)
    const bent = sealedRun.slice()
    bent[20]! ^= 1
    const nonce = await net.showTask(worker, sent)
    const other = await startWorker(await localEnclave(), net.principal)
    const itsNonce = await net.showTask(other, sent)

    expect(await refusal(worker.enclave.call('release', { nonce, sealedRun: bent }))).to.equal('ENCLAVE_SEALED_RUN')
    expect(await refusal(other.enclave.call('release', { nonce: itsNonce, sealedRun }))).to.equal('ENCLAVE_SEALED_RUN')
    const blob = worker.enclave.folder.files.get('identity.sealed')!
    expect(await refusal(worker.enclave.call('release', { nonce, sealedRun: blob }))).to.equal('ENCLAVE_SEALED_RUN')
  })

  it('does not let the released result of one task stand for another', async () => {
    const first = await run(sent)
    net.settle(first.receipt)
    await net.show(worker, [{ scAddr: sent.scAddr, taskIds: [] }])
    await worker.enclave.call('applyDeltas', { scAddr: sent.scAddr, deltas: [first.delta!] })
    const get = await net.record({ scAddr: sent.scAddr, callData: call(Op.get) })
    const second = await run(get)
    const nonce = await net.showTask(worker, sent)

    expect(typedDigest(DOMAIN, 'Receipt', second.receipt)).not.to.equal(typedDigest(DOMAIN, 'Receipt', first.receipt))
    expect(await refusal(worker.enclave.call('release', { nonce, sealedRun: second.sealedRun }))).to.equal(
      'ENCLAVE_NOT_RELEASED'
    )
  })
})
