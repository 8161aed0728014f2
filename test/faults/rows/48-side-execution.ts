import { Op, call, refusal, testContract } from '@enigma/enclave-sim/testing'
import { hash, utf8 } from '@enigma/protocol'
import { must, type Row } from '../row.ts'
import { enclaveNetwork } from '../support/enclaves.ts'

/** A host feeds its enclave inputs that are on no chain, settled already, of another task, or at another head, and wants the output. */
export const row: Row = {
  number: 48,
  name: 'replayed or omitted task input: side execution',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 1_000 },
  async run({ random, times }) {
    const { net, stop } = await enclaveNetwork(1)
    const worker = net.workers[0]!
    const codes = new Map<string, number>()
    const refuse = async (what: string, attempt: Promise<unknown>): Promise<void> => {
      const code = await refusal(attempt)
      must(/^[A-Z]+_[A-Z_]+$/.test(code), `${what}: ${code}`)
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    try {
      const deployed = await net.record({ code: testContract, callData: utf8('hello') })
      await net.complete(worker, deployed)
      for (let i = 0; i < times; i++) {
        const done = await net.record({ scAddr: deployed.scAddr, callData: call(Op.set, random.bytes(8)) })
        const { sealedRun } = await net.complete(worker, done)
        const open = await net.record({ scAddr: deployed.scAddr, callData: call(Op.get) })
        const nonce = await net.showTask(worker, open)
        const run = (task: typeof open, change: object = {}): Promise<unknown> =>
          worker.enclave.call('run', { nonce, taskId: task.taskId, envelope: task.envelope, after: [], ...change })

        await refuse('a settled task again', run(done, { nonce: await net.showTask(worker, done) }))
        await refuse("another task's input", run(open, { envelope: done.envelope }))
        await refuse('a task that no view names', run(done))
        await refuse(
          'an unknown view',
          run(open, { nonce: hash(`0x${Buffer.from(random.bytes(32)).toString('hex')}`) })
        )

        const { receipt, sealedRun: early } = await worker.enclave.call('run', {
          nonce,
          taskId: open.taskId,
          envelope: open.envelope,
          after: []
        })
        const again = await net.showTask(worker, open)
        await refuse('an output before its receipt', worker.enclave.call('release', { nonce: again, sealedRun: early }))
        net.settle({ ...receipt, gasUsed: receipt.gasUsed + 1n }) // another receipt for this task is on chain
        const other = await net.showTask(worker, open)
        await refuse('an output of another receipt', worker.enclave.call('release', { nonce: other, sealedRun: early }))
        await refuse(
          'an output with the view of another task',
          worker.enclave.call('release', { nonce: other, sealedRun })
        )
      }
    } finally {
      await stop()
    }
    return `outputs 0 of ${7 * times} attempts: ${[...codes].map(([code, n]) => `${code} ${n}`).join(', ')}`
  }
}
