import { expect } from 'chai'
import {
  MAX_GENERATIONS,
  MAX_VIEW_CONTRACTS,
  deltaCodec,
  openOutput,
  runDigestOf,
  scAddr,
  utf8
} from '@enigma/protocol'
import { Op, call, testContract } from '../support/contract.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

describe('generations of state keys (R9)', () => {
  let principal: Member<LocalEnclave>
  let worker: Member<LocalEnclave>
  let net: TestNetwork<LocalEnclave>
  let deployed: SentTask
  let deltas: Uint8Array[]

  beforeEach(async () => {
    principal = await startPrincipal(await localEnclave())
    worker = await startWorker(await localEnclave(), principal)
    net = new TestNetwork(principal, [worker])
    deployed = await net.record({ code: testContract, callData: utf8('first') })
    deltas = [(await net.complete(worker, deployed)).delta!]
  })
  after(stopPool)

  const send = (callData: Uint8Array) => net.record({ scAddr: deployed.scAddr, callData })
  const set = async (text: string): Promise<number> => {
    const { delta } = await net.complete(worker, await send(call(Op.set, utf8(text))))
    deltas.push(delta!)
    return deltaCodec.decode(delta!).generation
  }
  async function get(member = worker): Promise<string> {
    const sent = await send(call(Op.get))
    const { receipt, sealedRun } = await net.complete(member, sent)
    const { result } = await member.enclave.call('release', { nonce: await net.showTask(member, sent), sealedRun })
    const { sender, gasLimit } = net.contracts.get(sent.scAddr)!.tasks.find(t => t.taskId === sent.taskId)!
    const text = openOutput(sent.cek, runDigestOf({ ...DOMAIN, ...receipt, sender, gasLimit }), result)
    return new TextDecoder().decode(text)
  }
  const rotate = () => net.principal.enclave.call('rotateGeneration', {})

  it('rotate: the next epoch writes under another key, and old deltas are read with their own', async () => {
    expect(await set('zero')).to.equal(0)
    expect(await rotate()).to.deep.equal({ generation: 1 })
    expect(await set('still zero'), 'before the epoch is on chain').to.equal(0)
    await net.nextEpoch()
    expect(await set('one')).to.equal(1)
    await rotate()
    await rotate()
    await net.nextEpoch()
    expect(await set('three')).to.equal(3)
    expect(await get()).to.equal('three')

    await worker.enclave.call('dropState', { scAddr: deployed.scAddr })
    await worker.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas })
    expect(await get(), 'replayed over all generations').to.equal('three')
  })

  it("survive a restart of the principal in between, and of the worker's enclave", async () => {
    await rotate()
    const again = await startPrincipal(await localEnclave({ folder: principal.enclave.folder }))
    const restarted = await startWorker(await localEnclave({ folder: worker.enclave.folder }), again)
    net = net.continued(again, [restarted])
    worker = restarted
    await net.nextEpoch()
    expect(net.generation).to.equal(1)
    await net.show(worker, [{ scAddr: deployed.scAddr, taskIds: [] }])
    await worker.enclave.call('loadCode', { bytecode: testContract })
    await worker.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas })
    expect(await set('after')).to.equal(1)
    expect(await get()).to.equal('after')
  })

  it("run a task of an earlier epoch with that epoch's key", async () => {
    const early = await send(call(Op.set, utf8('early')))
    await rotate()
    await net.nextEpoch()
    const done = await net.complete(worker, early)

    expect(deltaCodec.decode(done.delta!).generation).to.equal(0)
    expect(await get()).to.equal('early')
  })

  it('give every seat the same receipt across a rotation', async () => {
    await rotate()
    await net.nextEpoch()
    const second = await startWorker(await localEnclave(), principal)
    const other = net.continued(principal, [worker, second])
    let sent: SentTask
    do sent = await other.record({ code: testContract, callData: utf8('both') })
    while (other.workers.some(w => other.claims(w, [{ scAddr: sent.scAddr, taskIds: [] }]).length === 0))
    const [a, b] = await Promise.all(
      other.workers.map(async w => w.enclave.call('run', { nonce: await other.showTask(w, sent), ...sent }))
    )

    expect(b!.receipt).to.deep.equal(a!.receipt)
    expect(deltaCodec.decode(a!.delta!).generation).to.equal(1)
  })

  it('keep a generation that is not on chain from every worker', async () => {
    await rotate()
    await net.nextEpoch()
    await set('one')
    // Somebody whose view is from before the rotation: its grant ends with the view's generation.
    const restarted = await startWorker(await localEnclave({ folder: worker.enclave.folder }), principal)
    const { scAddr } = deployed
    await net.show(restarted, [{ scAddr, taskIds: [] }], { view: v => ({ ...v, generation: 0 }) })
    await restarted.enclave.call('applyDeltas', { scAddr, deltas: deltas.slice(0, 1) })

    expect(await refusal(restarted.enclave.call('applyDeltas', { scAddr, deltas: deltas.slice(1) }))).to.equal(
      'ENCLAVE_NO_STATE_KEY'
    )
  })

  it('run nothing for a view in which a task of the current epoch has another generation', async () => {
    await rotate()
    await net.nextEpoch()
    for (const generation of [0, 2]) {
      const sent = await send(call(Op.get))
      const contract = net.contracts.get(sent.scAddr)!
      const tasks = contract.tasks.map(t => (t.taskId === sent.taskId ? { ...t, generation } : t))
      net.contracts.set(sent.scAddr, { ...contract, tasks })
      const nonce = await net.showTask(worker, sent)
      expect(await refusal(worker.enclave.call('run', { nonce, ...sent }))).to.equal('ENCLAVE_TASK_REFUSED')
    }
  })

  it('end at 128, and a full grant of them fits its message', async () => {
    for (let i = 1; i < MAX_GENERATIONS; i++) expect((await rotate()).generation).to.equal(i)
    expect(await refusal(rotate())).to.equal('ENCLAVE_FULL')
    await net.nextEpoch()
    const contracts = Array.from({ length: MAX_VIEW_CONTRACTS }, (_, i) => ({
      scAddr: scAddr(`0x${i.toString(16).padStart(64, '0')}`),
      taskIds: []
    }))
    await net.show(worker, contracts)
    for (const { scAddr } of contracts)
      expect((await worker.enclave.call('stateTip', { scAddr })).hasKey).to.equal(true)
    const beyond = net.show(worker, contracts, { view: v => ({ ...v, generation: MAX_GENERATIONS }) })
    expect(await refusal(beyond)).to.equal('ENCLAVE_VIEW_REFUSED')
  })

  it('are the business of a principal alone', async () => {
    expect(await refusal(worker.enclave.call('rotateGeneration', {}))).to.equal('ENCLAVE_WRONG_ROLE')
  })
})
