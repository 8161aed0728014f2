import { expect } from 'chai'
import {
  FailureReason,
  TaskKind,
  ZERO_ADDRESS,
  ZERO_HASH,
  address,
  concatBytes,
  deltaCodec,
  deltaHashOf,
  fromHex,
  openOutput,
  openTaskError,
  outputHashOf,
  requireSigner,
  runDigestOf,
  sealEnvelope,
  toHex,
  typedDigest,
  utf8,
  type Hash,
  type Receipt
} from '@enigma/protocol'
import { Op, call, testContract } from '../support/contract.ts'
import { localEnclave, memoryFolder, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

describe('calls/run', () => {
  let net: TestNetwork<LocalEnclave>
  let principal: Member<LocalEnclave>
  let worker: Member<LocalEnclave>
  let deployed: SentTask
  let deployment: Uint8Array // its delta

  beforeEach(async () => {
    principal = await startPrincipal(await localEnclave())
    worker = await startWorker(await localEnclave(), principal)
    net = new TestNetwork(principal, [worker])
    deployed = await net.record({ code: testContract, callData: utf8('hello') })
    deployment = (await net.complete(worker, deployed)).delta!
  })
  after(stopPool)

  const send = (callData: Uint8Array, change: object = {}) =>
    net.record({ scAddr: deployed.scAddr, callData, ...change })
  const digestOf = (r: Receipt): Hash => runDigestOf({ ...DOMAIN, ...r, sender: senderOf(r), gasLimit: gasLimitOf(r) })
  const taskOf = (r: Receipt) => net.contracts.get(r.scAddr)!.tasks.find(t => t.taskId === r.taskId)!
  const senderOf = (r: Receipt) => taskOf(r).sender
  const gasLimitOf = (r: Receipt) => taskOf(r).gasLimit

  async function run(sent: SentTask, member: Member = worker) {
    const nonce = await net.showTask(member, sent)
    return await member.enclave.call('run', { nonce, ...sent })
  }
  /** Runs, settles and releases; the decrypted output. */
  async function outputOf(sent: SentTask): Promise<Uint8Array> {
    const { receipt, sealedRun } = await net.complete(worker, sent)
    expect(receipt.ok, String(receipt.reason)).to.equal(true)
    const released = await worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun })
    expect(outputHashOf(released.result)).to.equal(receipt.outputHash)
    return openOutput(sent.cek, digestOf(receipt), released.result)
  }
  /** Runs, settles and releases a task that fails; its receipt and the error that only the requester reads. */
  async function failureOf(sent: SentTask) {
    const { receipt, sealedRun, delta } = await net.complete(worker, sent)
    expect(receipt).to.include({ ok: false, deltaHash: ZERO_HASH })
    expect(delta).to.equal(null)
    const released = await worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun })
    expect(outputHashOf(released.result)).to.equal(receipt.outputHash)
    return { receipt, error: openTaskError(sent.cek, digestOf(receipt), released.result) }
  }

  it('deploys, writes and reads: state survives from task to task', async () => {
    expect(new TextDecoder().decode(await outputOf(await send(call(Op.get))))).to.equal('hello')
    await outputOf(await send(call(Op.set, utf8('world'))))
    expect(new TextDecoder().decode(await outputOf(await send(call(Op.get))))).to.equal('world')
    const { deltaCount } = await worker.enclave.call('stateTip', { scAddr: deployed.scAddr })
    expect(deltaCount).to.equal(2)
  })

  it('signs a receipt with every field from the record and the head', async () => {
    const sent = await send(call(Op.set, utf8('x')))
    const before = net.contracts.get(deployed.scAddr)!
    const { receipt, signature, delta, callbackData } = await run(sent)
    const task = taskOf(receipt)

    requireSigner('receipt', typedDigest(DOMAIN, 'Receipt', receipt), signature, worker.info.signer)
    expect(receipt).to.include({
      taskId: sent.taskId,
      scAddr: deployed.scAddr,
      kind: TaskKind.compute,
      ok: true,
      reason: 0,
      codeHash: before.codeHash,
      inputHash: task.inputHash,
      recordBlock: task.recordBlock,
      recordTime: task.recordTime,
      prevHead: before.headHash,
      deltaHash: deltaHashOf(delta!),
      callbackTarget: ZERO_ADDRESS,
      callbackDataHash: ZERO_HASH,
      callbackGas: 0
    })
    expect(callbackData).to.have.length(0)
    expect(deltaCodec.decode(delta!)).to.include({ index: 1, generation: 0, prevHead: before.headHash })
  })

  it('leaves state and head alone until the host applies what the chain has', async () => {
    const { scAddr } = deployed
    const before = await worker.enclave.call('stateTip', { scAddr })
    await run(await send(call(Op.set, utf8('x'))))

    expect(await worker.enclave.call('stateTip', { scAddr })).to.deep.equal(before)
  })

  it('gives a run without writes no delta, a deployment always one', async () => {
    const { receipt, delta } = await run(await send(call(Op.get)))
    const empty = await run(await net.record({ code: testContract, callData: utf8('x') }))

    expect(receipt).to.include({ ok: true, deltaHash: ZERO_HASH })
    expect(delta).to.equal(null)
    expect(empty.delta).not.to.equal(null)
  })

  it("takes caller, contract, block and time from the record, never from 'now'", async () => {
    const sender = address(`0x${'7a'.repeat(20)}`)
    const sent = await send(call(Op.context), { sender })
    const { recordBlock, recordTime } = net.contracts.get(deployed.scAddr)!.tasks.find(t => t.taskId === sent.taskId)!
    net.block += 5
    net.time += 60
    const output = await outputOf(sent)
    const numbers = new DataView(output.buffer, output.byteOffset)

    expect(toHex(output.subarray(0, 20))).to.equal(sender)
    expect(toHex(output.subarray(20, 52))).to.equal(deployed.scAddr)
    expect(numbers.getBigUint64(52, true)).to.equal(BigInt(recordBlock))
    expect(numbers.getBigUint64(60, true)).to.equal(BigInt(recordTime))
  })

  it('signs that it accepts a task that it can run', async () => {
    const sent = await send(call(Op.get))
    const nonce = await net.showTask(worker, sent)
    const { recordBlock, signature } = await worker.enclave.call('accept', { nonce, ...sent })
    const { inputHash } = net.contracts.get(deployed.scAddr)!.tasks.find(t => t.taskId === sent.taskId)!

    expect(recordBlock).to.equal(net.block)
    const digest = typedDigest(DOMAIN, 'TaskAccepted', { taskId: sent.taskId, inputHash, recordBlock })
    requireSigner('accepted', digest, signature, worker.info.signer)
  })

  describe('failure receipts', () => {
    const failures: [string, Uint8Array, object, number, RegExp][] = [
      ['a division by zero', call(Op.divide), {}, FailureReason.trap, /divides by zero/],
      [
        'a revert, with the words of the contract',
        call(Op.fail),
        {},
        FailureReason.revert,
        /^the contract does not like this$/
      ],
      ['an endless loop', call(Op.spin), { gasLimit: 200_000n }, FailureReason.outOfGas, /gas limit/],
      ['a gas limit of 1', call(Op.get), { gasLimit: 1n }, FailureReason.outOfGas, /gas limit/],
      ['an output that is too large', call(Op.big), {}, FailureReason.limit, /output is larger/]
    ]
    for (const [what, callData, change, reason, text] of failures) {
      it(`signs ${what}`, async () => {
        const sent = await send(callData, change)
        const { receipt, error } = await failureOf(sent)

        expect(receipt.reason).to.equal(reason)
        expect(error.reason).to.equal(reason)
        expect(error.message).to.match(text)
        expect(receipt.gasUsed <= gasLimitOf(receipt)).to.equal(true)
      })
    }

    it('signs missing constructor arguments and garbage bytecode; the contract does not come to be', async () => {
      const missing = await failureOf(await net.record({ code: testContract }))
      const garbage = await failureOf(await net.record({ code: utf8('this is not WebAssembly'), callData: utf8('x') }))

      expect(missing.receipt.reason).to.equal(FailureReason.badInput)
      expect(missing.error.message).to.equal('the constructor wants an argument')
      expect(garbage.receipt.reason).to.equal(FailureReason.invalidCode)
      expect(garbage.error.message).to.match(/WebAssembly/)
    })

    it('goes on with the next task after each of them', async () => {
      await failureOf(await send(call(Op.spin), { gasLimit: 200_000n }))
      expect(new TextDecoder().decode(await outputOf(await send(call(Op.get))))).to.equal('hello')
    })

    it('signs a body that does not open under the committed key', async () => {
      const sent = await send(call(Op.get), {
        envelope: (sealed: Uint8Array) => {
          const bent = sealed.slice()
          bent[bent.length - 1]! ^= 1
          return bent
        }
      })
      const { receipt, error } = await failureOf(sent)

      expect(receipt).to.include({ reason: FailureReason.badInput, gasUsed: 0n })
      expect(error.message).to.match(/does not decrypt/)
    })

    it("signs an envelope copied into another account's record, without opening it", async () => {
      const victim = await send(call(Op.get))
      const thief = address(`0x${'ee'.repeat(20)}`)
      const copied = await net.record({ scAddr: deployed.scAddr, sender: thief, envelope: () => victim.envelope })
      const nonce = await net.showTask(worker, copied)
      await worker.enclave.call('accept', { nonce, ...copied })
      const { receipt, sealedRun } = await net.complete(worker, copied)

      expect(receipt).to.include({ ok: false, reason: FailureReason.badInput, outputHash: ZERO_HASH, gasUsed: 0n })
      const released = await worker.enclave.call('release', { nonce: await net.showTask(worker, copied), sealedRun })
      expect(released.result).to.have.length(0)
    })

    it('signs a context that differs from the record in any field', async () => {
      const other = toHex(new Uint8Array(32).fill(3)) as Hash
      const targets = [
        { chainId: 5n },
        { enigma: address(`0x${'e2'.repeat(20)}`) },
        { kind: TaskKind.deploy },
        { kind: TaskKind.query },
        { scAddr: other as never },
        { codeHash: other },
        { epoch: 4 }
      ]
      for (const target of targets) {
        const { receipt } = await run(await send(call(Op.get), { target }))
        expect(receipt, JSON.stringify(Object.keys(target))).to.include({ ok: false, reason: 1, outputHash: ZERO_HASH })
      }
    })
  })

  describe('signs nothing', () => {
    const attempt = async (sent: SentTask, change: object = {}, member: Member = worker) => {
      const nonce = await net.showTask(member, sent)
      const request = { nonce, ...sent, ...change }
      const accepted = await refusal(member.enclave.call('accept', request))
      const ran = await refusal(member.enclave.call('run', request))
      expect(accepted, 'accept and run agree').to.equal(ran)
      return ran
    }

    it('for a task that was never recorded', async () => {
      const sent = await send(call(Op.get))
      const contract = net.contracts.get(deployed.scAddr)!
      net.contracts.set(deployed.scAddr, { ...contract, tasks: contract.tasks.slice(0, -1) })

      expect(await attempt(sent)).to.equal('ENCLAVE_TASK_NOT_OPEN')
    })

    it('for a task that the view does not name, and for an unknown view', async () => {
      const one = await send(call(Op.get))
      const two = await send(call(Op.get))

      expect(await attempt(one, { taskId: two.taskId })).to.equal('ENCLAVE_TASK_UNKNOWN')
      expect(await attempt(one, { nonce: ZERO_HASH })).to.equal('ENCLAVE_VIEW_UNKNOWN')
    })

    it('for a task that has its receipt, or whose time is over', async () => {
      const sent = await send(call(Op.get))
      const late = await send(call(Op.get))
      await net.complete(worker, sent)
      expect(await attempt(sent)).to.equal('ENCLAVE_TASK_NOT_OPEN')
      net.block = net.block - 1 + 22
      expect(await attempt(late)).to.equal('ENCLAVE_TASK_NOT_OPEN')
    })

    it('for another input than the record commits to', async () => {
      const one = await send(call(Op.get))
      const two = await send(call(Op.get))

      expect(await attempt(one, { envelope: two.envelope })).to.equal('ENCLAVE_INPUT_MISMATCH')
    })

    it('for an input that is not encrypted to it', async () => {
      const target = {
        ...DOMAIN,
        kind: 1,
        scAddr: deployed.scAddr,
        codeHash: ZERO_HASH,
        sender: address(`0x${'5e'.repeat(20)}`),
        epoch: net.epoch
      }
      const { key } = await principal.enclave.call('evidence', { nonce: 0 }).then(a => ({ key: a.report.transportKey }))
      const elsewhere = sealEnvelope(target, [{ signer: worker.info.signer, key }], call(Op.get))
      const wrong = await send(call(Op.get), { envelope: () => elsewhere.envelope })
      const nobody = await send(call(Op.get), { envelope: () => sealEnvelope(target, [], call(Op.get)).envelope })

      expect(await attempt(wrong)).to.equal('INPUT_NOT_FOR_SEAT')
      expect(await attempt(nobody)).to.equal('INPUT_NOT_FOR_SEAT')
    })

    it('for a record that commits to bytes that are no envelope', async () => {
      const sent = await send(call(Op.get), { envelope: () => utf8('not an envelope') })

      expect(await attempt(sent)).to.equal('ENCLAVE_TASK_REFUSED')
    })

    it('for a view that no chain of this contract can show', async () => {
      const sent = await send(call(Op.get), { gasLimit: 1_000_000_001n })
      const deployment = await net.record({ code: testContract, callData: utf8('x') })

      expect(await attempt(sent)).to.equal('ENCLAVE_TASK_REFUSED')
      net.contracts.set(deployment.scAddr, { ...net.contracts.get(deployment.scAddr)!, deltaCount: 1 })
      expect(await attempt(deployment)).to.equal('ENCLAVE_TASK_REFUSED')
    })

    it('on an old image with its matching old head (matrix 48)', async () => {
      const { scAddr } = deployed
      const old = net.contracts.get(scAddr)!
      await net.complete(worker, await send(call(Op.set, utf8('new'))))
      const sent = await send(call(Op.get))
      const oldEnclave = await startWorker(
        await localEnclave({ folder: memoryFolder(new Map(worker.enclave.folder.files)) }),
        principal
      )
      const oldNet = new TestNetwork(principal, [oldEnclave])
      Object.assign(oldNet, { block: net.block })
      for (const [key, value] of net.contracts) oldNet.contracts.set(key, value)
      const nonce = await oldNet.showTask(oldEnclave, sent)
      await oldEnclave.enclave.call('loadCode', { bytecode: testContract })
      await oldEnclave.enclave.call('applyDeltas', { scAddr, deltas: [deployment] })
      const tip = await oldEnclave.enclave.call('stateTip', { scAddr })
      expect(tip, 'the old image is whole').to.deep.equal({ hasKey: true, deltaCount: 1, headHash: old.headHash })
      const request = { nonce, ...sent }

      expect(await refusal(oldEnclave.enclave.call('run', request))).to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      expect(await refusal(oldEnclave.enclave.call('accept', request))).to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      // Its host also serves it the old head. The principal never signs that, and nobody else can.
      const claimed = { ...old, tasks: net.contracts.get(scAddr)!.tasks.filter(t => t.taskId === sent.taskId) }
      const asked = await oldEnclave.enclave.call('chainViewRequest', {
        minBlock: 0,
        contracts: [{ scAddr, taskIds: [sent.taskId] }]
      })
      const truth = await principal.enclave.call('answerChainView', {
        asked,
        asker: oldEnclave.attested,
        view: oldNet.view(toHex(asked.request.subarray(1, 33)) as Hash, [{ scAddr, taskIds: [sent.taskId] }]),
        claims: []
      })
      const forged = { ...truth, view: { ...truth.view, contracts: [claimed] } }
      expect(await refusal(oldEnclave.enclave.call('openChainView', forged))).to.equal('ENCLAVE_VIEW_REFUSED')
    })

    it('on a state that is a delta behind, or ahead by one that the chain does not have', async () => {
      const { scAddr } = deployed
      const first = await run(await send(call(Op.set, utf8('a'))))
      const second = await run(await send(call(Op.set, utf8('b')))) // both on the same head: one will lose
      await worker.enclave.call('applyDeltas', { scAddr, deltas: [second.delta!] })
      expect(await attempt(await send(call(Op.get))), 'ahead').to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      net.settle(first.receipt)
      expect(await attempt(await send(call(Op.get))), 'as many, but others').to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      await worker.enclave.call('dropState', { scAddr })
      expect(await attempt(await send(call(Op.get))), 'behind').to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
    })

    it('without the code, or without a granted key', async () => {
      const sent = await send(call(Op.get))
      const { folder } = worker.enclave
      const restarted = await startWorker(await localEnclave({ folder }), principal)
      const nonce = await net.show(restarted, [{ scAddr: sent.scAddr, taskIds: [sent.taskId] }], { claims: [] })
      const request = { nonce, ...sent }

      expect(await refusal(restarted.enclave.call('run', request))).to.equal('ENCLAVE_NO_STATE_KEY')
      const deployment = await net.record({ code: concatBytes(testContract, fromHex('0x000100')), callData: utf8('x') })
      const view = await net.showTask(restarted, deployment)
      expect(await refusal(restarted.enclave.call('run', { nonce: view, ...deployment }))).to.equal(
        'ENCLAVE_CODE_MISSING'
      )
    })

    it('when a thread fails, runs out of time or memory (R6)', async () => {
      const codes = ['WASM_THREAD_TIMEOUT', 'WASM_THREAD_MEMORY', 'WASM_THREAD_FAULT'] as const
      const { WasmError } = await import('../../src/wasm/index.ts')
      for (const code of codes) {
        const failing = { run: () => Promise.reject(new WasmError({ code } as never, 'x')), stop: async () => {} }
        const member = await startWorker(await localEnclave({ pool: failing }), principal)
        const small = new TestNetwork(principal, [member])
        const sent = await small.record({ code: testContract, callData: utf8('x') })
        const nonce = await small.showTask(member, sent)

        expect(await refusal(member.enclave.call('run', { nonce, ...sent }))).to.equal(code)
      }
    })
  })

  describe('determinism (R6)', () => {
    it('two enclaves with the same granted key give the same receipt, delta and result, byte for byte', async () => {
      const second = await startWorker(await localEnclave(), principal, address(`0x${'b1'.repeat(20)}`))
      const both = new TestNetwork(principal, [worker, second])
      // A contract of which each of the two holds a seat.
      let sent: SentTask
      do
        sent = await both.record({
          code: testContract,
          callData: utf8('seed'),
          sender: address(`0x${'d1'.repeat(20)}`)
        })
      while (both.workers.some(w => both.claims(w, [{ scAddr: sent.scAddr, taskIds: [] }]).length === 0))
      const runBoth = async (task: SentTask) =>
        await Promise.all(
          both.workers.map(async w => {
            const nonce = await both.showTask(w, task)
            return await w.enclave.call('run', { nonce, ...task })
          })
        )
      const [a, b] = await runBoth(sent)
      expect(b!.receipt).to.deep.equal(a!.receipt)
      expect(b!.delta).to.deep.equal(a!.delta)
      both.settle(a!.receipt)
      for (const w of both.workers) await w.enclave.call('applyDeltas', { scAddr: sent.scAddr, deltas: [a!.delta!] })

      const random = await both.record({ scAddr: sent.scAddr, callData: call(Op.random) })
      const [c, d] = await runBoth(random)
      expect(c!.receipt.ok).to.equal(true)
      expect(d!.receipt).to.deep.equal(c!.receipt)
      expect(d!.delta).to.deep.equal(c!.delta)
      expect(d!.signature).not.to.deep.equal(c!.signature)
      both.settle(c!.receipt)
      const [first, other] = await Promise.all(
        [c!, d!].map(async ({ sealedRun }, i) => {
          const w = both.workers[i]!
          return (await w.enclave.call('release', { nonce: await both.showTask(w, random), sealedRun })).result
        })
      )
      expect(other).to.deep.equal(first)
    })

    it('a restart repeats a run byte for byte, randomness included; another task differs', async () => {
      const one = await send(call(Op.random))
      const two = await send(call(Op.random))
      const first = await run(one)
      const again = await run(one)
      const other = await run(two)

      expect(again.receipt).to.deep.equal(first.receipt)
      expect(again.signature).to.deep.equal(first.signature)
      expect(again.delta).to.deep.equal(first.delta)
      expect(other.receipt.outputHash).not.to.equal(first.receipt.outputHash)
      expect(again.sealedRun).not.to.deep.equal(first.sealedRun)
    })
  })

  it('runs two contracts at the same time, and those of one contract one after the other', async () => {
    const spinning: { at: number; scAddr: string }[] = []
    let most = 0
    const { createWasmPool } = await import('../../src/wasm/index.ts')
    const real = createWasmPool({ threads: 2, threadUrl: new URL('../../src/wasm/thread.ts', import.meta.url) })
    const counted = {
      async run(input: Parameters<typeof real.run>[0]) {
        const entry = { at: Date.now(), scAddr: toHex(input.context.scAddr) }
        expect(
          spinning.some(s => s.scAddr === entry.scAddr),
          'the same contract twice'
        ).to.equal(false)
        spinning.push(entry)
        most = Math.max(most, spinning.length)
        try {
          return await real.run(input)
        } finally {
          spinning.splice(spinning.indexOf(entry), 1)
        }
      },
      stop: () => real.stop()
    }
    const member = await startWorker(await localEnclave({ pool: counted }), principal)
    const busy = new TestNetwork(principal, [member])
    const contracts = [
      await busy.record({ code: testContract, callData: utf8('1') }),
      await busy.record({ code: testContract, callData: utf8('2') })
    ]
    for (const contract of contracts) await busy.complete(member, contract)
    const tasks: SentTask[] = []
    for (const { scAddr } of contracts) {
      for (let i = 0; i < 3; i++)
        tasks.push(await busy.record({ scAddr, callData: call(Op.spin), gasLimit: 30_000_000n }))
    }
    const runs = tasks.map(async task =>
      member.enclave.call('run', { nonce: await busy.showTask(member, task), ...task })
    )
    expect((await member.enclave.call('status', {})).runs, 'other calls are answered meanwhile').to.be.lessThan(8)
    const receipts = await Promise.all(runs)
    await real.stop()

    expect(receipts.every(({ receipt }) => receipt.reason === FailureReason.outOfGas)).to.equal(true)
    expect(most).to.equal(2)
  })
})
