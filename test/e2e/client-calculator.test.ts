import { expect } from 'chai'
import { EnigmaError, MAX_BYTECODE_BYTES, type ScAddr } from '@enigma/protocol'
import { TaskFailedError, type EnigmaClient, type TaskProgress } from 'enigma-js'
import { connectAs, sample } from './support/actors.ts'
import { Ledger } from './support/ledger.ts'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

const FEE = 100_000_000n // gasLimit * gasPx where nothing else is said

/** The same module with a custom section behind it, which is skipped: so many bytes in all. */
function padded(wasm: Uint8Array, bytes: number): Uint8Array {
  const size = bytes - wasm.length - 4 // a section's id, and its size in three bytes
  const length = [(size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14]
  const section = new Uint8Array(size) // its name is empty
  return Buffer.concat([wasm, Uint8Array.of(0, ...length), section])
}

describe('e2e: a calculator, called with encrypted numbers', function () {
  this.timeout(180_000)
  const shared = useSharedDevnet()
  const { wasm, abi } = sample('calculator')
  let client: EnigmaClient
  let ledger: Ledger
  let scAddr: ScAddr

  before(async () => {
    const { devnet, nextUser } = shared()
    client = await connectAs(devnet, nextUser())
    ledger = new Ledger(devnet)
    const task = await whileMining(devnet, client.deploy({ wasm, abi }, []))
    scAddr = await whileMining(devnet, task.result())
  })
  after(() => {
    client.close()
    ledger.close()
  })

  const send = (name: string, a: bigint, b: bigint, options = {}) =>
    whileMining(shared().devnet, client.compute(scAddr, abi, name, [a, b], options))
  const answer = async (name: string, a: bigint, b: bigint): Promise<unknown> =>
    whileMining(shared().devnet, (await send(name, a, b)).result())

  it('subtracts and multiplies', async () => {
    expect(await answer('sub', 76n, 17n)).to.equal(59n)
    expect(await answer('mul', 76n, 17n)).to.equal(1292n)
  })

  it('is deployed with 512 KiB of bytecode too, the most there may be; one byte more is refused before anything is paid', async () => {
    const { devnet } = shared()
    const large = (bytes: number) => ({ wasm: padded(wasm, bytes), abi })
    const deploy = async (bytes: number): Promise<ScAddr> =>
      whileMining(devnet, (await whileMining(devnet, client.deploy(large(bytes), []))).result())
    const at = await deploy(MAX_BYTECODE_BYTES)
    const task = await whileMining(devnet, client.compute(at, abi, 'add', [76n, 17n]))
    expect(await whileMining(devnet, task.result())).to.equal(93n)

    const before = await ledger.balance(client.address!)
    const refusal = await deploy(MAX_BYTECODE_BYTES + 1).then(
      () => null,
      (error: unknown) => error
    )
    expect(refusal).to.be.instanceOf(EnigmaError)
    expect(String((refusal as EnigmaError).message)).to.match(/bytecode|bytes/)
    expect((refusal as EnigmaError).hint).to.be.a('string').and.not.be.empty
    expect(await ledger.balance(client.address!)).to.equal(before)
  })

  it('answers through a handle whose functions are those of the ABI', async () => {
    const calculator = client.contract(scAddr, [
      {
        type: 'function',
        name: 'add',
        inputs: [
          { name: 'a', type: 'uint256' },
          { name: 'b', type: 'uint256' }
        ],
        outputs: [{ name: '', type: 'uint256' }]
      }
    ])

    const sum: bigint = await whileMining(shared().devnet, calculator.call.add(2n ** 200n, 1n))

    expect(sum).to.equal(2n ** 200n + 1n)
  })

  it('tells every stage once, in order, and takes only the fee for the gas that was used', async () => {
    const before = await ledger.balance(client.address!)
    const live: string[] = []
    const task = await send('add', 1n, 2n, { onStage: ({ stage }: TaskProgress) => live.push(stage) })
    expect(live).to.deep.equal(['encrypted', 'delivered', 'recorded'])

    const stages: string[] = []
    const watch = async (): Promise<void> => {
      for await (const { stage } of task.events) stages.push(stage)
    }
    await whileMining(shared().devnet, watch())

    const all = ['encrypted', 'delivered', 'recorded', 'accepted', 'executing', 'committed', 'verified', 'final']
    expect(stages).to.deep.equal(all)
    const { settlement } = await client.getTask(task.taskId)
    if (settlement === null || settlement.outcome !== 'verified') throw new Error('it was not verified')
    expect(settlement.gasUsed).to.be.greaterThan(0n)
    expect(before - (await ledger.balance(client.address!))).to.equal(settlement.gasUsed)
  })

  it('gives a trace to whoever asked for it, and to nobody else, for the same gas', async () => {
    const { devnet, nextUser } = shared()
    const settled = async (options: object) => {
      const task = await send('mul', 6n, 7n, options)
      await whileMining(devnet, task.result())
      return client.inspect(task.taskId)
    }
    const plain = await settled({})
    const traced = await settled({ trace: true })
    const gasOf = ({ settlement }: { settlement: unknown }) => (settlement as { gasUsed: bigint }).gasUsed

    expect([plain.trace, plain.log]).to.deep.equal([null, []])
    expect(traced.trace!.events.map(({ call }) => call)).to.include('output_set')
    expect(traced.trace!.gasUsed).to.equal(Number(gasOf(traced)))
    expect(gasOf(traced)).to.equal(gasOf(plain))
    const stranger = await connectAs(devnet, nextUser())
    try {
      const seen = await stranger.inspect(traced.taskId)
      expect([seen.trace, seen.log, seen.answer?.outputHash]).to.deep.equal([null, null, traced.answer!.outputHash])
    } finally {
      stranger.close()
    }
  })

  const failures: [string, string, bigint, bigint, RegExp][] = [
    ['a division by zero', 'div', 1n, 0n, /divi/i],
    ['an overflow', 'mul', 2n ** 255n, 2n, /overflow/i],
    ['an underflow', 'sub', 17n, 76n, /overflow|underflow/i]
  ]
  for (const [what, name, a, b, reason] of failures) {
    it(`ends ${what} with a reason that the requester can read, and the unused fee back`, async () => {
      const before = await ledger.balance(client.address!)
      const task = await send(name, a, b)

      const error: unknown = await whileMining(shared().devnet, task.result()).catch((thrown: unknown) => thrown)

      expect(error).to.be.instanceOf(TaskFailedError)
      const { facts } = error as TaskFailedError
      if (facts.code !== 'TASK_FAILED') throw error
      expect(facts.readable).to.match(reason)
      expect(facts.gasUsed).to.be.greaterThan(0n)
      expect(before - (await ledger.balance(client.address!))).to.equal(FEE - facts.refunded)
      expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptFailed'])
    })
  }

  it('shows the reason of a failure to nobody but the requester', async () => {
    const { devnet, nextUser } = shared()
    const task = await send('div', 1n, 0n)
    const stranger = await connectAs(devnet, nextUser())
    try {
      const seen: TaskProgress[] = []
      const watch = async (): Promise<void> => {
        for await (const progress of stranger.watchTask(task.taskId)) seen.push(progress)
      }
      await whileMining(devnet, watch())

      const { stage, error } = seen.at(-1)!
      expect(stage).to.equal('failed')
      expect(error!.facts).to.deep.include({ code: 'TASK_FAILED', readable: null })
      expect((error!.facts as { reason: number }).reason).to.be.greaterThan(0)
    } finally {
      stranger.close()
    }
  })
})
