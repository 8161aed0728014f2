import { expect } from 'chai'
import { x25519 } from '@noble/curves/ed25519.js'
import { fromHex, sharedSecret, toHex, x25519Pair, type Key32 } from '../src/index.ts'
import { nativeX25519 } from '../src/native.ts'

describe('protocol/native', () => {
  it('is there in Node.js, and nowhere else', () => {
    expect(nativeX25519()).to.be.a('function')
    const found = Object.getOwnPropertyDescriptor(globalThis, 'process')!
    Object.defineProperty(globalThis, 'process', { value: undefined, configurable: true, writable: true })
    try {
      expect(nativeX25519()).to.equal(null)
    } finally {
      Object.defineProperty(globalThis, 'process', found)
    }
  })

  it('agrees with JavaScript on every secret', () => {
    for (let i = 0; i < 50; i++) {
      const [own, other] = [x25519Pair(), x25519Pair()]
      const wanted = x25519.getSharedSecret(own.privateKey, fromHex(other.publicKey))
      expect(toHex(nativeX25519()!(own.privateKey, fromHex(other.publicKey)))).to.equal(toHex(wanted))
      expect(toHex(sharedSecret(other.privateKey, own.publicKey))).to.equal(toHex(wanted))
    }
  })

  it('leaves the private key as it was', () => {
    const { privateKey, publicKey } = x25519Pair()
    const before = toHex(privateKey)
    sharedSecret(privateKey, publicKey)
    expect(toHex(privateKey)).to.equal(before)
  })

  it('refuses public keys of low order as JavaScript does', () => {
    const { privateKey } = x25519Pair()
    for (const low of [0n, 1n, 325606250916557431795983626356110631294008115727848805560023387167927233504n]) {
      const key = toHex(fromHex(`0x${low.toString(16).padStart(64, '0')}`).reverse()) as Key32
      expect(() => x25519.getSharedSecret(privateKey, fromHex(key))).to.throw()
      expect(() => sharedSecret(privateKey, key))
        .to.throw()
        .with.property('code', 'PROTOCOL_DECRYPT')
    }
  })
})
