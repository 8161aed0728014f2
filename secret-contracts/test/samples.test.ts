import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { Interface } from 'ethers'
import { fromHex, toHex, type Hex } from '@enigma/protocol'
import { FAILURE_REASON, HOST_GAS, type RunSuccess } from '@enigma/enclave-sim/wasm'
import { address, createHarness, failed, sampleSource, succeeded, type Deployed, type Harness } from './harness.ts'

const MAX = 2n ** 256n - 1n

const CALLER = address(0xca11)
const calledBy = (caller: Hex, timeSeconds = 1_700_000_000) => ({
  context: { caller: fromHex(caller), scAddr: new Uint8Array(32), blockNumber: 1n, timeSeconds: BigInt(timeSeconds) }
})

describe('secret-contracts/samples', function () {
  this.timeout(60_000)
  let harness: Harness
  before(async () => void (harness = await createHarness()))
  after(() => harness.stop())

  /** One step of a sample's expected.json, in order; values as text. Without `returns` or `fails` it must only succeed. */
  interface Step {
    readonly call: string
    readonly args: readonly string[]
    readonly from?: Hex
    readonly at?: number // time, in seconds
    readonly returns?: string
    readonly returnsOneOf?: readonly string[]
    readonly fails?: string
    readonly callsBack?: { readonly target: string; readonly function: string; readonly args: readonly string[] }
  }
  /** What may stand before the steps: the constructor's arguments. */
  interface Deployment {
    readonly deploy: readonly string[]
  }

  const names = readdirSync(new URL('../samples/', import.meta.url), { withFileTypes: true }).filter(found =>
    found.isDirectory()
  )
  const valueOf = (text: string): string | boolean => (/^(true|false)$/.test(text) ? text === 'true' : text)

  for (const { name } of names) {
    it(`${name} does what its expected.json says`, async () => {
      const file = readFileSync(new URL(`../samples/${name}/expected.json`, import.meta.url), 'utf8')
      const [first, ...rest] = JSON.parse(file) as [Step | Deployment, ...Step[]]
      const steps = 'deploy' in first ? rest : [first, ...rest]
      const contract = await harness.deploy(sampleSource(name), 'deploy' in first ? [...first.deploy] : [])
      for (const { call, args, from, at, returns, returnsOneOf, fails, callsBack } of steps) {
        const what = `${call}(${args.join(', ')})`
        const result = await contract.call(call, args.map(valueOf), calledBy(from ?? CALLER, at))
        if (fails !== undefined) expect(failed(result)).to.deep.equal({ reason: FAILURE_REASON.REVERT, message: fails })
        else {
          const { output, callback } = succeeded(result)
          const decoded = contract.abi.decodeFunctionResult(call, output)
          const text = decoded.length === 0 ? '' : String(decoded[0]).toLowerCase()
          expect(returnsOneOf ?? [returns ?? text], what).to.include(text)
          if (callsBack) {
            const data = new Interface([`function ${callsBack.function}`]).encodeFunctionData(
              callsBack.function,
              callsBack.args
            )
            expect(callback && { target: toHex(callback.target), data: toHex(callback.data) }, what).to.deep.equal({
              target: callsBack.target,
              data
            })
          }
        }
      }
      expect(steps).not.to.have.length(0)
    })
  }

  describe('calculator', () => {
    let calculator: Deployed
    before(async () => void (calculator = await harness.deploy(sampleSource('calculator'))))

    const results: [string, bigint, bigint, bigint][] = [
      ['add', 2n, 3n, 5n],
      ['add', MAX, 0n, MAX],
      ['sub', 76n, 17n, 59n],
      ['sub', MAX, MAX, 0n],
      ['mul', 76n, 17n, 1292n],
      ['mul', 2n ** 128n - 1n, 2n ** 128n, 2n ** 256n - 2n ** 128n],
      ['div', 1292n, 17n, 76n],
      ['div', MAX, 2n ** 255n - 1n, 2n]
    ]
    for (const [name, a, b, expected] of results) {
      it(`${name}(${a}, ${b}) is ${expected}`, async () => {
        expect(await calculator.value(name, [a, b])).to.equal(expected)
      })
    }

    const failures: [string, bigint, bigint, string][] = [
      ['add', MAX, 1n, 'uint256 overflow in addition'],
      ['sub', 17n, 76n, 'uint256 underflow in subtraction'],
      ['mul', 2n ** 128n, 2n ** 128n, 'uint256 overflow in multiplication'],
      ['div', 1n, 0n, 'division by zero']
    ]
    for (const [name, a, b, message] of failures) {
      it(`${name}(${a}, ${b}) fails with "${message}"`, async () => {
        expect(failed(await calculator.call(name, [a, b]))).to.deep.equal({ reason: FAILURE_REASON.REVERT, message })
      })
    }

    it('changes no state, and answers queries', async () => {
      expect(succeeded(await calculator.call('add', [1n, 1n])).writes.size).to.equal(0)
      expect(await calculator.value('add', [1n, 1n], { readOnly: true })).to.equal(2n)
    })

    it('fits its budget of 10 kB', () => expect(calculator.compiled.codeBytes).to.be.below(10_000))
  })

  describe('flip-coin', () => {
    let coin: Deployed
    before(async () => void (coin = await harness.deploy(sampleSource('flip-coin'))))

    it('shows both sides, about as often, and nothing else', async () => {
      const sides = await Promise.all(Array.from({ length: 200 }, () => coin.value('flip')))
      const ones = sides.filter(side => side === 1n).length

      expect(sides.every(side => side === 0n || side === 1n)).to.equal(true)
      expect(ones).to.be.within(60, 140) // 5.6 standard deviations; the seeds are fixed, so it always is
    })

    it('shows the same side again for the same seed', async () => {
      const seed = new Uint8Array(32).fill(9)
      expect(await coin.value('flip', [], { seed })).to.equal(await coin.value('flip', [], { seed }))
    })

    it('keeps a toss secret until it is guessed, once', async () => {
      expect(failed(await coin.call('guess', [0]))).to.deep.include({ message: 'toss the coin first: call commit()' })
      const { output } = succeeded(await coin.call('commit'))
      expect(output).to.have.length(0)
      expect(failed(await coin.call('guess', [2]))).to.deep.include({ message: 'a coin has the sides 0 and 1' })

      expect(await coin.value('guess', [0])).to.be.a('boolean')
      expect(failed(await coin.call('guess', [1]))).to.deep.include({ reason: FAILURE_REASON.REVERT })
      expect(coin.state.size).to.equal(0)
    })

    it('is guessed right for exactly one side', async () => {
      for (const seed of [1, 2, 3, 4].map(fill => new Uint8Array(32).fill(fill))) {
        await coin.call('commit', [], { seed })
        const zero = await coin.value('guess', [0])
        await coin.call('commit', [], { seed })
        expect(await coin.value('guess', [1])).to.equal(!zero)
      }
    })

    it('keeps the tosses of two players apart', async () => {
      const as = (index: number) => calledBy(address(index))
      await coin.call('commit', [], as(1))
      expect(failed(await coin.call('guess', [0], as(2)))).to.deep.include({ reason: FAILURE_REASON.REVERT })
      expect(succeeded(await coin.call('guess', [0], as(1))).ok).to.equal(true)
    })
  })

  describe('millionaires', () => {
    it('names the richest, and of equals the first', async () => {
      const contract = await harness.deploy(sampleSource('millionaires'))
      expect(failed(await contract.call('computeRichest'))).to.deep.equal({
        reason: FAILURE_REASON.REVERT,
        message: 'nobody has been added yet'
      })
      const steps: [number, bigint, number][] = [
        [1, 1_000_000n, 1],
        [2, 2_000_000n, 2],
        [3, 2_000_000n, 2],
        [4, 0n, 2],
        [5, MAX, 5],
        [6, MAX, 5]
      ]
      for (const [who, worth, richest] of steps) {
        succeeded(await contract.call('addMillionaire', [address(who), worth]))
        expect(BigInt((await contract.value('computeRichest')) as string)).to.equal(BigInt(richest))
      }
    })

    it('costs the same to add to at any length, and ranks hundreds', async () => {
      const contract = await harness.deploy(sampleSource('millionaires'))
      const first = succeeded(await contract.call('addMillionaire', [address(1), 1n]))
      for (let i = 2; i <= 500; i++) await contract.call('addMillionaire', [address(i), BigInt((i * 7919) % 503)])
      const last = succeeded(await contract.call('addMillionaire', [address(501), 1n]))

      expect([...last.writes.keys()]).to.have.length(2)
      const loading = 200n * 501n + (501n * 80n) / 8n // the state is loaded for every run
      expect(last.gasUsed - first.gasUsed < loading + 10_000n).to.equal(true)
      const richest = Array.from({ length: 500 }, (_, i) => i + 1).find(i => (i * 7919) % 503 === 502)
      expect(await contract.value('computeRichest')).to.equal(address(richest!))
    })
  })
  describe('voting', () => {
    const opened = async (): Promise<Deployed> => {
      const contract = await harness.deploy(sampleSource('voting'), [address(0xe74)])
      succeeded(await contract.call('openPoll', [1n, 2_000_000_000n]))
      return contract
    }

    it('costs the same gas and changes as many bytes for a yes as for a no', async () => {
      const cast = async (yes: boolean) => {
        const contract = await opened()
        const first = succeeded(await contract.call('castVote', [1n, yes], calledBy(address(1))))
        const second = succeeded(await contract.call('castVote', [1n, yes], calledBy(address(2))))
        const bytes = ({ writes }: RunSuccess) => [...writes].map(([key, value]) => [key.length, value?.length])
        return [first.gasUsed, second.gasUsed, bytes(first), bytes(second)]
      }
      expect(await cast(true)).to.deep.equal(await cast(false))
    })

    it('asks Ethereum with gas that its bound allows, and pays for it', async () => {
      const contract = await opened()
      const { callback, gasUsed } = succeeded(await contract.call('castVote', [1n, true]))
      expect(callback!.gas).to.equal(100_000)
      expect(Number(gasUsed)).to.be.greaterThan(100_000 * HOST_GAS.callback.perEthereumGas)
      expect(gasUsed < 100_000_000n, 'within the default gas limit of a client').to.equal(true)
    })

    it('votes for nobody in a query', async () => {
      const contract = await opened()
      expect(failed(await contract.call('castVote', [1n, true], { readOnly: true }))).to.include({
        reason: FAILURE_REASON.READ_ONLY
      })
    })
  })
})
