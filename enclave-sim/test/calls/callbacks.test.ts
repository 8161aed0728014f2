import { expect } from 'chai'
import {
  FailureReason,
  MAX_CALLBACK_BYTES,
  MAX_CALLBACK_GAS,
  TaskStatus,
  ZERO_ADDRESS,
  ZERO_HASH,
  address,
  keccak256,
  requireSigner,
  toHex,
  typedDigest,
  utf8
} from '@enigma/protocol'
import { HOST_GAS } from '../../src/wasm/index.ts'
import { Op, call, callBackTo, testContract } from '../support/contract.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

const TARGET = address(`0x${'7a'.repeat(20)}`)
const NONE = { callbackTarget: ZERO_ADDRESS, callbackDataHash: ZERO_HASH, callbackGas: 0 }

describe('calls/run: Ethereum callbacks (R13)', () => {
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

  const send = (callData: Uint8Array, gasLimit = 100_000_000n) =>
    net.record({ scAddr: deployed.scAddr, callData, gasLimit })
  const run = async (sent: SentTask) =>
    worker.enclave.call('run', {
      nonce: await net.showTask(worker, sent),
      ...sent
    })

  it("carries target, data and gas of the contract's code into the signed receipt; the data goes beside it", async () => {
    const data = utf8('any bytes at all')
    const { receipt, signature, callbackData, delta } = await run(await send(callBackTo(TARGET, data, 70_000)))

    expect(receipt).to.include({ ok: true, callbackTarget: TARGET, callbackGas: 70_000 })
    expect(receipt.callbackDataHash).to.equal(keccak256(data))
    expect(toHex(callbackData)).to.equal(toHex(data))
    expect(delta).not.to.equal(null)
    requireSigner('receipt', typedDigest(DOMAIN, 'Receipt', receipt), signature, worker.info.signer)
  })

  it('charges callback gas and bytes to the task', async () => {
    const gasOf = async (gas: number, bytes: number) =>
      Number((await run(await send(callBackTo(TARGET, new Uint8Array(bytes), gas)))).receipt.gasUsed)
    const base = await gasOf(0, 0)
    const { perByte, perEthereumGas } = HOST_GAS.callback

    expect((await gasOf(70_000, 0)) - base).to.equal(70_000 * perEthereumGas)
    const inputByte = 2 // loading and copying the call data, as for any task
    expect((await gasOf(0, 1000)) - base).to.equal(1000 * (perByte + inputByte))
  })

  it('marks a callback without data or gas by the hash of nothing', async () => {
    const { receipt, callbackData } = await run(await send(callBackTo(TARGET, new Uint8Array(), 0)))

    expect(receipt).to.include({
      callbackTarget: TARGET,
      callbackDataHash: keccak256(new Uint8Array()),
      callbackGas: 0
    })
    expect(callbackData).to.have.length(0)
  })

  it('takes both bounds as they are, and ends a run above either', async () => {
    const fits = callBackTo(TARGET, new Uint8Array(MAX_CALLBACK_BYTES), MAX_CALLBACK_GAS)
    const tooLong = callBackTo(TARGET, new Uint8Array(MAX_CALLBACK_BYTES + 1), 0)
    const tooMuch = callBackTo(TARGET, new Uint8Array(), MAX_CALLBACK_GAS + 1)
    const negative = callBackTo(TARGET, new Uint8Array(), 0xffff_ffff)

    const { receipt, callbackData } = await run(await send(fits))
    expect(receipt).to.include({ ok: true, callbackGas: MAX_CALLBACK_GAS })
    expect(callbackData).to.have.length(MAX_CALLBACK_BYTES)
    for (const callData of [tooLong, tooMuch, negative]) {
      const answer = await run(await send(callData))
      expect(answer.receipt).to.include({ ok: false, reason: FailureReason.limit, ...NONE })
      expect([answer.callbackData.length, answer.delta]).to.deep.equal([0, null])
    }
  })

  it('runs out of gas when the limit does not cover the callback', async () => {
    const { receipt } = await run(await send(callBackTo(TARGET, new Uint8Array(), 500_000), 10_000_000n))

    expect(receipt).to.include({ ok: false, reason: FailureReason.outOfGas, gasUsed: 10_000_000n, ...NONE })
  })

  it('gives a failed run none, whatever it had set before', async () => {
    const { receipt, callbackData } = await run(await send(call(Op.callBackAndFail)))

    expect(receipt).to.include({ ok: false, reason: FailureReason.revert, ...NONE })
    expect(callbackData).to.have.length(0)
  })

  it('gives the same receipt and data again, as a second seat would', async () => {
    const sent = await send(callBackTo(TARGET, utf8('data'), 1000))
    const [first, again] = [await run(sent), await run(sent)]

    expect(again.receipt).to.deep.equal(first.receipt)
    expect(again.callbackData).to.deep.equal(first.callbackData)
  })

  it('stays sealed for ever when the callback failed, and the contract goes on from its old head', async () => {
    const sent = await send(callBackTo(TARGET, utf8('data'), 1000))
    const { receipt, sealedRun, delta } = await run(sent)
    net.settle(receipt, TaskStatus.ReceiptFailedETH)
    const release = async () =>
      refusal(worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun }))
    expect(await release()).to.equal('ENCLAVE_NOT_RELEASED')
    net.block += 100
    expect(await release(), 'however old it gets').to.equal('ENCLAVE_NOT_RELEASED')

    // Its host applies the delta all the same: the enclave then runs nothing.
    const next = await send(call(Op.get))
    await worker.enclave.call('applyDeltas', { scAddr: sent.scAddr, deltas: [delta!] })
    expect(await refusal(run(next))).to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
  })

  it('stays sealed while the chain shows another outcome of the same receipt', async () => {
    const sent = await send(callBackTo(TARGET, utf8('data'), 1000))
    const { receipt, sealedRun } = await run(sent)
    for (const status of [TaskStatus.RecordCreated, TaskStatus.ReceiptFailed, TaskStatus.ReceiptFailedReturn]) {
      net.settle(receipt, status)
      const nonce = await net.showTask(worker, sent)
      expect(await refusal(worker.enclave.call('release', { nonce, sealedRun }))).to.equal('ENCLAVE_NOT_RELEASED')
    }
    net.settle(receipt)
    const nonce = await net.showTask(worker, sent)
    expect((await worker.enclave.call('release', { nonce, sealedRun })).receipt).to.deep.equal(receipt)
  })
})
