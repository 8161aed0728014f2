import { duplexPair, type Duplex } from 'node:stream'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  EnclaveMethod,
  FrameType,
  enclaveCodecs,
  enclaveErrorCodec,
  frameBytes,
  frameSplitter,
  randomBytes,
  type Frame
} from '@enigma/protocol'
import { serveFrames } from '../../src/process/frame-server.ts'
import { enclaveError } from '../../src/errors.ts'
import { localEnclave, memoryFolder } from '../support/local.ts'
import { startPrincipal, startWorker } from '../support/network.ts'
import { leaks, openBlob } from '../support/secrets.ts'

/** Frames per property; a campaign sets millions. */
const RUNS = Number(process.env.ENIGMA_FUZZ_FRAMES ?? 2000)

interface Served {
  readonly host: Duplex
  readonly frames: Frame[]
  readonly logged: string[]
  readonly broken: string[]
  next(count: number): Promise<Frame[]>
}

function served(call: (method: number, payload: Uint8Array) => Promise<Uint8Array>): Served {
  const [host, enclave] = duplexPair()
  const frames: Frame[] = []
  const logged: string[] = []
  const broken: string[] = []
  const split = frameSplitter()
  const waiting: (() => void)[] = []
  host.on('data', (chunk: Buffer) => {
    frames.push(...split(chunk))
    for (const wake of waiting.splice(0)) wake()
  })
  serveFrames({
    socket: enclave,
    call,
    log: (level, event, facts) => logged.push(JSON.stringify({ level, event, ...facts })),
    onBroken: why => broken.push(why)
  })
  return {
    host,
    frames,
    logged,
    broken,
    async next(count) {
      while (frames.length < count) await new Promise<void>(resolve => waiting.push(resolve))
      return frames
    }
  }
}

const request = (id: number, method: number = EnclaveMethod.status, payload = new Uint8Array()): Uint8Array =>
  frameBytes({ type: FrameType.request, id, method, payload })
const errorOf = (frame: Frame) => enclaveErrorCodec.decode(frame.payload)

