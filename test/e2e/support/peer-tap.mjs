/**
 * Loaded into principal and workers by end-to-end tests (`node --import`): writes what crosses peer connections, as it is before noise
 * encrypts it and after noise decrypts it, to `$ENIGMA_PEER_TAP/<pid>.bin`. The programs know nothing of it.
 */
import { noise } from '@chainsafe/libp2p-noise'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env.ENIGMA_PEER_TAP
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${process.pid}.bin`)
  const logger = { forComponent: () => Object.assign(() => undefined, { newScope: () => logger.forComponent() }) }
  const Noise = Object.getPrototypeOf(noise()({ logger }))
  const watched = new WeakSet()

  for (const method of ['secureInbound', 'secureOutbound']) {
    const original = Noise[method]
    Noise[method] = async function (...args) {
      const secured = await original.apply(this, args)
      watch(Object.getPrototypeOf(secured.connection))
      return secured
    }
  }

  function watch(prototype) {
    if (watched.has(prototype)) return
    watched.add(prototype)
    const { encrypt, decrypt } = prototype
    if (typeof encrypt !== 'function' || typeof decrypt !== 'function')
      throw new Error('noise has changed; the tap sees nothing')
    prototype.encrypt = function (chunk) {
      appendFileSync(file, chunk.subarray())
      return encrypt.call(this, chunk)
    }
    prototype.decrypt = function (chunk) {
      const plain = decrypt.call(this, chunk)
      appendFileSync(file, plain.subarray())
      return plain
    }
  }
}
