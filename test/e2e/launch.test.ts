import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function launch(flags: readonly string[], home: string): Promise<Outcome> {
  return new Promise(resolve => {
    execFile(
      join(root, 'launch.sh'),
      flags,
      { cwd: root, env: { ...process.env, ENIGMA_HOME: home }, timeout: 240_000 },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
      }
    )
  })
}

/** The default ports of a devnet with three workers (docs/spec/protocol.md, Defaults). */
const ports = [8545, 3336, 3346, 3356, 3366, 10300, 10301, 10302, 10303, 8081, 8082]

const isOpen = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

const openPorts = async (): Promise<number[]> => {
  const open = await Promise.all(ports.map(isOpen))
  return ports.filter((_, i) => open[i])
}

describe('e2e: launch.sh', () => {
  let home: string
  before(() => (home = mkdtempSync(join(tmpdir(), 'enigma-launch-'))))
  after(async function () {
    this.timeout(60_000)
    await launch(['-q'], home)
    rmSync(home, { recursive: true, force: true })
  })

  it('says without -s that there is no SGX device, and exits 2', async () => {
    const { code, stderr } = await launch([], home)
    expect(code).to.equal(2)
    expect(stderr)
      .to.match(/SGX device/)
      .and.match(/launch\.sh -s/)
  })

  for (const flags of [['-n', '0', '-s'], ['-n', '10', '-s'], ['-x'], ['-s', 'extra']]) {
    it(`refuses "${flags.join(' ')}" with the usage, and exits 2`, async () => {
      const { code, stderr } = await launch(flags, home)
      expect(code).to.equal(2)
      expect(stderr).to.include('usage:')
    })
  }

  it('-s -d starts everything on the documented ports, a second start is refused, -q leaves nothing', async function () {
    this.timeout(300_000)
    const started = await launch(['-s', '-d'], home)
    expect(started.code, started.stderr).to.equal(0)
    expect(started.stdout + started.stderr).to.match(/^READY\b/m)
    expect(started.stdout + started.stderr).to.match(/simulat/i)
    expect(await openPorts()).to.deep.equal(ports)
    const [enigma, token] = await Promise.all(
      [8081, 8082].map(async port => (await fetch(`http://127.0.0.1:${port}/`)).text())
    )
    expect(enigma?.trim()).to.match(/^0x[0-9a-fA-F]{40}$/)
    expect(token?.trim())
      .to.match(/^0x[0-9a-fA-F]{40}$/)
      .and.not.equal(enigma?.trim())

    const again = await launch(['-s', '-d'], home)
    expect(again.code).to.not.equal(0)
    expect(again.stderr).to.include('-q')

    const stopped = await launch(['-q'], home)
    expect(stopped.code, stopped.stderr).to.equal(0)
    expect(await openPorts()).to.deep.equal([])
  })
})
