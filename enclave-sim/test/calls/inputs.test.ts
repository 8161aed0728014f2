import { expect } from 'chai'
import { EnvelopeVerdict, requireSigner, typedDigest } from '@enigma/protocol'
import { localEnclave, memoryFolder, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker } from '../support/network.ts'
import { testContract } from '../support/contract.ts'

describe('calls/inputs', () => {
  let net: TestNetwork<LocalEnclave>
  beforeEach(async () => {
    const principal = await startPrincipal(await localEnclave())
    net = new TestNetwork(principal, [await startWorker(await localEnclave(), principal)])
  })
  after(stopPool)

  const worker = () => net.workers[0]!
  const verdict = async (envelope: Uint8Array) => (await worker().enclave.call('checkEnvelope', { envelope })).verdict

  describe('encryptionKey', () => {
    it('is one per epoch, signed, and the same after a restart', async () => {
      const { enclave, info } = worker()
      const five = await enclave.call('encryptionKey', { epoch: 5 })
      const six = await enclave.call('encryptionKey', { epoch: 6 })
      const digest = typedDigest(DOMAIN, 'EncryptionKey', { epoch: 5, key: five.key })

      requireSigner('key', digest, five.signature, info.signer)
      expect(six.key).not.to.equal(five.key)
      const restarted = await startWorker(await localEnclave({ folder: enclave.folder }), net.principal)
      expect(await restarted.enclave.call('encryptionKey', { epoch: 5 })).to.deep.equal(five)
    })

    it('is on disk before anybody learns it', async () => {
      const folder = memoryFolder()
      const failing = {
        ...folder,
        write: async (name: string, bytes: Uint8Array) => {
          if (name === 'epoch-keys.sealed') throw new Error('disk full')
          await folder.write(name, bytes)
        }
      }
      const { enclave } = await startWorker(await localEnclave({ folder: failing }), net.principal)

      expect(await refusal(enclave.call('encryptionKey', { epoch: 5 }))).to.equal('no code: Error: disk full')
      expect(folder.files.has('epoch-keys.sealed')).to.equal(false)
    })

    it('is one also for requests at the same time', async () => {
      const asked = Array.from({ length: 8 }, () => worker().enclave.call('encryptionKey', { epoch: 9 }))

      expect(new Set((await Promise.all(asked)).map(({ key }) => key)).size).to.equal(1)
    })

    it('is gone for ever once its epoch is forgotten', async () => {
      const sent = await net.record({ code: testContract })
      const { enclave } = worker()
      await enclave.call('forgetEpochs', { before: 6 })

      expect(await verdict(sent.envelope)).to.equal(EnvelopeVerdict.notForSeat)
      expect(await refusal(enclave.call('encryptionKey', { epoch: 5 }))).to.equal('ENCLAVE_EPOCH_OVER')
      const restarted = await startWorker(await localEnclave({ folder: enclave.folder }), net.principal)
      expect(await refusal(restarted.enclave.call('encryptionKey', { epoch: 5 }))).to.equal('ENCLAVE_EPOCH_OVER')
      expect((await restarted.enclave.call('encryptionKey', { epoch: 6 })).key).to.have.length(66)
    })

    it('is forgotten by itself when views show that nobody needs it any more (R9)', async () => {
      const sent = await net.record({ code: testContract })
      const asked = [{ scAddr: sent.scAddr, taskIds: [] }]
      net.epoch = 6
      net.epochStart = 150 // previousEnd = 155, deadline 176, CONF 1
      net.block = 177
      await net.show(worker(), asked)
      expect(await verdict(sent.envelope)).to.equal(EnvelopeVerdict.forSeat)
      net.epoch = 8
      net.epochStart = 170
      net.block = 178
      await net.show(worker(), asked)
      expect(await verdict(sent.envelope)).to.equal(EnvelopeVerdict.notForSeat)
    })

    it('holds at most 64 epochs, the newest', async () => {
      const { enclave } = worker()
      for (let epoch = 10; epoch < 75; epoch++) await enclave.call('encryptionKey', { epoch })

      expect(await refusal(enclave.call('encryptionKey', { epoch: 9 }))).to.equal('ENCLAVE_EPOCH_OVER')
      expect(enclave.folder.files.get('epoch-keys.sealed')!.length).to.be.lessThan(64 * 40 + 64)
    })
  })

  describe('checkEnvelope', () => {
    it('knows an input for this seat from one for another, and from bytes that are none', async () => {
      const mine = await net.record({ code: testContract })
      const others = new TestNetwork(net.principal, [await startWorker(await localEnclave(), net.principal)])
      const theirs = await others.record({ code: testContract })

      expect(await verdict(mine.envelope)).to.equal(EnvelopeVerdict.forSeat)
      expect(await verdict(theirs.envelope)).to.equal(EnvelopeVerdict.notForSeat)
      expect(await verdict(new Uint8Array(300))).to.equal(EnvelopeVerdict.malformed)
      expect(await verdict(mine.envelope.subarray(1))).to.equal(EnvelopeVerdict.malformed)
    })

    it('refuses what is meant for another chain, contract or kind', async () => {
      for (const target of [{ chainId: 5n }, { enigma: `0x${'e2'.repeat(20)}` as never }, { kind: 2 }, { kind: 3 }]) {
        const { envelope } = await net.record({ code: testContract, target })
        expect(await verdict(envelope), JSON.stringify(Object.keys(target))).to.equal(EnvelopeVerdict.malformed)
      }
    })

    it('refuses a wrap that was altered, or encrypted to a wrong key', async () => {
      const { envelope } = await net.record({ code: testContract })
      const altered = envelope.slice()
      const context = 1 + 1 + 32 + 20 + 1 + 32 + 32 + 20 + 8 + 32 + 32
      altered[context + 4 + 20 + 5]! ^= 1 // inside the first wrap

      expect(await verdict(altered)).to.equal(EnvelopeVerdict.notForSeat)
    })
  })
})
