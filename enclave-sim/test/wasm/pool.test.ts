import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Hex } from '@enigma/protocol'
import { createWasmPool, FAILURE_REASON, WasmError, type WasmPool } from '../../src/wasm/index.ts'
import type { RunInput } from '../../src/wasm/run-types.ts'
import { assemble } from './assemble.ts'
import { execute, runInput, THREAD_URL } from './support.ts'

const ENDLESS = assemble({ call: ['loop', 'br 0', 'end'] })
const QUICK = assemble({
  imports: ['input_copy', 'input_length', 'output_set'],
  call: ['i32.const 0', 'call 0', 'i32.const 0', 'call 1', 'call 2']
})
const MAX = 1_000_000_000n

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'resolved'
  } catch (error) {
    if (error instanceof WasmError) return error.code
    throw error
  }
}

/** The endless loop as no seat runs it: without a meter. */
const UNMETERED = ENDLESS.join()

/** A thread that answers, hangs, dies or runs out of memory as its call data says: what a broken engine would do. */
const misbehavingThread = (): URL =>
  new URL(
    'data:text/javascript,' +
      encodeURIComponent(`
        import { parentPort } from 'node:worker_threads'
        parentPort.on('message', ({ callData, gasLimit }) => {
          const what = String.fromCharCode(...callData)
          if (what === 'hang') for (;;) {}
          if (what === 'loop') new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(${UNMETERED}))).exports.call()
          if (what === 'exit') process.exit(0)
          if (what === 'throw') throw new Error('secret 42')
          if (what === 'fault') return parentPort.postMessage({ fault: 'WASM_THREAD_MEMORY' })
          if (what === 'memory') { const all = []; for (;;) all.push(new Array(1e5).fill(Math.random())) }
          parentPort.postMessage({ result: { ok: true, gasUsed: gasLimit } })
        })`)
  )

