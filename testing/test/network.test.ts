import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { MAX_GAS, MAX_QUERY_GAS } from '@enigma/protocol'
import type { TaskFailure as ClientTaskFailure } from 'enigma-js'
import { createTestNetwork, type TaskFailure, type TestContract, type TestNetwork } from '../src/index.ts'
import { codeOfRefusal, failureOf, probe } from './support.ts'

describe('testing: the network', function () {
  this.timeout(60_000)
  let enigma: TestNetwork
  let contract: TestContract
  beforeEach(async () => {
    enigma = await createTestNetwork({ now: 1_800_000_000, block: 100 })
    contract = await enigma.deploy(await probe(), [7n])
  })
  afterEach(() => enigma.stop())

  const kept = (index = 0): Promise<unknown> => contract.query.keptOf(enigma.account(index).address)

  it('keeps state between tasks, and drops what a failed task wrote', async () => {
    await contract.call.keep(8n)
    expect(await kept()).to.equal(8n)
    expect(contract.last.writes.size).to.equal(0)
    expect((await failureOf(contract.call.keep(500n))).readable).to.equal('that is too much')
    expect(contract.last.writes.size).to.equal(0)
    expect(await kept()).to.equal(8n)
  })

  it('reports a failed deployment like a failed task', async () => {
    expect(await failureOf(enigma.deploy(await probe(), [0n]))).to.include({
      reasonName: 'revert',
      readable: 'begin with something'
    })
    expect(enigma.last).to.include({ name: 'constructor', kind: 'deploy' })
  })

  it('shows the log of a run', async () => {
    await contract.call.keep(8n)
    expect(contract.last.logs.map(entry => new TextDecoder().decode(entry))).to.deep.equal(['kept'])
  })

  it('records each task in the next block, and answers queries in the last', async () => {
    expect([await contract.query.block(), await contract.query.time()]).to.deep.equal([101n, 1_800_000_001n])
    expect(await contract.call.block()).to.equal(102n)
    enigma.mine(10)
    expect(await contract.query.block()).to.equal(112n)
    enigma.setTime(1_900_000_000)
    expect(await contract.call.time()).to.equal(1_900_000_000n)
    expect(await contract.call.time()).to.equal(1_900_000_001n)
    expect(await codeOfRefusal(() => enigma.setTime(1_800_000_000))).to.equal('TESTING_OPTION')
  })

  it('goes back to a snapshot, as often as asked', async () => {
    const snapshot = enigma.snapshot()
    const thrown: unknown[] = []
    for (let i = 0; i < 2; i++) {
      await contract.call.keep(50n)
      thrown.push(await contract.call.dice())
      const later = await enigma.deploy(await probe(), [1n])
      enigma.revert(snapshot)
      expect(await kept()).to.equal(7n)
      expect(await codeOfRefusal(() => later.call.keep(1n))).to.equal('TESTING_NO_CONTRACT')
    }
    expect(thrown[0]).to.equal(thrown[1])
    enigma.setSeed('another')
    expect(await contract.call.dice()).not.to.equal(thrown[0])
  })

  it('runs tasks in the order in which they were sent', async () => {
    await Promise.all([1n, 2n, 3n].map(value => contract.call.keep(value)))
    expect(await kept()).to.equal(3n)
    expect(enigma.block).to.equal(104)
  })

  it('ends a run at its gas limit, which is then all used, and goes on', async () => {
    expect(await failureOf(contract.call.spin({ gasLimit: 1_000_000n }))).to.include({
      reasonName: 'outOfGas',
      gasUsed: 1_000_000n,
      refunded: 0n
    })
    expect(await kept()).to.equal(7n)
  })

  it('has the limits of a network', async () => {
    for (const [kind, gasLimit] of [
      ['call', MAX_GAS + 1n],
      ['query', MAX_QUERY_GAS + 1n],
      ['call', 0],
      ['call', 1.5]
    ] as const) {
      expect(await codeOfRefusal(() => contract[kind].block({ gasLimit }))).to.equal('GAS_OUT_OF_RANGE')
    }
    expect(await contract.call.block({ gasLimit: MAX_GAS })).to.equal(102n)
    expect(await codeOfRefusal(() => contract.call.echo('x'.repeat(64 * 1024)))).to.equal('PROTOCOL_TOO_LARGE')
    expect(await failureOf(enigma.deploy({ wasm: new Uint8Array(8), abi: [] }))).to.include({
      reasonName: 'invalidCode'
    })
  })

  it('shows what a run calls on Ethereum', async () => {
    await contract.call.callEthereum(enigma.account(5).address)

    expect(contract.last.callback).to.deep.include({ gas: 50_000, data: new Uint8Array(4) })
    expect(contract.last.failure).to.equal(null)
  })

  it('refuses a wrong name, wrong arguments and a wrong sender, each by its code', async () => {
    expect(await codeOfRefusal(() => contract.call.kep(1n))).to.equal('ABI_FUNCTION')
    expect(await codeOfRefusal(() => contract.call.keep('a secret'))).to.equal('ABI_ARGUMENT')
    expect(await codeOfRefusal(() => contract.call.keep())).to.equal('ABI_ARGUMENT')
    expect(await codeOfRefusal(() => contract.call.keep(1n, { from: 'alice' }))).to.equal('TESTING_OPTION')
    expect(enigma.block).to.equal(101)
  })

  it('fails with what the client library throws, field by field', async () => {
    const mine: TaskFailure = await failureOf(contract.call.keep(500n))
    const theirs: Extract<ClientTaskFailure, { code: 'TASK_FAILED' }> = mine // the types are one, or this does not compile
    expect(theirs.reason).to.equal(6)
  })

  it('knows the types of an ABI that is given as a constant', async () => {
    const { wasmPath } = await probe()
    const abi = [
      { type: 'constructor', inputs: [{ name: 'first', type: 'uint256' }] },
      {
        type: 'function',
        name: 'echo',
        inputs: [{ name: 'text', type: 'string' }],
        outputs: [{ name: '', type: 'string' }]
      }
    ] as const
    const typed = await enigma.deploy({ wasm: new Uint8Array(await readFile(wasmPath)), abi }, [1n])
    const text: string = await typed.call.echo('hello', { from: enigma.account(3) })
    expect(text).to.equal('hello')
    // @ts-expect-error a number is no string
    expect(await codeOfRefusal(() => typed.query.echo(5))).to.equal('ABI_ARGUMENT')
  })
})
