import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { claimPort } from '../src/port-claims.ts'

const MODULE = pathToFileURL(join(import.meta.dirname, '../src/port-claims.ts')).href

describe('devnet/port-claims', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'enigma-claims-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Another process that claims a port, says how that went, and stays until its input ends. */
  async function another(port: number): Promise<{ said: string; end: (signal?: NodeJS.Signals) => Promise<void> }> {
    const script = `import { claimPort } from ${JSON.stringify(MODULE)}
      console.log(claimPort(${port}, ${JSON.stringify(folder)})); process.stdin.resume()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    return {
      said: said.toString().trim(),
      async end(signal) {
        if (signal) child.kill(signal)
        else child.stdin.end()
        await exit
      }
    }
  }

  it('keeps a port for one process at a time, and lets it go with it', async () => {
    const first = await another(20_001)
    expect(first.said).to.equal('true')
    expect(claimPort(20_001, folder)).to.equal(false)
    expect(claimPort(20_002, folder)).to.equal(true)
    const second = await another(20_002)
    expect(second.said).to.equal('false')
    await Promise.all([first.end(), second.end()])
    expect(readdirSync(folder)).to.deep.equal(['20002'])
    expect(claimPort(20_001, folder)).to.equal(true)
  })

  it('gives a port to others that a process kept which was killed', async () => {
    const first = await another(20_003)
    await first.end('SIGKILL')
    expect([claimPort(20_003, folder), claimPort(20_003, folder)]).to.deep.equal([false, true])
  })
})