describe('wasm/pool', function () {
  this.timeout(60_000)
  const pools: WasmPool[] = []
  const pool = (init: Partial<Parameters<typeof createWasmPool>[0]> = {}): WasmPool => {
    const created = createWasmPool({ threadUrl: THREAD_URL, ...init })
    pools.push(created)
    return created
  }
  afterEach(() => Promise.all(pools.splice(0).map(each => each.stop())))

  const input = (text: string, change: Partial<RunInput> = {}): RunInput =>
    runInput(QUICK, { callData: new TextEncoder().encode(text), ...change })

  it('gives the results of a direct run, from every thread', async () => {
    const all = pool()
    const expected = execute(QUICK, { callData: Uint8Array.of(1, 2, 3) })

    const results = await Promise.all(
      Array.from({ length: 20 }, () => all.run(runInput(QUICK, { callData: Uint8Array.of(1, 2, 3) })))
    )
    for (const result of results) expect(result).to.deep.equal(expected)
    expect(expected).to.deep.include({ ok: true, output: Uint8Array.of(1, 2, 3) })
  })

  it('moves the state there and the writes back', async () => {
    const code = assemble({
      imports: ['state_read', 'state_write'],
      call: [
        'i32.const 0',
        'i32.const 2',
        'i32.const 100',
        'i32.const 9',
        'call 0',
        'drop',
        'i32.const 1',
        'i32.const 2',
        'i32.const 100',
        'i32.const 3',
        'call 1'
      ]
    })
    const state = new Map([
      ['0x0000', Uint8Array.of(7, 8, 9)],
      ['0x01', new Uint8Array(0)]
    ] as const)
    const result = await pool().run(runInput(code, { state }))

    // key 0000 is read to 100; key 0000 again gets the same value: no change
    expect(result).to.deep.include({ ok: true, writes: new Map() })
    const other = assemble({
      imports: ['state_write'],
      data: [[0, Uint8Array.of(0xab, 0xcd)]],
      call: ['i32.const 0', 'i32.const 2', 'i32.const 1', 'i32.const 1', 'call 0']
    })
    expect(await pool().run(runInput(other, { state }))).to.deep.include({
      writes: new Map([['0xabcd', Uint8Array.of(0xcd)]])
    })
    expect([...state.keys()]).to.deep.equal(['0x0000', '0x01'])
  })

  it('does not touch what the caller gave, nor keep it', async () => {
    const shared = new Uint8Array(64).fill(1)
    const run = input('x', { seed: shared.subarray(0, 32), callData: shared.subarray(32, 34) })
    await pool().run(run)
    expect(shared).to.deep.equal(new Uint8Array(64).fill(1))
  })

  it('runs many short ones beside a long one, more than it has threads for', async () => {
    const all = pool({ threadUrl: misbehavingThread(), timeoutMs: 3000 })
    let longDone = false
    const long = codeOf(all.run(input('hang'))).finally(() => (longDone = true))
    const short = await Promise.all(Array.from({ length: 30 }, (_, i) => all.run(input(`n${i}`))))

    expect(short.every(({ ok }) => ok)).to.equal(true)
    expect(longDone).to.equal(false)
    expect(await long).to.equal('WASM_THREAD_TIMEOUT')
  })

  it('ends an endless loop with the highest gas limit long before the wall clock', async () => {
    const result = await pool().run(runInput(ENDLESS, { gasLimit: MAX }))
    expect(result).to.include({ reason: FAILURE_REASON.OUT_OF_GAS, gasUsed: MAX })
  })

  for (const [what, code] of [
    ['hang', 'WASM_THREAD_TIMEOUT'],
    ['loop', 'WASM_THREAD_TIMEOUT'],
    ['exit', 'WASM_THREAD_FAULT'],
    ['throw', 'WASM_THREAD_FAULT'],
    ['fault', 'WASM_THREAD_MEMORY'],
    ['memory', 'WASM_THREAD_MEMORY']
  ] as const) {
    it(`rejects with ${code} when its thread does "${what}", and goes on with a new one`, async () => {
      const all = pool({ threadUrl: misbehavingThread(), timeoutMs: code === 'WASM_THREAD_TIMEOUT' ? 3_000 : 20_000 })
      const [bad, good] = await Promise.all([codeOf(all.run(input(what))), all.run(input('fine'))])

      expect(bad).to.equal(code)
      expect(good.ok).to.equal(true)
      for (let i = 0; i < 4; i++) expect((await all.run(input('fine'))).ok).to.equal(true)
    })
  }

  it('never shows the text of a thread error, which may hold secrets', async () => {
    const all = pool({ threadUrl: misbehavingThread() })
    const error = await all.run(input('throw')).catch((cause: Error) => cause)
    expect((error as Error).message).not.to.include('secret')
  })

  it('fails runs, and does not spin, when the thread file is missing', async () => {
    const all = pool({ threadUrl: new URL('./no-such-file.ts', import.meta.url) })
    for (let i = 0; i < 3; i++) expect(await codeOf(all.run(input('x')))).to.equal('WASM_THREAD_FAULT')
  })

  it('refuses runs that break its contract, before anything runs', async () => {
    const all = pool()
    const bad: Partial<RunInput>[] = [
      { codeHash: new Uint8Array(31) },
      { codeHash: new Uint8Array(32) }, // not the code's
      { gasLimit: MAX + 1n },
      { gasLimit: -1n },
      { seed: new Uint8Array(16) },
      { entry: '_initialize' as 'call' },
      { context: { caller: new Uint8Array(19), scAddr: new Uint8Array(32), blockNumber: 0n, timeSeconds: 0n } },
      { context: { caller: new Uint8Array(20), scAddr: new Uint8Array(32), blockNumber: 1n << 64n, timeSeconds: 0n } },
      { state: new Map([['0x', new Uint8Array(1)]]) },
      { state: new Map([['0x0', new Uint8Array(1)]]) },
      { state: new Map([['0000' as '0x', new Uint8Array(1)]]) },
      { state: new Map([['0xzz', new Uint8Array(1)]]) },
      { state: new Map<Hex, Uint8Array>([[`0x${'00'.repeat(257)}`, new Uint8Array(1)]]) },
      { state: new Map([['0x00', new Uint8Array(65_537)]]) }
    ]
    for (const change of bad)
      expect(await codeOf(all.run(runInput(QUICK, change))), Object.keys(change)[0]).to.equal('WASM_BAD_RUN')
  })

  it('bounds the runs that wait', async () => {
    const all = pool({ threads: 1, maxQueued: 3 })
    const runs = Array.from({ length: 6 }, () => codeOf(all.run(input('x'))))
    expect(await Promise.all(runs)).to.deep.equal([
      'resolved',
      'resolved',
      'resolved',
      'resolved',
      'WASM_POOL_FULL',
      'WASM_POOL_FULL'
    ])
  })

  it('rejects what runs, waits or comes when it stops', async () => {
    const all = pool({ threads: 1 })
    const running = codeOf(all.run(runInput(ENDLESS, { gasLimit: MAX })))
    const waiting = codeOf(all.run(input('x')))
    await all.stop()
    expect([await running, await waiting, await codeOf(all.run(input('x')))]).to.deep.equal(
      Array(3).fill('WASM_POOL_STOPPED')
    )
  })

  it('keeps no process alive while it is idle', async () => {
    const program = `
      import { createWasmPool, THREAD_URL } from ${JSON.stringify(new URL('../../src/wasm/index.ts', import.meta.url).href)}
      createWasmPool({ threads: 2, threadUrl: THREAD_URL })`
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 15_000 // kills it and rejects
    })
    expect(stderr).to.equal('')
  })
})
