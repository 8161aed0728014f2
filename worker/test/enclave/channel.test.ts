import { expect } from 'chai'
import { Duplex } from 'node:stream'
import {
  EnclaveMethod,
  FrameType,
  codeOf,
  enclaveCodecs,
  enclaveErrorCodec,
  frameBytes,
  frameSplitter,
  type Frame
} from '@enigma/protocol'
import { openChannel } from '../../src/enclave/channel.ts'
import type { WorkerError } from '../../src/errors.ts'

/** Two ends of one connection: the channel's, and the enclave's as the test plays it. */
function pair(): { near: Duplex; far: Duplex } {
  const make = (): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _, done) {
        other.get(this)!.push(chunk)
        done()
      },
      destroy(error, done) {
        other.get(this)?.push(null)
        done(error)
      }
    })
  const other = new Map<Duplex, Duplex>()
  const near = make()
  const far = make()
  other.set(near, far).set(far, near)
  return { near, far }
}

const status = enclaveCodecs.status.response.encode({ uptimeSeconds: 1, runs: 2, contracts: 3, views: 4 })

describe('enclave/channel', () => {
  function open() {
    const { near, far } = pair()
    const requests: Frame[] = []
    const broken: (Error | null)[] = []
    const split = frameSplitter()
    far.on('data', (chunk: Uint8Array) => requests.push(...split(chunk)))
    far.on('error', () => undefined)
    const channel = openChannel(near, error => broken.push(error))
    const until = async (count: number): Promise<void> => {
      while (requests.length < count) await new Promise(done => setImmediate(done))
    }
    const answer = (request: Frame, payload: Uint8Array, type: number = FrameType.response): void => {
      far.write(frameBytes({ type, id: request.id, method: request.method, payload }))
    }
    return { channel, far, requests, broken, until, answer }
  }

  it('matches answers to calls by id, in whatever order they come', async () => {
    const { channel, requests, until, answer } = open()
    const first = channel.call('status', {}, 1_000)
    const second = channel.call('encryptionKey', { epoch: 3 }, 1_000)
    await until(2)
    expect(requests.map(request => request.method)).to.deep.equal([EnclaveMethod.status, EnclaveMethod.encryptionKey])
    const key = { key: `0x${'11'.repeat(32)}` as never, signature: new Uint8Array(65) }
    answer(requests[1]!, enclaveCodecs.encryptionKey.response.encode(key))
    answer(requests[0]!, status)
    expect((await second).key).to.equal(key.key)
    expect((await first).runs).to.equal(2)
    channel.close()
  })

  it("gives the enclave's own code, and a bounded, printable sentence", async () => {
    const { channel, requests, until, answer } = open()
    const call = channel.call('status', {}, 1_000).catch((error: WorkerError) => error)
    await until(1)
    const payload = enclaveErrorCodec.encode({ code: 'ENCLAVE_BUSY', message: `busy\n${'x'.repeat(400)}` })
    answer(requests[0]!, payload, FrameType.error)
    const error = (await call) as WorkerError
    expect(error.facts).to.include({ code: 'ENCLAVE_REFUSED', reason: 'ENCLAVE_BUSY' })
    expect(error.message).to.match(/^busy\.x+\.\.\.$/)
    channel.close()
  })

  it('ends a call at its deadline, and ignores the answer that comes too late', async () => {
    const { channel, requests, until, answer, broken } = open()
    const late = await channel.call('status', {}, 20).catch((error: WorkerError) => error)
    expect(codeOf(late)).to.equal('WORKER_ENCLAVE_TIMEOUT')
    await until(1)
    answer(requests[0]!, status)
    const next = channel.call('status', {}, 1_000)
    await until(2)
    answer(requests[1]!, status)
    expect((await next).views).to.equal(4)
    expect(broken).to.deep.equal([])
    channel.close()
  })

  it('breaks off with an enclave that sends something else than frames', async () => {
    const { channel, far, broken } = open()
    const call = channel.call('status', {}, 1_000).catch((error: WorkerError) => error)
    far.write(Buffer.from('ffffffff00', 'hex'))
    expect(codeOf(await call)).to.equal('WORKER_ENCLAVE_DOWN')
    expect(codeOf(broken[0])).to.equal('PROTOCOL_TOO_LARGE')
  })

  it('ends the calls under way when the connection closes', async () => {
    const { channel, far, broken } = open()
    const call = channel.call('status', {}, 1_000).catch((error: WorkerError) => error)
    far.destroy()
    expect(codeOf(await call)).to.equal('WORKER_ENCLAVE_DOWN')
    expect(broken).to.have.length(1)
    expect(codeOf(await channel.call('status', {}, 1_000).catch((error: WorkerError) => error))).to.equal(
      'WORKER_ENCLAVE_DOWN'
    )
  })

  it('holds calls back beyond the number that an enclave takes at once', async () => {
    const { channel, requests, until, answer } = open()
    const calls = Array.from({ length: 150 }, () => channel.call('status', {}, 5_000))
    await until(96)
    await new Promise(done => setTimeout(done, 20))
    expect(requests).to.have.length(96)
    for (let i = 0; i < 150; i++) {
      await until(i + 1)
      answer(requests[i]!, status)
    }
    expect(await Promise.all(calls)).to.have.length(150)
    channel.close()
  })
})
