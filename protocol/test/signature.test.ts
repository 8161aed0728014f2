import { expect } from 'chai'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { Wallet, recoverAddress } from 'ethers'
import {
  addressOfPrivateKey,
  bigintToBytes,
  bytesToBigint,
  fromHex,
  keccak256,
  recoverSigner,
  requireSigner,
  signDigest,
  toHex,
  utf8
} from '../src/index.ts'

const key = fromHex(keccak256(utf8('key')))
const digest = keccak256(utf8('digest'))

describe('protocol/signature', () => {
  it('agrees with ethers on address, signature and recovery', () => {
    const wallet = new Wallet(toHex(key))
    expect(addressOfPrivateKey(key)).to.equal(wallet.address.toLowerCase())
    expect(toHex(signDigest(digest, key))).to.equal(wallet.signingKey.sign(digest).serialized)
    expect(recoverAddress(digest, toHex(signDigest(digest, key))).toLowerCase()).to.equal(
      recoverSigner(digest, signDigest(digest, key))
    )
  })

  it('signs the same digest to the same bytes', () => {
    expect(signDigest(digest, key)).to.deep.equal(signDigest(digest, key))
  })

  it('refuses the high-s twin, a wrong length and a wrong recovery value', () => {
    const good = signDigest(digest, key)
    const n = secp256k1.Point.Fn.ORDER
    const high = good.slice()
    high.set(bigintToBytes(n - bytesToBigint(good.subarray(32, 64)), 32), 32)
    high[64] = good[64] === 27 ? 28 : 27
    expect(() => recoverSigner(digest, high)).to.throw('upper half')
    expect(() => recoverSigner(digest, good.subarray(0, 64))).to.throw('65 bytes')
    const wrongV = good.slice()
    wrongV[64] = 29
    expect(() => recoverSigner(digest, wrongV)).to.throw('27 nor 28')
    expect(() => recoverSigner(digest, new Uint8Array(65).fill(0).fill(27, 64))).to.throw()
  })

  it('names both addresses when another one signed', () => {
    const signature = signDigest(digest, key)
    requireSigner('The receipt', digest, signature, addressOfPrivateKey(key))
    const other = addressOfPrivateKey(fromHex(digest))
    expect(() => requireSigner('The receipt', digest, signature, other)).to.throw(other)
  })

  it('answers the same when it is asked again, and for another digest another signer', () => {
    const signature = signDigest(digest, key)
    const signer = recoverSigner(digest, signature)
    expect(recoverSigner(digest, signature)).to.equal(signer)
    expect(recoverSigner(digest, signature.slice())).to.equal(signer)
    expect(recoverSigner(keccak256(utf8('another')), signature)).to.not.equal(signer)
    const other = signature.slice()
    other[64] = other[64] === 27 ? 28 : 27
    expect(recoverSigner(digest, other)).to.not.equal(signer)
  })
})
