import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { Interface } from 'ethers'
import { fromHex, toHex } from '@enigma/protocol'
import { createWasmPool, THREAD_URL } from '@enigma/enclave-sim/wasm'
import { createTestNetwork, type TestContract, type TestNetwork } from '../src/index.ts'
import { failedRun, failureOf, sample } from './support.ts'

const MAX = 2n ** 256n - 1n

describe('testing: the samples', function () {
  this.timeout(60_000)
  let enigma: TestNetwork
  before(async () => void (enigma = await createTestNetwork()))
  after(() => enigma.stop())

  describe('calculator', () => {
    let calculator: TestContract
    before(async () => void (calculator = await enigma.deploy(await sample('calculator'))))

    it('computes, as a task and as a query', async () => {
      expect(await calculator.call.mul(76n, 17n)).to.equal(1292n)
      expect(await calculator.query.sub(76n, 17n)).to.equal(59n)
      expect(await calculator.view.add(2, 3)).to.equal(5n)
      expect(calculator.last).to.include({ name: 'add', kind: 'query', failure: null })
    })

    for (const [name, a, b, readable] of [
      ['add', MAX, 1n, 'uint256 overflow in addition'],
      ['sub', 17n, 76n, 'uint256 underflow in subtraction'],
      ['div', 1n, 0n, 'division by zero']
    ] as const) {
      it(`${name}(${a}, ${b}) fails with "${readable}" and the gas it used`, async () => {
        const failure = await failureOf(calculator.call[name](a, b, { gasLimit: 5_000_000 }))
        expect(failure).to.include({ code: 'TASK_FAILED', reason: 6, reasonName: 'revert', readable })
        expect(failure.message).to.equal(`The task failed (revert): ${readable}`)
        expect(failure.gasUsed > 10_000n && failure.gasUsed < 5_000_000n).to.equal(true)
        expect(failure.refunded).to.equal(5_000_000n - failure.gasUsed)
        expect(calculator.last.failure?.facts.gasUsed).to.equal(failure.gasUsed)
      })
    }

    it('takes the gas that the engine of an enclave takes for the same run', async () => {
      const { wasmPath, abi, codeHash } = await sample('calculator')
      await calculator.call.div(MAX, 3n)
      const pool = createWasmPool({ threads: 1, threadUrl: THREAD_URL })
      try {
        const result = await pool.run({
          code: new Uint8Array(await readFile(wasmPath)),
          codeHash: fromHex(codeHash),
          entry: 'call',
          callData: fromHex(new Interface(abi as never).encodeFunctionData('div', [MAX, 3n])),
          gasLimit: 1_000_000_000n,
          readOnly: false,
          context: { caller: new Uint8Array(20), scAddr: new Uint8Array(32), blockNumber: 7n, timeSeconds: 8n },
          seed: new Uint8Array(32),
          state: new Map()
        })
        expect(calculator.last.gasUsed).to.equal(result.gasUsed)
      } finally {
        await pool.stop()
      }
    })
  })

  describe('flip-coin', () => {
    it('shows both sides in tasks and in queries, and the same ones with the same seed', async () => {
      const sides = async (seed: string): Promise<string> => {
        const network = await createTestNetwork({ seed })
        try {
          const coin = await network.deploy(await sample('flip-coin'))
          const shown: unknown[] = []
          for (let i = 0; i < 24; i++) shown.push(await (i % 2 ? coin.call : coin.query).flip())
          return shown.join('')
        } finally {
          await network.stop()
        }
      }
      const first = await sides('one')
      expect(first)
        .to.match(/^[01]{24}$/)
        .and.include('0')
        .and.include('1')
      expect(await sides('one')).to.equal(first)
      expect(await sides('two')).not.to.equal(first)
    })

    it('keeps a toss for its player only, once', async () => {
      const coin = await enigma.deploy(await sample('flip-coin'))
      const [alice, bob] = [enigma.account(1), enigma.account(2)]
      await coin.call.commit({ from: alice })
      expect(coin.last.writes.size).to.equal(1)

      const missing = await failureOf(coin.call.guess(0, { from: bob }))
      expect(missing.readable).to.equal('toss the coin first: call commit()')
      expect(await coin.call.guess(0, { from: alice })).to.be.a('boolean')
      expect((await failureOf(coin.call.guess(0, { from: alice.address }))).reasonName).to.equal('revert')
    })

    it('refuses to write in a query', async () => {
      const coin = await enigma.deploy(await sample('flip-coin'))
      expect(await failureOf(coin.query.commit())).to.include({ reason: 8, reasonName: 'readOnly', refunded: 0n })
    })
  })

  describe('millionaires', () => {
    it('names the richest of those added so far', async () => {
      const contract = await enigma.deploy(await sample('millionaires'))
      expect((await failureOf(contract.query.computeRichest())).readable).to.equal('nobody has been added yet')

      const [poor, rich] = [enigma.account(1).address, enigma.account(2).address]
      await contract.call.addMillionaire(poor, 1_000_000n)
      expect(await contract.call.computeRichest()).to.equal(poor)
      await contract.call.addMillionaire(rich, 2_000_000n)
      expect(await contract.query.computeRichest()).to.equal(rich)
    })

    it('costs the state that was loaded, as in a network', async () => {
      const contract = await enigma.deploy(await sample('millionaires'))
      await contract.call.addMillionaire(enigma.account(0).address, 1n)
      await contract.query.computeRichest()
      const one = contract.last.gasUsed
      await contract.call.addMillionaire(enigma.account(1).address, 1n)
      expect([...contract.last.writes.keys()].every(key => toHex(fromHex(key)) === key)).to.equal(true)
      await contract.query.computeRichest()
      expect(contract.last.gasUsed > one).to.equal(true)
    })
  })
  describe('voting', () => {
    const CALLS = new Interface([
      'function validatePollEnd(uint256 pollId, uint64 end)',
      'function validateCastVote(uint256 pollId)',
      'function validateTallyPoll(uint256 pollId, uint256 tally)'
    ])

    it('is undone, but paid, when Ethereum refuses its callback', async () => {
      const polls = new Map<bigint, boolean>([[1n, true]])
      const calls: unknown[][] = []
      const network = await createTestNetwork({
        ethereum({ data, scAddr }) {
          const call = CALLS.parseTransaction({ data: toHex(data) })!
          calls.push([call.name, ...(call.args as unknown[]), scAddr])
          return polls.get(call.args[0] as bigint) ?? false
        }
      })
      try {
        const voting = await network.deploy(await sample('voting'), [network.account(9).address])
        const { scAddr } = voting
        const end = BigInt(network.timeSeconds + 60)
        await voting.call.openPoll(1n, end)
        await voting.call.castVote(1n, true, { from: network.account(1) })
        await voting.call.castVote(1n, false, { from: network.account(2) })
        polls.set(1n, false)
        const { facts: late } = await failedRun(voting.call.castVote(1n, true, { from: network.account(3) }))
        expect(late).to.include({ code: 'TASK_CALLBACK_FAILED', callbackFailure: 3 })
        expect(late.gasUsed > 10_000_000n, 'the gas of the callback is paid').to.equal(true)
        expect(voting.last.writes.size).to.equal(0)
        expect(await voting.query.hasVoted(1n, { from: network.account(3) })).to.equal(false)
        polls.set(1n, true)
        expect((await failureOf(voting.call.tallyPoll(1n))).readable).to.equal('the poll is not over')
        network.setTime(Number(end) + 1)
        await voting.call.tallyPoll(1n)
        expect(calls).to.deep.equal([
          ['validatePollEnd', 1n, end, scAddr],
          ['validateCastVote', 1n, scAddr],
          ['validateCastVote', 1n, scAddr],
          ['validateCastVote', 1n, scAddr],
          ['validateTallyPoll', 1n, 50n, scAddr]
        ])
      } finally {
        await network.stop()
      }
    })
  })
})
