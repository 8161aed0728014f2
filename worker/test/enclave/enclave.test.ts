import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ZERO_ADDRESS, address, codeOf, type StartRequest } from '@enigma/protocol'
import { EnclaveSupervisor } from '../../src/enclave/enclave.ts'
import { bubblewrapWorks, type Isolation } from '../../src/enclave/launch.ts'
import type { WorkerError } from '../../src/errors.ts'
import { createLogger } from '../../src/ops/log.ts'
import { until } from '../net/network-kit.ts'

const distDir = resolve(import.meta.dirname, '../../../enclave-sim/dist')
const request: StartRequest = {
  role: 1,
  chainId: 31337n,
  enigma: address(`0x${'22'.repeat(20)}`),
  operator: address(`0x${'33'.repeat(20)}`),
  principalSigner: ZERO_ADDRESS,
  principal: null
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const isolations: Isolation[] = bubblewrapWorks() ? ['process-only', 'bubblewrap'] : ['process-only']

for (const isolation of isolations) {
  describe(`enclave/enclave (${isolation})`, function () {
    this.timeout(30_000)
    const folder = mkdtempSync(join(tmpdir(), 'enigma-enclave-'))
    const lines: string[] = []
    const crashes: string[] = []
    let enclave: EnclaveSupervisor

    const open = (): EnclaveSupervisor =>
      new EnclaveSupervisor({
        distDir,
        sealedDir: join(folder, 'sealed'),
        isolation,
        log: createLogger({ write: line => lines.push(line) }),
        onCrash: detail => crashes.push(detail)
      })

    before(async () => {
      enclave = open()
      await enclave.bind(request)
    })
    after(async () => {
      await enclave.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    it('starts the real enclave and learns who it is', async () => {
      expect(enclave.identity).to.include({ isolation, mode: 'simulation' })
      expect(statSync(join(folder, 'sealed')).mode & 0o777).to.equal(0o700)
      expect((await enclave.call('status', {})).runs).to.equal(0)
      expect(lines.join('\n')).to.contain('SIMULATED')
    })

    it('has a session of its own, without a terminal whose input it could forge', () => {
      const [, , , session, terminal] = readFileSync(`/proc/${enclave.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      expect([session, terminal]).to.deep.equal([String(enclave.pid), '0'])
    })

    it('starts no further process once it is stopped, and waits for none that is starting', async () => {
      const other = new EnclaveSupervisor({
        distDir,
        sealedDir: join(folder, 'other'),
        isolation: 'auto',
        log: createLogger({ write: line => lines.push(line) })
      })
      const bound = other.bind(request).then(
        () => 'bound',
        () => 'refused'
      )
      const pid = await until('it starts', () => other.pid)
      await other.stop()
      expect(await bound).to.equal('refused')
      expect(other.generation).to.equal(1)
      expect(other.pid).to.equal(null)
      await until('its process is gone', () => !isAlive(pid))
      expect(lines.join('\n')).to.not.contain('does not start inside bubblewrap')
    })

    it("passes on the enclave's refusals by their codes", async () => {
      const refused = await enclave.call('encryptionKey', { epoch: 1 }).catch((error: WorkerError) => error)
      expect((refused as WorkerError).facts).to.include({ code: 'ENCLAVE_REFUSED', reason: 'ENCLAVE_WRONG_ROLE' })
    })

    it('survives kill -9 of its process: another one with the same key, bound again', async () => {
      const { signer } = enclave.identity
      const before = enclave.pid!
      let restarts = 0
      const stop = enclave.onRestart(() => restarts++)
      process.kill(before, 'SIGKILL')
      while (restarts === 0) await new Promise(done => setTimeout(done, 10))
      stop()
      expect(enclave.pid).not.to.equal(before)
      expect(enclave.generation).to.equal(2)
      expect(crashes).to.have.length(1)
      expect((await enclave.call('evidence', { nonce: 0 })).report.signer).to.equal(signer)
    })

    it('waits with a call until the next process is there', async () => {
      process.kill(enclave.pid!, 'SIGKILL')
      while (enclave.pid !== null) await new Promise(done => setTimeout(done, 1))
      expect((await enclave.call('status', {})).runs).to.equal(0)
    })

    it('is refused, for good, on another network with the same sealed folder', async () => {
      const other = open()
      const enigma = address(`0x${'44'.repeat(20)}`)
      const refused = await other.bind({ ...request, enigma }).catch((error: WorkerError) => error)
      expect((refused as WorkerError).facts).to.include({ code: 'ENCLAVE_REFUSED', reason: 'ENCLAVE_BOUND' })
      expect(other.pid).to.equal(null)
    })

    it('gives a call that nobody asked to wait for long the answer that the enclave is down', async () => {
      const stopped = open()
      const error = await stopped.call('status', {}, { timeoutMs: 50 }).catch((failure: WorkerError) => failure)
      expect(codeOf(error)).to.equal('WORKER_ENCLAVE_DOWN')
    })
  })
}
