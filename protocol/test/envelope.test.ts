import { expect } from 'chai'
import fc from 'fast-check'
import {
  MAX_BODY_BYTES,
  MAX_CALL_DATA_BYTES,
  ZERO_HASH,
  contextMismatch,
  envelopeCodec,
  keccak256,
  openBody,
  openTaskInput,
  openWrap,
  sealEnvelope,
  sealTaskInput,
  utf8,
  x25519Pair,
  type Address,
  type Hash,
  type Hex,
  type ScAddr
} from '../src/index.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const h = (label: string): Hash => keccak256(utf8(label))
const a = (label: string): Address => h(label).slice(0, 42) as Address
const target = {
  chainId: 31337n,
  enigma: a('enigma'),
  kind: 1,
  scAddr: h('c') as Hex as ScAddr,
  codeHash: ZERO_HASH,
  sender: a('sender'),
  epoch: 4
}
const seat = (name: string) => ({ signer: a(name), ...x25519Pair() })

describe(`protocol/envelope (seed ${seed})`, () => {
  it('opens for each seat holder, and for nobody else', () => {
    const [one, two, stranger] = [seat('one'), seat('two'), seat('stranger')]
    const recipients = [one, two, one].map(s => ({ signer: s.signer, key: s.publicKey }))
    const { envelope, cek } = sealEnvelope(target, recipients, utf8('secret'))
    const decoded = envelopeCodec.decode(envelope)
    expect(decoded.wraps.length).to.equal(2)
    for (const s of [one, two]) {
      const opened = openWrap(decoded, s.signer, s.privateKey)
      expect(opened).to.deep.equal(cek)
      expect(Buffer.from(openBody(decoded, opened!)).toString()).to.equal('secret')
    }
    expect(openWrap(decoded, stranger.signer, stranger.privateKey)).to.equal(null)
    expect(openWrap(decoded, one.signer, two.privateKey)).to.equal(null)
    expect(openWrap(decoded, two.signer, one.privateKey)).to.equal(null)
  })

  it('opens nothing once any byte is changed', () => {
    const one = seat('one')
    const { envelope } = sealEnvelope(target, [{ signer: one.signer, key: one.publicKey }], utf8('secret'))
    fc.assert(
      fc.property(fc.nat(envelope.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = envelope.slice()
        changed[at]! ^= flip
        let text: string | null = null
        try {
          const decoded = envelopeCodec.decode(changed)
          const cek = openWrap(decoded, one.signer, one.privateKey)
          if (cek) text = Buffer.from(openBody(decoded, cek)).toString()
        } catch (error) {
          expect((error as { code: string }).code).to.match(/^PROTOCOL_/)
        }
        expect(text).to.equal(null)
      }),
      { seed, numRuns: 200 }
    )
  })

  it('names the first field that differs from the record', () => {
    const one = seat('one')
    const { envelope } = sealEnvelope(target, [{ signer: one.signer, key: one.publicKey }], utf8('x'))
    const { context } = envelopeCodec.decode(envelope)
    expect(contextMismatch(context, target)).to.equal(null)
    expect(contextMismatch(context, { ...target, sender: a('thief') })).to.equal('sender')
    expect(contextMismatch(context, { ...target, epoch: 5 })).to.equal('epoch')
    expect(contextMismatch(context, { ...target, chainId: 1n })).to.equal('chainId')
    expect(contextMismatch({ ...context, version: 1 }, target)).to.equal('version')
  })

  it('hides the length of short inputs, and refuses one that is too long', () => {
    const one = seat('one')
    const length = (n: number): number =>
      sealEnvelope(target, [{ signer: one.signer, key: one.publicKey }], new Uint8Array(n)).envelope.length
    expect(length(0)).to.equal(length(252))
    expect(length(253)).to.be.greaterThan(length(252))
    expect(length(MAX_BODY_BYTES)).to.be.a('number')
    expect(() => length(MAX_BODY_BYTES + 1)).to.throw('at most')
  })

  it('refuses an encryption key of low order', () => {
    expect(() => sealEnvelope(target, [{ signer: a('one'), key: ZERO_HASH as never }], utf8('x'))).to.throw(
      'not usable'
    )
  })

  it('carries a task input with its flags, and refuses others', () => {
    const one = seat('one')
    const recipients = [{ signer: one.signer, key: one.publicKey }]
    for (const input of [
      { trace: false, callData: utf8('call') },
      { trace: true, callData: new Uint8Array(MAX_CALL_DATA_BYTES) }
    ]) {
      const { envelope, cek } = sealTaskInput(target, recipients, input)
      expect(openTaskInput(envelopeCodec.decode(envelope), cek)).to.deep.equal(input)
    }
    const long = { trace: false, callData: new Uint8Array(MAX_CALL_DATA_BYTES + 1) }
    expect(() => sealTaskInput(target, recipients, long)).to.throw('The call data has')
    for (const body of [Uint8Array.of(2), Uint8Array.of(0x81, 1), new Uint8Array()]) {
      const { envelope, cek } = sealEnvelope(target, recipients, body)
      expect(() => openTaskInput(envelopeCodec.decode(envelope), cek)).to.throw()
    }
  })
})