describe('process/frame-server', () => {
  it('answers out of order, each answer with the id and method of its request', async () => {
    const open = new Map<number, (payload: Uint8Array) => void>()
    const { host, next } = served((_, payload) => new Promise(resolve => open.set(payload[0]!, resolve)))
    for (const id of [1, 2, 3]) host.write(request(id, id + 10, Uint8Array.of(id)))
    while (open.size < 3) await new Promise(resolve => setImmediate(resolve))
    for (const id of [2, 3, 1]) open.get(id)!(Uint8Array.of(id))
    const frames = await next(3)

    expect(frames.map(f => [f.type, f.id, f.method, f.payload[0]])).to.deep.equal([
      [1, 2, 12, 2],
      [1, 3, 13, 3],
      [1, 1, 11, 1]
    ])
  })

  it('lets an id be used again once it was answered', async () => {
    const { host, next, broken } = served(async () => Uint8Array.of(7))
    host.write(request(5))
    await next(1)
    host.write(request(5))
    await next(2)

    expect(broken).to.deep.equal([])
  })

  it('breaks off when an id is used that is still under way', async () => {
    const { host, broken, frames } = served(() => new Promise(() => {}))
    host.write(request(5))
    host.write(request(5))
    for (let i = 0; i < 100 && broken.length === 0; i++) await new Promise(resolve => setImmediate(resolve))

    expect(broken).to.deep.equal(['an id is used twice'])
    expect(frames).to.deep.equal([])
  })

  it('takes frames in pieces of any size', async () => {
    const { host, next } = served(async (_, payload) => payload)
    const bytes = Buffer.concat([request(1, 3, randomBytes(300)), request(2, 4, randomBytes(5))])
    for (const byte of bytes) host.write(Uint8Array.of(byte))

    expect((await next(2)).map(f => f.payload.length)).to.deep.equal([300, 5])
  })

  it('refuses the 129th request under way, and answers the others', async () => {
    let release = (): void => {}
    const gate = new Promise<void>(resolve => (release = resolve))
    const { host, next } = served(async () => {
      await gate
      return new Uint8Array()
    })
    for (let id = 0; id < 130; id++) host.write(request(id))
    const busy = (await next(2)).slice()
    release()
    const frames = await next(130)

    expect(busy.map(f => errorOf(f).code)).to.deep.equal(['ENCLAVE_BUSY', 'ENCLAVE_BUSY'])
    expect(frames.filter(f => f.type === FrameType.response)).to.have.length(128)
  })

  it('reads no further while its host does not', async () => {
    let calls = 0
    const [host, enclave] = duplexPair({ highWaterMark: 16 * 1024 })
    const big = new Uint8Array(512 * 1024)
    serveFrames({
      socket: enclave,
      call: async () => (calls++, big),
      log: () => {},
      onBroken: () => {}
    })
    for (let id = 0; id < 120; id++) {
      host.write(request(id))
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(calls).to.be.lessThan(20)
    const split = frameSplitter()
    let got = 0
    await new Promise<void>(resolve =>
      host.on('data', (chunk: Buffer) => {
        got += split(chunk).length
        if (got === 120) resolve()
      })
    )
    expect(calls).to.equal(120)
  })

  it('answers an error of ours by code and sentence, anything else without its text', async () => {
    const secret = 'the plaintext was 1234'
    const { host, next, logged } = served(async method => {
      if (method === 1) throw enclaveError('ENCLAVE_FULL', 'No room\nleft.')
      throw new Error(secret)
    })
    host.write(request(1, 1))
    host.write(request(2, 2))
    const [ours, foreign] = await next(2)

    expect(errorOf(ours!)).to.deep.equal({ code: 'ENCLAVE_FULL', message: 'No room.left.' })
    expect(errorOf(foreign!)).to.deep.equal({
      code: 'ENCLAVE_INTERNAL',
      message: 'The enclave met a fault of its own; its log says where.'
    })
    expect(logged.join()).to.contain('unexpected').and.not.to.contain('1234')
    expect(Buffer.from(foreign!.payload).toString()).not.to.contain('1234')
  })

  it('answers nothing more once the framing is broken', async () => {
    const { host, broken, frames } = served(async () => new Uint8Array())
    host.write(Buffer.concat([Buffer.from('80000000', 'hex'), request(1)]))
    for (let i = 0; i < 100 && broken.length === 0; i++) await new Promise(resolve => setImmediate(resolve))
    host.write(request(2))
    await new Promise(resolve => setImmediate(resolve))

    expect(frames).to.deep.equal([])
    expect(broken).to.have.length(1)
  })

  it('survives hostile payloads for every call: coded errors, no secret in any answer (matrix 49)', async () => {
    const principal = await startPrincipal(await localEnclave({ folder: memoryFolder() }))
    const worker = await startWorker(await localEnclave({ folder: memoryFolder() }), principal)
    const secrets = Object.fromEntries(
      [principal, worker].flatMap(({ enclave: { folder } }, i) => {
        const plaintext = openBlob(folder.files.get('sealing.key')!, 'identity', folder.files.get('identity.sealed')!)
        return [[`secret ${i}`, plaintext.slice(-64, -32)], ...(i === 1 ? [['transport', plaintext.slice(-32)]] : [])]
      })
    ) as Record<string, Uint8Array>
    const identity = [...worker.enclave.folder.files.get('identity.sealed')!]
    const method = fc.oneof(fc.constantFrom(...Object.values(EnclaveMethod)), fc.integer({ min: 0, max: 255 }))
    const valid = fc.constantFrom(
      enclaveCodecs.encryptionKey.request.encode({ epoch: 3 }),
      enclaveCodecs.chainViewRequest.request.encode({ minBlock: 1, contracts: [] }),
      enclaveCodecs.answerChainView.request.encode({
        asked: { request: new Uint8Array(60), signer: worker.info.signer, signature: new Uint8Array(65) },
        asker: worker.attested,
        view: {
          nonce: worker.info.measurement,
          block: 1,
          blockHash: worker.info.measurement,
          time: 1,
          epoch: 1,
          epochStart: 1,
          previousEnd: 1,
          generation: 0,
          contracts: []
        },
        claims: []
      })
    )
    const mutated = fc
      .tuple(valid, fc.array(fc.tuple(fc.nat(4000), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }))
      .map(([bytes, changes]) => {
        const copy = bytes.slice()
        for (const [at, value] of changes) copy[at % copy.length] = value
        return copy
      })
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      mutated,
      mutated.map(bytes => bytes.subarray(0, bytes.length >> 1))
    )
    let answered = 0
    await fc.assert(
      fc.asyncProperty(fc.boolean(), method, payload, async (atWorker, number, bytes) => {
        const { backend } = (atWorker ? worker : principal).enclave
        const { host, next } = served((m, p) => backend.call(m, p))
        host.write(request(1, number, bytes))
        const [frame] = await next(1)
        answered += 1
        if (frame!.type === FrameType.error) expect(errorOf(frame!).code).to.not.equal('ENCLAVE_INTERNAL')
        expect(leaks(secrets, frame!.payload)).to.deep.equal([])
        host.destroy()
      }),
      { numRuns: RUNS }
    )
    expect(answered).to.be.at.least(RUNS)
    expect([...worker.enclave.folder.files.get('identity.sealed')!]).to.deep.equal(identity)
  }).timeout(60_000 + 5 * RUNS)

  it('survives any bytes: it answers whole requests and breaks off once', async () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 0, max: 3 }).map(id => request(id))
    )
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), async chunks => {
        const { host, broken, frames, logged } = served(async () => new Uint8Array())
        for (const bytes of chunks) host.write(bytes)
        for (let i = 0; i < 4; i++) await new Promise(resolve => setImmediate(resolve))
        expect(broken.length).to.be.lessThan(2)
        expect(frames.length).to.be.at.most(chunks.length)
        expect(logged).to.deep.equal([])
        const whole = chunks.findIndex(bytes => bytes.length !== 11 || bytes[3] !== 7)
        if (whole !== 0 && chunks.length > 0) expect(frames.length + broken.length).to.be.greaterThan(0)
        host.destroy()
      }),
      { numRuns: RUNS }
    )
  })
})
