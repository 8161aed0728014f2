import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { build } from 'esbuild'
import { assemble } from './assemble.ts'

const run = promisify(execFile)
const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** What the enclave's bundle does with the pool, as a program of its own; prints one line of JSON. */
const MAIN = `
  import { readFileSync } from 'node:fs'
  import { createWasmPool } from '@enigma/enclave-sim/wasm'
  import { runInput } from '@enigma/enclave-sim/wasm-testing'
  const pool = createWasmPool({ threadUrl: new URL('./thread.mjs', import.meta.url) })
  const modules = process.argv.slice(2).map(hex => new Uint8Array(Buffer.from(hex, 'hex')))
  const results = []
  for (let round = 0; round < 25; round++) {
    for (const result of await Promise.all(modules.map(code => pool.run(runInput(code, { gasLimit: 1_000_000_000n }))))) {
      results.push(result.ok ? 0 : result.reason)
    }
  }
  await pool.stop()
  let confined
  try { readFileSync('/etc/passwd'); confined = 'no' } catch (error) { confined = error.code }
  console.log(JSON.stringify({ results, peakMiB: process.resourceUsage().maxRSS / 1024, confined }))`

describe('wasm as a bundle under the permission model', function () {
  this.timeout(120_000)
  let directory: string
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'enigma-bundle-'))
    await build({
      stdin: { contents: MAIN, resolveDir: source('.'), loader: 'js' },
      outfile: join(directory, 'main.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent'
    })
    await build({
      entryPoints: [source('../../src/wasm/thread.ts')],
      outfile: join(directory, 'thread.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent'
    })
  })
  after(() => rm(directory, { recursive: true }))

  /** As the enclave is started: no files but its own, no child processes, no eval. */
  async function enclave(modules: Uint8Array[]): Promise<{ results: number[]; peakMiB: number; confined: string }> {
    const flags = [
      '--permission',
      `--allow-fs-read=${directory}`,
      '--allow-worker',
      '--disallow-code-generation-from-strings'
    ]
    const args = modules.map(code => Buffer.from(code).toString('hex'))
    const { stdout } = await run(process.execPath, ['--no-warnings', ...flags, join(directory, 'main.mjs'), ...args], {
      env: {},
      timeout: 100_000
    })
    return JSON.parse(stdout) as { results: number[]; peakMiB: number; confined: string }
  }

  it('runs contracts from two files, with nothing else readable', async () => {
    const { results, confined } = await enclave([assemble({ call: [] }), assemble({ call: ['unreachable'] })])
    expect(results).to.deep.equal(Array.from({ length: 25 }, () => [0, 5]).flat())
    expect(confined).to.equal('ERR_ACCESS_DENIED')
  })

  it('stays below 300 MiB whatever the contracts do with memory, tables and the stack', async () => {
    const fill = ['i32.const 0', 'i32.const 1', 'memory.size', 'i32.const 16', 'i32.shl', 'memory.fill']
    const bombs = [
      assemble({ memory: [128], call: fill }),
      assemble({
        memory: [1, 65_536],
        call: ['loop', 'i32.const 1', 'memory.grow', 'i32.const -1', 'i32.ne', 'br_if 0', 'end', ...fill]
      }),
      assemble({ table: [4096], memory: [128], call: fill }),
      assemble({ functions: [{ type: '->', locals: 'i64 '.repeat(500), body: ['call 0'] }], call: ['call 0'] }),
      assemble({
        functions: [
          {
            type: `${'i64 '.repeat(64)}->`,
            body: [...Array.from({ length: 64 }, (_, i) => `local.get ${i}`), 'call 0']
          }
        ],
        call: [...Array<string>(64).fill('i64.const 1'), 'call 0']
      })
    ]
    const { results, peakMiB } = await enclave(bombs)
    expect(results).to.deep.equal(Array.from({ length: 25 }, () => [0, 0, 0, 4, 4]).flat())
    expect(peakMiB).to.be.below(300)
  })
})
