import { expect } from 'chai'
import { Transaction, Wallet } from 'ethers'
import { fromHex, toHex, type Address } from '@enigma/protocol'
import { randomOf } from '@enigma/faults'
import { signTransaction } from '../../src/chain/signed-tx.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

describe(`chain/signed-tx (SEED=${SEED})`, () => {
  const random = randomOf(SEED)
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => Math.floor(random.next() * 256))
  const number = (bits: number): bigint => (bits === 0 ? 0n : BigInt(toHex(bytes(32))) >> BigInt(256 - bits))

  it('signs what the library signs, byte for byte', async () => {
    const lengths = [0, 1, 1, 1, 2, 54, 55, 56, 57, 255, 256, 257, 5_000, 70_000]
    for (let i = 0; i < 120; i++) {
      const privateKey = bytes(32)
      const tx = {
        chainId: number(1 + (i % 60)),
        nonce: Number(number(i % 33)),
        to: toHex(bytes(20)) as Address,
        data: toHex(bytes(lengths[i % lengths.length]!)),
        gasLimit: number(i % 40),
        maxFeePerGas: number(i % 90),
        tip: number((i * 7) % 90)
      }
      const { tip, maxFeePerGas, ...rest } = tx
      const fees = { maxFeePerGas, maxPriorityFeePerGas: tip > maxFeePerGas ? maxFeePerGas : tip }
      const theirs = await new Wallet(toHex(privateKey)).signTransaction({ ...rest, ...fees, type: 2 })
      const ours = signTransaction({ ...tx, tip: fees.maxPriorityFeePerGas }, privateKey)
      expect(ours.raw, `number ${i}`).to.equal(theirs)
      expect(ours.hash).to.equal(Transaction.from(theirs).hash)
    }
  })

  it('leaves out the leading zeros of a signature', async () => {
    const privateKey = bytes(32)
    const wallet = new Wallet(toHex(privateKey))
    const common = { chainId: 1n, to: toHex(bytes(20)) as Address, data: '0x' as const, gasLimit: 21_000n }
    let short = 0
    for (let nonce = 0; nonce < 400; nonce++) {
      const { raw } = signTransaction({ ...common, nonce, maxFeePerGas: 2n, tip: 1n }, privateKey)
      const { r, s } = Transaction.from(raw).signature!
      if (fromHex(r as `0x${string}`)[0] !== 0 && fromHex(s as `0x${string}`)[0] !== 0) continue
      short += 1
      const fees = { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n }
      expect(raw).to.equal(await wallet.signTransaction({ ...common, nonce, ...fees, type: 2 }))
    }
    expect(short).to.be.greaterThan(0)
  })
})
