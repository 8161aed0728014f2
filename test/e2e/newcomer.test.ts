import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { chromium } from 'playwright-core'

const root = join(import.meta.dirname, '../..')
const enigma = join(root, 'cli/src/main.ts')
const chromiumPath = process.env.ENIGMA_CHROMIUM ?? '/usr/bin/chromium'
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/** The path of a newcomer, in a folder and with a network of its own. */
describe('e2e: a newcomer', function () {
  this.timeout(240_000)
  const home = mkdtempSync(join(tmpdir(), 'enigma-newcomer-'))
  const project = join(home, 'my-dapp')
  const env = { ...process.env, ENIGMA_HOME: join(home, 'home'), ENIGMA_DEVNET_PORTS: 'any', NODE_NO_WARNINGS: '1' }

  async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => void (err += chunk.toString()))
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code, `${args.join(' ')}\n${out}\n${err}`).to.equal(0)
    return out.trim()
  }

  after(async () => {
    await run(home, enigma, 'stop').catch(() => undefined)
    rmSync(home, { recursive: true, force: true })
  })

  it('has a first private result after four commands', async () => {
    await run(home, enigma, 'start')
    await run(home, enigma, 'init', 'my-dapp')
    expect(await run(project, enigma, 'migrate')).to.match(/^secret-max {2}0x[0-9a-f]{64}$/m)
    await run(project, enigma, 'call', 'secret-max', 'bid', '2500000')
  })

  it('runs the unit test and the client script of the project as they are', async () => {
    expect(await run(project, enigma, 'test')).to.contain('2 passing')
    // With whatever Node.js the machine has: the command of the project finds the one that it needs.
    const path = (process.env.PATH ?? '').split(':').filter(folder => !folder.startsWith(join(root, 'tools/node')))
    const { stdout } = await promisify(execFile)('npm', ['test'], {
      cwd: project,
      env: { ...env, PATH: path.join(':') }
    })
    expect(stdout).to.contain('2 passing')
    const { testAccount } = JSON.parse(readFileSync(join(project, 'deployed.json'), 'utf8')) as {
      testAccount: { address: string }
    }
    const answer = await run(project, join(project, 'client/bid.mjs'), '3000000')
    expect(answer.split('\n').at(-1)!.toLowerCase()).to.equal(testAccount.address.toLowerCase())
  })

  it('bids from the page of the project', async () => {
    const serving = spawn(process.execPath, [enigma, 'page'], {
      cwd: project,
      env,
      stdio: ['ignore', 'pipe', 'inherit']
    })
    try {
      const browser = await chromium.launch({ executablePath: chromiumPath, args: flags })
      try {
        const page = await browser.newPage()
        await page.goto(await urlOf(serving))
        const status = page.getByRole('status')
        await status.filter({ hasText: 'Ready.' }).waitFor()
        await page.getByLabel('Your secret bid').fill('4000000')
        await page.getByRole('button', { name: 'Bid' }).click()
        await status.filter({ hasText: /The highest bid is that of 0x/ }).waitFor({ timeout: 90_000 })
      } finally {
        await browser.close()
      }
    } finally {
      const ended = once(serving, 'exit')
      serving.kill()
      await ended
    }
  })

  it('is told what is wrong: a folder in use, a folder that is no project', async () => {
    const refused = async (cwd: string, ...args: string[]): Promise<string> =>
      run(cwd, enigma, ...args).then(
        () => 'not refused',
        (error: Error) => error.message
      )
    expect(await refused(home, 'init', 'my-dapp')).to.contain('is not empty')
    expect(await refused(home, 'migrate')).to.contain('is no project')
  })
})

async function urlOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface(stdout!)) {
    const found = /the page is at (http:\S+)/.exec(line)?.[1]
    if (found !== undefined) return found
  }
  throw new Error('the page was never served')
}
