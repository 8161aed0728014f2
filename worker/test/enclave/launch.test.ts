import { expect } from 'chai'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { bubblewrapWorks, killEnclave, launchEnclave, type EnclaveProcess } from '../../src/enclave/launch.ts'

const distDir = resolve(import.meta.dirname, '../../../enclave-sim/dist')

describe('enclave/launch', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-launch-'))
  const path = process.env['PATH']
  afterEach(() => {
    process.env['PATH'] = path
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const launch = (): EnclaveProcess =>
    launchEnclave({ distDir, sealedDir: join(folder, 'sealed'), isolation: 'bubblewrap' })
  /** Its pipes are closed: nobody is left who holds them. */
  const gone = ({ child }: EnclaveProcess): Promise<unknown> => once(child, 'close')

  describe('a bwrap that dies while its child waits for its word', () => {
    /** That of bubblewrap is a matter of microseconds. */
    beforeEach(() => {
      const stuck = join(folder, 'bwrap')
      writeFileSync(stuck, '#!/bin/sh\nsleep 3600 &\necho forked\nwait\n')
      chmodSync(stuck, 0o755)
      process.env['PATH'] = `${folder}:${path}`
    })

    it('takes that child with it if it is killed by us', async () => {
      const launched = launch()
      await once(createInterface({ input: launched.child.stdout! }), 'line')
      killEnclave(launched)
      await gone(launched)
      expect(launched.child.signalCode).to.equal('SIGKILL')
    })

    it('takes that child with it if it is killed by somebody else', async () => {
      const launched = launch()
      await once(createInterface({ input: launched.child.stdout! }), 'line')
      process.kill(launched.child.pid!, 'SIGKILL')
      await gone(launched)
      expect(launched.child.signalCode).to.equal('SIGKILL')
    })
  })

  if (bubblewrapWorks()) {
    it('leaves nothing of an enclave that is killed at any moment of its start', async () => {
      for (let afterMs = 0; afterMs < 20; afterMs += 0.5) {
        const launched = launch()
        for (const until = performance.now() + afterMs; performance.now() < until;); // timers are too coarse
        killEnclave(launched)
        await gone(launched)
      }
    })
  }
})
