import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { StepStatus } from '@enigma/protocol'
import { openDatabase } from '../src/ops/database.ts'
import { addressOf } from './memory-chain.ts'
import { until } from './net/network-kit.ts'
import { fill } from './ops/known-values.ts'

const main = join(import.meta.dirname, '../src/main.ts')

/** The executable itself, before it has a chain. */
describe('worker/main', function () {
  this.timeout(60_000)
  let folder: string
  let child: ChildProcess | undefined
  let out: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'enigma-main-'))
    writeFileSync(join(folder, 'key'), `${'11'.repeat(32)}\n`, { mode: 0o600 })
    out = ''
  })
  afterEach(async () => {
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  })

  const start = (...more: string[]): Promise<[number | null]> => startWith([], ...more)

  function startWith(nodeFlags: readonly string[], ...more: string[]): Promise<[number | null]> {
    const flags = { enigma: addressOf('enigma'), 'data-dir': join(folder, 'data'), 'http-port': '0' }
    const args = Object.entries({ ...flags, 'operator-key-file': join(folder, 'key') }).flatMap(([k, v]) => [
      `--${k}`,
      v
    ])
    child = spawn(process.execPath, [...nodeFlags, main, ...args, ...more], {
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (out += chunk.toString()))
    return once(child, 'exit') as Promise<[number | null]>
  }
  const url = (): string =>
    (JSON.parse(readFileSync(join(folder, 'data/runtime.json'), 'utf8')) as { httpUrl: string }).httpUrl
  const stepOf = async (): Promise<StepStatus> =>
    ((await (await fetch(`${url()}/status`)).json()) as { steps: StepStatus[] }).steps[0]!

  it('waits for an Ethereum node that is not there, says so, and stops with 0 when it is told to', async () => {
    const exit = start('--chain-url', 'http://127.0.0.1:1')
    const waits = (): Promise<boolean> => stepOf().then(step => step.code === 'WAITS_FOR_CHAIN', () => false) // prettier-ignore
    await until('it answers', waits, 30_000)
    expect(await stepOf()).to.include({ name: 'start', state: 'waiting' })
    expect((await stepOf()).hint).to.contain('--chain-url')
    await until('it has tried, and tries on', () => out.includes('could not look for the chain'), 30_000)
    expect(child!.exitCode).to.equal(null)
    child!.kill('SIGTERM')
    expect((await exit)[0], out).to.equal(0)
    const db = await openDatabase(join(folder, 'data/db')) // nobody holds its lock
    await db.close()
  })

  it('ends in order with 1 when something breaks that nobody foresaw, and says so in its log', async () => {
    const file = JSON.stringify(join(folder, 'data/runtime.json'))
    const later = `import { existsSync } from 'node:fs'
      setInterval(() => { if (existsSync(${file})) throw new Error('nobody foresaw this') }, 50)`
    const breaks = ['--import', `data:text/javascript,${encodeURIComponent(later)}`]
    const [code] = await startWith(breaks, '--chain-url', 'http://127.0.0.1:1', '--log-format', 'json')
    expect(code, out).to.equal(1)
    const lines = out.trim().split('\n').map(line => JSON.parse(line) as { level: string; error?: string }) // prettier-ignore
    expect(lines.find(({ level }) => level === 'error')?.error).to.equal('nobody foresaw this')
    const db = await openDatabase(join(folder, 'data/db'))
    await db.close()
  })

  it('ends with 0 when it is told to before it has loaded itself', async () => {
    const hook = `import { registerHooks } from 'node:module'
      registerHooks({ resolve(name, context, next) {
        if (name.endsWith('run-node.ts')) {
          process._rawDebug('loading')
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500) // time for the signal
        }
        return next(name, context)
      } })`
    const exit = startWith(
      ['--import', `data:text/javascript,${encodeURIComponent(hook)}`],
      '--chain-url',
      'http://127.0.0.1:1'
    )
    await until('it loads', () => out.includes('loading'), 30_000)
    child!.kill('SIGTERM')
    expect((await exit)[0], out).to.equal(0)
  })

  it('keeps its young heap small however it was started, unless told otherwise', async () => {
    const says = ['--import', 'data:text/javascript,console.log(`flags ${process.execArgv[0]}`)']
    const flagsWith = async (...nodeFlags: string[]): Promise<readonly string[]> => {
      out = ''
      await startWith([...nodeFlags, ...says], '--max-peers', '1')
      expect(out).to.contain('code=WORKER_CONFIG')
      return [...out.matchAll(/^flags (.*)$/gm)].map(([, flag]) => flag!)
    }
    expect(await flagsWith()).to.deep.equal(['--import', '--max-semi-space-size=8'])
    expect(await flagsWith('--max-semi-space-size=4')).to.deep.equal(['--max-semi-space-size=4'])
  })

  it('says which setting is wrong, and ends with 2', async () => {
    const [code] = await start('--max-peers', '1')
    expect(code).to.equal(2)
    expect(out).to.contain('max-peers').and.to.contain('code=WORKER_CONFIG')
  })

  it('comes up on a database over which LevelDB would end it, and says so in its log, its status and its metrics', async () => {
    const path = join(folder, 'data/db')
    await fill(path)
    const name = readdirSync(path).find(file => file.endsWith('.ldb'))!
    const table = readFileSync(join(path, name))
    table[1]! ^= 16 // damaged-tables.test.ts
    writeFileSync(join(path, name), table)
    const exit = start('--chain-url', 'http://127.0.0.1:1')
    await until('it waits for a chain', () => stepOf().then(step => step.code === 'WAITS_FOR_CHAIN', () => false), 30_000) // prettier-ignore
    const { alarms } = (await (await fetch(`${url()}/status`)).json()) as { alarms: { code: string; message: string; hint: string }[] } // prettier-ignore
    const alarm = alarms.find(({ code }) => code === 'STORE_REPAIRED')
    expect(alarm?.message).to.contain(name).and.to.contain('db.damaged-1')
    expect(alarm?.hint).to.contain('Check disk and memory')
    expect(out).to.contain('code=STORE_REPAIRED').and.to.contain(name)
    expect(await (await fetch(`${url()}/metrics`)).text()).to.match(/^enigma_store_repairs_total\S* 1$/m)
    expect(readFileSync(join(folder, 'data/db.damaged-1', name)).equals(table)).to.equal(true)
    child!.kill('SIGTERM')
    expect((await exit)[0], out).to.equal(0)
  })

  it('ends with 1 when another process has its data folder, and leaves that one alone', async () => {
    mkdirSync(join(folder, 'data'), { mode: 0o700 })
    const held = await openDatabase(join(folder, 'data/db'))
    const [code] = await start('--chain-url', 'http://127.0.0.1:1')
    expect(code).to.equal(1)
    expect(out).to.contain('code=STORE_LOCKED')
    await held.close()
  })
})
