import { expect } from 'chai'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { randomOf } from '@enigma/faults'
import { ZERO_HASH, nextHead, toHex, type Hash, type TaskId } from '@enigma/protocol'
import { enigmaInterface } from '../../src/chain/enigma-abi.ts'
import { decodeEvent } from '../../src/chain/events.ts'
import { Projection } from '../../src/chain/projection.ts'
import { CHAIN_FACTS, addressOf, asScAddr, hashOf } from '../memory-chain.ts'

/** What the index may cost a task (docs/spec/task-machine.md). */
const MOST_BYTES = 1_024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

describe('chain/projection', () => {
  const random = randomOf(7)
  const anyHash = (): Hash => toHex(random.bytes(32)) as Hash
  const scAddr = asScAddr('contract')
  const [sender, operator] = [addressOf('user'), addressOf('alice')]

  /** As JSON-RPC gives a log: strings of its own. */
  function logged(name: string, values: Readonly<Record<string, unknown>>): Parameters<typeof decodeEvent>[0] {
    const fragment = enigmaInterface.getEvent(name)!
    const fields = fragment.inputs.map(input => values[input.name])
    return JSON.parse(JSON.stringify(enigmaInterface.encodeEventLog(fragment, fields))) as never
  }

  /** @returns the id of one of them */
  function follow(projection: Projection, tasks: number): TaskId {
    const apply = (name: string, values: Readonly<Record<string, unknown>>, block: number): void => {
      projection.apply(decodeEvent(logged(name, values))!, { block, time: 1_800_000_000 + block, logIndex: block % 7 })
    }
    apply('SecretContractDeployed', { scAddr, codeHash: hashOf('code'), operator }, 1)
    let one = '' as TaskId
    for (let i = 0; i < tasks; i++) {
      const taskId = anyHash() as string as TaskId
      const input = { codeHash: ZERO_HASH, inputHash: anyHash(), gasLimit: 10_000_000n, gasPx: 1n }
      apply('TaskRecordCreated', { taskId, sender, scAddr, kind: 1, epoch: 3, ...input }, 2 + i)
      const deltaHash = anyHash()
      const headHash = nextHead(projection.contract(scAddr)!.headHash, deltaHash)
      const hashes = { deltaHash, outputHash: anyHash(), headHash, receiptDigest: anyHash() }
      const deltaCount = projection.contract(scAddr)!.deltaCount + 1
      apply('ReceiptVerified', { taskId, scAddr, operator, deltaCount, gasUsed: 42_000n, ...hashes }, 3 + i)
      if (i === 17) one = taskId
    }
    return one
  }

  it('keeps every task with its settlement, in less than a kilobyte each', () => {
    const tasks = 4_000
    follow(new Projection(CHAIN_FACTS), 500) // what is made at the first use
    const projection = new Projection(CHAIN_FACTS)
    collect()
    const before = process.memoryUsage().heapUsed
    const one = follow(projection, tasks)
    collect()
    const each = (process.memoryUsage().heapUsed - before) / tasks
    expect(projection.inconsistentAt).to.equal(null)
    expect(each).to.be.lessThan(MOST_BYTES)
    const task = projection.task(one)!
    expect([task.sender, task.scAddr, task.settlement?.operator]).to.deep.equal([sender, scAddr, operator])
    expect(projection.tasksByInput(task.inputHash)).to.deep.equal([task])
    expect(projection.contract(scAddr)!.deltaCount).to.equal(tasks)
  })
})
