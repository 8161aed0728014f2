import { expect } from 'chai'
import {
  TaskStatus,
  ZERO_HASH,
  address,
  deltaCodec,
  deltaHashOf,
  nextHead,
  openOutput,
  runDigestOf,
  utf8,
  type Receipt,
  type TaskId,
  type TaskView
} from '@enigma/protocol'
import { Op, call, callBackTo, testContract } from '../support/contract.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

describe('calls/run: ahead of the chain (R7)', () => {
  let net: TestNetwork<LocalEnclave>
  let worker: Member<LocalEnclave>
  let deployed: SentTask
  let deployment: Uint8Array

  beforeEach(async () => {
    const principal = await startPrincipal(await localEnclave())
    worker = await startWorker(await localEnclave(), principal)
    net = new TestNetwork(principal, [worker])
    deployed = await net.record({ code: testContract, callData: utf8('hello') })
    deployment = (await net.complete(worker, deployed)).delta!
  })
  after(stopPool)

  const send = (callData: Uint8Array) => net.record({ scAddr: deployed.scAddr, callData, gasLimit: 100_000_000n })
  const set = (text: string) => send(call(Op.set, utf8(text)))
  const get = () => send(call(Op.get))
  const view = (tasks: readonly SentTask[], member = worker) =>
    net.show(member, [{ scAddr: deployed.scAddr, taskIds: tasks.map(t => t.taskId) }])

  /** Runs the last of the tasks after the others, all of them in one view. */
  async function runAfter(tasks: readonly SentTask[], member = worker) {
    const last = tasks.at(-1)!
    const nonce = await view(tasks, member)
    return member.enclave.call('run', { nonce, ...last, after: tasks.slice(0, -1).map(t => t.taskId) })
  }
  /** Runs tasks one ahead of the other. */
  async function runAll(tasks: readonly SentTask[]) {
    const done = []
    for (let i = 1; i <= tasks.length; i++) done.push(await runAfter(tasks.slice(0, i)))
    return done
  }
  const taskOf = ({ taskId }: { taskId: TaskId }): TaskView =>
    net.contracts.get(deployed.scAddr)!.tasks.find(t => t.taskId === taskId)!
  function change(sent: SentTask, facts: Partial<TaskView>): void {
    const contract = net.contracts.get(deployed.scAddr)!
    const tasks = contract.tasks.map(t => (t.taskId === sent.taskId ? { ...t, ...facts } : t))
    net.contracts.set(deployed.scAddr, { ...contract, tasks })
  }
  async function output(sent: SentTask, { receipt, sealedRun }: { receipt: Receipt; sealedRun: Uint8Array }) {
    const { result } = await worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun })
    const { sender, gasLimit } = taskOf(sent)
    const digest = runDigestOf({ ...DOMAIN, ...receipt, sender, gasLimit })
    return new TextDecoder().decode(openOutput(sent.cek, digest, result))
  }

  it('chains a batch on its own unsettled runs, each on the state the one before left', async () => {
    const tasks = [await set('one'), await get(), await set('two'), await send(call(Op.divide)), await get()]
    const done = await runAll(tasks)
    const { headHash } = net.contracts.get(deployed.scAddr)!
    const afterOne = nextHead(headHash, deltaHashOf(done[0]!.delta!))
    const afterTwo = nextHead(afterOne, deltaHashOf(done[2]!.delta!))

    expect(done.map(({ receipt }) => receipt.prevHead)).to.deep.equal([
      headHash,
      afterOne,
      afterOne,
      afterTwo,
      afterTwo
    ])
    expect(done.map(({ receipt }) => receipt.ok)).to.deep.equal([true, true, true, false, true])
    expect(deltaCodec.decode(done[2]!.delta!)).to.include({ index: 2, prevHead: afterOne })
    for (const { receipt } of done) net.settle(receipt)
    expect(await output(tasks[1]!, done[1]!)).to.equal('one')
    expect(await output(tasks[4]!, done[4]!)).to.equal('two')
    await worker.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas: [done[0]!.delta!, done[2]!.delta!] })
    const last = await get()
    expect(await output(last, await net.complete(worker, last)), 'and the chain goes on from there').to.equal('two')
  })

  it('gives the receipts that a seat gives which waits for each to be settled', async () => {
    const second = await startWorker(await localEnclave(), net.principal)
    const both = net.continued(net.principal, [worker, second])
    let sent: SentTask
    do sent = await both.record({ code: testContract, callData: utf8('both') })
    while (both.workers.some(w => both.claims(w, [{ scAddr: sent.scAddr, taskIds: [] }]).length === 0))
    net = both
    deployed = sent
    const first = (await both.complete(worker, sent)).delta!
    await both.show(second, [{ scAddr: sent.scAddr, taskIds: [] }])
    if ((await second.enclave.call('stateTip', { scAddr: sent.scAddr })).deltaCount === 0)
      await second.enclave.call('applyDeltas', { scAddr: sent.scAddr, deltas: [first] })
    const tasks = [await send(call(Op.random)), await send(call(Op.random)), await send(call(Op.random))]
    const ahead = await runAll(tasks)
    for (const [i, task] of tasks.entries()) {
      const waited = await both.complete(second, task)
      expect(waited.receipt).to.deep.equal(ahead[i]!.receipt)
      expect(waited.delta).to.deep.equal(ahead[i]!.delta)
    }
  })

  it('releases nothing of a run ahead before the chain has its receipt', async () => {
    const tasks = [await set('one'), await get()]
    const [first, second] = await runAll(tasks)
    const { sealedRun } = second!
    const release = async () => refusal(worker.enclave.call('release', { nonce: await view(tasks), sealedRun }))
    expect(await release()).to.equal('ENCLAVE_NOT_RELEASED')
    net.settle(first!.receipt)
    expect(await release()).to.equal('ENCLAVE_NOT_RELEASED')
  })

  describe('signs nothing', () => {
    const attempt = async (tasks: readonly SentTask[], member = worker) => refusal(runAfter(tasks, member))

    it('after a task that it has not run, or ran somewhere else', async () => {
      const [one, two, three] = [await set('one'), await set('two'), await get()]
      expect(await attempt([one, three]), 'not run').to.equal('ENCLAVE_NOT_AHEAD')
      await runAll([one, two])
      expect(await attempt([two, three]), 'it ran two after one').to.equal('ENCLAVE_NOT_AHEAD')
      expect(await attempt([two, one, three]), 'in another order').to.equal('ENCLAVE_NOT_AHEAD')
      expect(await attempt([one, two, three])).to.equal('not refused')
    })

    it('after a task that is settled, refunded, or out of time', async () => {
      const [one, two] = [await set('one'), await get()]
      await runAll([one])
      for (const status of [
        TaskStatus.RecordUndefined,
        TaskStatus.ReceiptVerified,
        TaskStatus.ReceiptFailed,
        TaskStatus.ReceiptFailedETH,
        TaskStatus.ReceiptFailedReturn
      ]) {
        change(one, { status })
        expect(await attempt([one, two]), `status ${status}`).to.equal('ENCLAVE_NOT_AHEAD')
      }
      change(one, { status: TaskStatus.RecordCreated })
      expect(await attempt([one, two])).to.equal('not refused')
      change(two, { recordBlock: net.block + 22 })
      net.block += 22
      expect(await attempt([one, two]), 'its time is over').to.equal('ENCLAVE_NOT_AHEAD')
    })

    it('after a task that a reorganisation moved into another record', async () => {
      const [one, two] = [await set('one'), await get()]
      await runAll([one])
      const record = taskOf(one)
      const other = address(`0x${'0d'.repeat(20)}`)
      const changes: Partial<TaskView>[] = [
        { recordBlock: record.recordBlock - 1 },
        { recordTime: record.recordTime + 1 },
        { sender: other },
        { inputHash: ZERO_HASH },
        { gasLimit: 1n },
        { kind: 0 },
        { epoch: record.epoch - 1 }
      ]
      for (const facts of changes) {
        change(one, { ...record, ...facts })
        expect(await attempt([one, two]), JSON.stringify(Object.keys(facts))).to.equal('ENCLAVE_NOT_AHEAD')
      }
      change(one, record)
      expect(await attempt([one, two])).to.equal('not refused')
    })

    it('after a receipt that lost: the head moved by another one', async () => {
      const [one, other, two] = [await set('one'), await set('other'), await get()]
      await runAll([one])
      net.settle((await runAfter([other])).receipt)

      expect(await attempt([one, two])).to.equal('ENCLAVE_NOT_AHEAD')
    })

    it('past a callback', async () => {
      const [one, two] = [await send(callBackTo(address(`0x${'7a'.repeat(20)}`), utf8('data'), 1000)), await get()]
      const [done] = await runAll([one])
      expect(done!.receipt.ok).to.equal(true)

      expect(await attempt([one, two])).to.equal('ENCLAVE_NOT_AHEAD')
    })

    it('after a task twice, after itself, or one that the view does not name for this contract', async () => {
      const [one, two] = [await get(), await get()]
      await runAll([one])
      const other = await net.record({ code: testContract, callData: utf8('x') })
      const nonce = await net.show(worker, [
        { scAddr: deployed.scAddr, taskIds: [two.taskId, one.taskId] },
        { scAddr: other.scAddr, taskIds: [other.taskId] }
      ])
      const run = (after: TaskId[], at = nonce) => refusal(worker.enclave.call('run', { nonce: at, ...two, after }))

      expect(await run([one.taskId, one.taskId])).to.equal('ENCLAVE_NOT_AHEAD')
      expect(await run([two.taskId])).to.equal('ENCLAVE_NOT_AHEAD')
      expect(await run([other.taskId])).to.equal('ENCLAVE_NOT_AHEAD')
      expect(await run([one.taskId], await view([two]))).to.equal('ENCLAVE_NOT_AHEAD')
      expect(await run([one.taskId])).to.equal('not refused')
    })

    it('on a state that was dropped, is behind, or was led astray', async () => {
      const { scAddr } = deployed
      const [one, two] = [await set('one'), await get()]
      const [done] = await runAll([one])
      await worker.enclave.call('applyDeltas', { scAddr, deltas: [done!.delta!] }) // not on chain
      expect(await attempt([one, two])).to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      await worker.enclave.call('dropState', { scAddr })
      expect(await attempt([one, two]), 'nothing loaded, nothing held').to.equal('ENCLAVE_NOT_AHEAD')
      await worker.enclave.call('applyDeltas', { scAddr, deltas: [deployment] })
      expect(await attempt([one, two]), 'held runs went with the state').to.equal('ENCLAVE_NOT_AHEAD')
      await runAll([one])
      expect(await attempt([one, two])).to.equal('not refused')
    })

    it('after runs of its life before a restart, or of another enclave', async () => {
      const [one, two] = [await set('one'), await get()]
      await runAll([one])
      const restarted = await startWorker(await localEnclave({ folder: worker.enclave.folder }), net.principal)
      await view([one], restarted)
      await restarted.enclave.call('loadCode', { bytecode: testContract })
      await restarted.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas: [deployment] })

      expect(await attempt([one, two], restarted)).to.equal('ENCLAVE_NOT_AHEAD')
    })

    it('with the view of an earlier run in which a task of the batch was open still, once that view is old', async () => {
      const [one, two] = [await set('one'), await get()]
      await runAll([one])
      const nonce = await view([one, two])
      worker.enclave.clock.monotonicMs += 61_000

      const run = worker.enclave.call('run', { nonce, ...two, after: [one.taskId] })
      expect(await refusal(run)).to.equal('ENCLAVE_VIEW_UNKNOWN')
    })
  })
})
