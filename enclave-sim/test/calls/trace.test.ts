import { expect } from 'chai'
import {
  FailureReason,
  envelopeCodec,
  openLog,
  openOutput,
  openTrace,
  runDigestOf,
  sealEnvelope,
  toHex,
  utf8,
  type Receipt
} from '@enigma/protocol'
import { Op, call, testContract } from '../support/contract.ts'
import { localEnclave, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

describe('calls/run: logs and traces for the requester', () => {
  let net: TestNetwork<LocalEnclave>
  let worker: Member<LocalEnclave>
  let deployed: SentTask

  beforeEach(async () => {
    const principal = await startPrincipal(await localEnclave())
    worker = await startWorker(await localEnclave(), principal)
    net = new TestNetwork(principal, [worker])
    deployed = await net.record({ code: testContract, callData: utf8('hello') })
    await net.complete(worker, deployed)
  })
  after(stopPool)

  const send = (callData: Uint8Array, trace = true) => net.record({ scAddr: deployed.scAddr, callData, trace })
  async function released(sent: SentTask) {
    const { receipt, sealedRun } = await net.complete(worker, sent)
    const answer = await worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun })
    return { ...answer, receipt, sealedRun, digest: digestOf(receipt) }
  }
  function digestOf(receipt: Receipt) {
    const { sender, gasLimit } = net.contracts.get(receipt.scAddr)!.tasks.find(t => t.taskId === receipt.taskId)!
    return runDigestOf({ ...DOMAIN, ...receipt, sender, gasLimit })
  }

  it('are sealed to the requester, with the state keys and the log', async () => {
    const sent = await send(call(Op.logged))
    const { log, trace, digest, receipt } = await released(sent)

    expect(openLog(sent.cek, digest, log).map(entry => new TextDecoder().decode(entry))).to.deep.equal(['a log entry'])
    const seen = openTrace(sent.cek, digest, trace)
    expect(seen.events.map(event => event.call)).to.deep.equal(['input_copy', 'state_read', 'log'])
    expect(toHex(seen.events[1]!.key)).to.equal(toHex(utf8('k')))
    expect(seen.gasUsed).to.equal(Number(receipt.gasUsed))
    for (const wrong of [new Uint8Array(32), deployed.cek]) {
      expect(() => openTrace(wrong, digest, trace)).to.throw('does not open')
      expect(() => openLog(wrong, digest, log)).to.throw('does not open')
    }
    expect(() => openTrace(sent.cek, digest, log), 'one is not the other').to.throw('does not open')
  })

  it('need no asking for the log of a success; the trace is made only when asked for', async () => {
    const sent = await send(call(Op.get), false)
    const { log, trace, digest } = await released(sent)

    expect(openLog(sent.cek, digest, log)).to.deep.equal([])
    expect(trace).to.have.length(0)
  })

  it('tell of a failed run what it did until then, but keep no log of it', async () => {
    const sent = await send(call(Op.fail))
    const { log, trace, digest, receipt } = await released(sent)

    expect(receipt).to.include({ ok: false, reason: FailureReason.revert })
    expect(log).to.have.length(0)
    expect(openTrace(sent.cek, digest, trace).events.at(-1)!.call).to.equal('revert')
  })

  it('change nothing of the receipt: same gas, output, delta and reason with and without', async () => {
    for (const callData of [call(Op.get), call(Op.set, utf8('x')), call(Op.divide), call(Op.callback), call(Op.big)]) {
      const without = await net.complete(worker, await send(callData, false))
      const { receipt } = await net.complete(worker, await send(callData, true))
      const facts = ({ ok, reason, gasUsed, callbackTarget, callbackDataHash, callbackGas }: Receipt) => ({
        ok,
        reason,
        gasUsed,
        callbackTarget,
        callbackDataHash,
        callbackGas
      })
      expect(facts(receipt)).to.deep.equal(facts(without.receipt))
    }
  })

  it('are the same bytes at every seat and after a restart, so that nothing is learned from two of them', async () => {
    const sent = await send(call(Op.logged))
    const run = async () => {
      const done = await worker.enclave.call('run', { nonce: await net.showTask(worker, sent), ...sent })
      return done
    }
    const [first, again] = [await run(), await run()]
    net.settle(first.receipt)
    const [a, b] = await Promise.all(
      [first, again].map(async ({ sealedRun }) =>
        worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun })
      )
    )
    expect(b).to.deep.equal(a)
  })

  it('show sizes in buckets only', async () => {
    const sizes = []
    for (const callData of [call(Op.get), call(Op.set, utf8('x')), call(Op.logged)]) {
      const { log, trace } = await released(await send(callData))
      sizes.push([log.length, trace.length])
    }
    expect(sizes).to.deep.equal(Array(3).fill([256 + 16, 256 + 16]))
  })

  it('stay sealed with the result until the chain has the receipt', async () => {
    const sent = await send(call(Op.get))
    const { sealedRun } = await worker.enclave.call('run', { nonce: await net.showTask(worker, sent), ...sent })
    const early = worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun })
    expect(
      await early.then(
        () => 'released',
        (error: { code: string }) => error.code
      )
    ).to.equal('ENCLAVE_NOT_RELEASED')
  })

  it('are no way around the rules of an input: an unknown flag, or none, is a bad one', async () => {
    const { key } = await worker.enclave.call('encryptionKey', { epoch: net.epoch })
    const recipients = [{ signer: worker.info.signer, key }]
    for (const body of [Uint8Array.of(2, Op.get), Uint8Array.of(255), new Uint8Array()]) {
      const sent = await net.record({
        scAddr: deployed.scAddr,
        envelope: sealed => sealEnvelope(envelopeCodec.decode(sealed).context, recipients, body).envelope
      })
      const { receipt } = await net.complete(worker, sent)
      expect(receipt).to.include({ ok: false, reason: FailureReason.badInput, gasUsed: 0n })
    }
    const plain = await send(call(Op.get), false)
    const { result, digest } = await released(plain)
    expect(new TextDecoder().decode(openOutput(plain.cek, digest, result))).to.equal('hello')
  })
})
