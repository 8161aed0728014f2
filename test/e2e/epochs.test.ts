import { expect } from 'chai'
import type { ScAddr } from '@enigma/protocol'
import { connectAs, sample } from './support/actors.ts'
import { commitOf } from './support/commits.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { testEpochSize, useSharedDevnet } from './support/shared-devnet.ts'

describe('e2e: a contract across epochs', () => {
  const shared = useSharedDevnet()
  let ledger: Ledger
  before(() => (ledger = new Ledger(shared().devnet)))
  after(() => ledger.close())

  it('keeps its state while its seats change, whichever worker answers', async function () {
    this.timeout(300_000)
    const { devnet, nextUser } = shared()
    const user = nextUser()
    const client = await connectAs(devnet, user)
    const artifact = sample('millionaires')
    const scAddr = (await whileMining(
      devnet,
      client.deploy(artifact, []).then(task => task.result())
    )) as ScAddr
    const writers = new Set<string>()
    const call = async (name: string, args: readonly unknown[]): Promise<{ value: unknown; operator: string }> => {
      const task = await whileMining(devnet, client.compute(scAddr, artifact.abi, name, args))
      const value = await whileMining(devnet, task.result())
      return { value, operator: (await commitOf(ledger, task.taskId)).operator }
    }

    // Seats are drawn anew every epoch: with three equal workers seat 0 is another's than before with a probability of two thirds. The one
    // of the first epoch stays the richest, so that a state which is lost shows; and a worker answers that did not hear of it at first.
    const richest = `0x${'1'.padStart(40, '0')}`
    let epochs = 0
    let last = -1
    let answer: { value: unknown; operator: string } | undefined
    let first: string | undefined
    while (epochs < 3 || ((writers.size < 2 || answer?.operator === first) && epochs < 20)) {
      await mineUntil(devnet, async () => (await ledger.epoch()) > last, 4 * testEpochSize)
      last = await ledger.epoch()
      const who = `0x${(epochs + 1).toString(16).padStart(40, '0')}`
      const { operator } = await call('addMillionaire', [who, BigInt(1_000_000 - 1_000 * epochs)])
      first ??= operator
      writers.add(operator)
      answer = await call('computeRichest', [])
      expect(answer.value, `after ${epochs + 1} epochs`).to.equal(richest)
      epochs += 1
    }

    expect(writers.size, 'workers that wrote the state').to.be.at.least(2)
    expect(answer!.operator, 'who answered last').to.not.equal(first)
    client.close()
  })
})
