import { expect } from 'chai'
import {
  address,
  chainViewRequest as requestCodec,
  hash,
  requireSigner,
  scAddr,
  seedCommitOf,
  fromHex,
  typedDigest,
  type AnswerChainViewRequest,
  type SeatClaim
} from '@enigma/protocol'
import { localEnclave, memoryFolder, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member } from '../support/network.ts'

describe('calls/principal', () => {
  let principal: Member<LocalEnclave>
  beforeEach(async () => {
    principal = await startPrincipal(await localEnclave())
  })
  after(stopPool)

  describe('epochSeed', () => {
    it('opens each commitment with the next seed, and signs both', async () => {
      const zero = await principal.enclave.call('epochSeed', { d: 0 })
      const one = await principal.enclave.call('epochSeed', { d: 1 })
      const { seed, nextCommit, generation } = zero

      expect(seedCommitOf(fromHex(one.seed))).to.equal(nextCommit)
      expect(generation).to.equal(0)
      const digest = typedDigest(DOMAIN, 'EpochUpdate', { d: 0, seed, nextCommit, generation })
      requireSigner('update', digest, zero.signature, principal.info.signer)
    })

    it('gives none ahead of its turn, also after restarts, and the old ones again', async () => {
      const { folder } = principal.enclave
      expect(await refusal(principal.enclave.call('epochSeed', { d: 1 }))).to.equal('ENCLAVE_SEED_ORDER')
      const zero = await principal.enclave.call('epochSeed', { d: 0 })
      await principal.enclave.call('epochSeed', { d: 1 })

      const restarted = await startPrincipal(await localEnclave({ folder }))
      expect(await refusal(restarted.enclave.call('epochSeed', { d: 3 }))).to.equal('ENCLAVE_SEED_ORDER')
      expect(await restarted.enclave.call('epochSeed', { d: 0 })).to.deep.equal(zero)
      expect((await restarted.enclave.call('epochSeed', { d: 2 })).seed).to.have.length(66)
    })

    it('gives no seed before it is on disk that it did', async () => {
      const folder = memoryFolder(new Map(principal.enclave.folder.files))
      const full = { ...folder, write: async () => Promise.reject(new Error('disk full')) }
      const { enclave } = await startPrincipal(await localEnclave({ folder: full }))

      expect(await refusal(enclave.call('epochSeed', { d: 0 }))).to.equal('no code: Error: disk full')
      expect(await refusal(enclave.call('epochSeed', { d: 1 }))).to.equal('ENCLAVE_SEED_ORDER')
    })
  })

  describe('answerChainView', () => {
    const contract = scAddr(`0x${'5c'.repeat(32)}`)
    const contracts = [{ scAddr: contract, taskIds: [] }]
    let net: TestNetwork<LocalEnclave>
    let worker: Member<LocalEnclave>
    beforeEach(async () => {
      worker = await startWorker(await localEnclave(), principal)
      net = new TestNetwork(principal, [worker])
    })

    async function request(
      change: Partial<AnswerChainViewRequest> = {},
      minBlock = net.block
    ): Promise<AnswerChainViewRequest> {
      const asked = await worker.enclave.call('chainViewRequest', { minBlock, contracts })
      const { nonce } = requestCodec.decode(asked.request)
      const claims = net.claims(worker, contracts)
      return { asked, asker: worker.attested, view: net.view(nonce, contracts), claims, ...change }
    }
    const answer = async (asked: AnswerChainViewRequest) => refusal(principal.enclave.call('answerChainView', asked))
    const hasKey = async () => (await worker.enclave.call('stateTip', { scAddr: contract })).hasKey

    it('serves an attested enclave of its network', async () => {
      await net.show(worker, contracts)

      expect(await hasKey()).to.equal(true)
    })

    it('refuses an asker of other code', async () => {
      const foreign = await localEnclave({ measurement: hash(`0x${'cd'.repeat(32)}`) })
      const itsPrincipal = await startPrincipal(await localEnclave({ measurement: hash(`0x${'cd'.repeat(32)}`) }))
      const other = await startWorker(foreign, itsPrincipal)

      expect(await answer(await request({ asker: other.attested }))).to.equal('ENCLAVE_ASKER_REFUSED')
    })

    it('refuses evidence that binds another report, has expired, or is of another principal or chain', async () => {
      const { report, evidence } = worker.attested
      const mallory = await startWorker(await localEnclave(), principal)
      const foreignPrincipal = await startPrincipal(await localEnclave())
      const foreign = await startWorker(await localEnclave(), foreignPrincipal)
      const askers = [
        { report: { ...report, transportKey: mallory.info.transportKey }, evidence },
        { report: mallory.attested.report, evidence },
        { report: { ...report, principalSigner: foreign.info.signer }, evidence },
        foreign.attested,
        { report, evidence: new Uint8Array(416) }
      ]
      for (const asker of askers) expect(await answer(await request({ asker }))).to.equal('ENCLAVE_ASKER_REFUSED')
      principal.enclave.clock.nowSeconds += 366 * 24 * 3600
      expect(await answer(await request())).to.equal('ENCLAVE_ASKER_REFUSED')
    })

    it('refuses a request that the asker did not sign', async () => {
      const mallory = await startWorker(await localEnclave(), principal)
      const honest = await request()
      const { asked } = honest
      expect(await answer({ ...honest, asked: { ...asked, signer: mallory.info.signer } })).to.equal(
        'ENCLAVE_ASKER_REFUSED'
      )
      const bent = asked.request.slice()
      bent[40]! ^= 1

      expect(await answer({ ...honest, asker: mallory.attested })).to.equal('ENCLAVE_ASKER_REFUSED')
      expect(await answer({ ...honest, asked: { ...asked, request: bent } })).to.equal('ENCLAVE_ASKER_REFUSED')
      const posing = { ...asked, signer: mallory.info.signer }
      expect(await answer({ ...honest, asked: posing, asker: mallory.attested })).to.equal('ENCLAVE_ASKER_REFUSED')
    })

    it('signs only what was asked for, at the block or later', async () => {
      const honest = await request()
      const { view } = honest
      const views = [
        { ...view, nonce: hash(`0x${'01'.repeat(32)}`) },
        { ...view, contracts: [] },
        { ...view, contracts: [{ ...view.contracts[0]!, scAddr: scAddr(`0x${'5d'.repeat(32)}`) }] }
      ]
      for (const other of views) expect(await answer({ ...honest, view: other })).to.equal('ENCLAVE_VIEW_REFUSED')
      expect(await answer(await request({}, net.block + 1))).to.equal('CHAIN_BEHIND')
    })

    it('gives no key without a seat, the view all the same', async () => {
      await net.show(worker, contracts, { claims: [] })

      expect(await hasKey()).to.equal(false)
      expect((await worker.enclave.call('status', {})).views).to.equal(1)
    })

    it('gives no key once the grace is over', async () => {
      net.graceOver = net.block - 1
      await net.show(worker, contracts)
      expect(await hasKey()).to.equal(false)

      net.graceOver = net.block
      await net.show(worker, contracts)
      expect(await hasKey()).to.equal(true)
    })

    it('refuses every false claim to a seat', async () => {
      const mallory = await startWorker(await localEnclave(), principal)
      const wider = new TestNetwork(principal, [worker, mallory])
      const honest = await request()
      const claim = honest.claims[0]!
      const other = wider.claims(mallory, contracts)[0]
      const leaf = claim.proof.leaf
      const claims: (SeatClaim | undefined)[] = [
        { ...claim, k: 3 },
        { ...claim, k: 255 },
        { ...claim, scAddr: scAddr(`0x${'5d'.repeat(32)}`) },
        { ...claim, epoch: { ...claim.epoch, epoch: net.epoch + 1 } },
        { ...claim, epoch: { ...claim.epoch, startBlock: net.epochStart + 1 } },
        { ...claim, epoch: { ...claim.epoch, total: 999n } },
        { ...claim, epoch: { ...claim.epoch, root: hash(`0x${'02'.repeat(32)}`) } },
        { ...claim, proof: { ...claim.proof, leaf: { ...leaf, stake: 10_000n } } },
        { ...claim, proof: { ...claim.proof, leaf: { ...leaf, signer: mallory.info.signer } } },
        { ...claim, proof: { ...claim.proof, leaf: { ...leaf, operator: principal.operator } } },
        { ...claim, proof: { ...claim.proof, siblings: [{ hash: hash(`0x${'03'.repeat(32)}`), sum: 5n }] } },
        other
      ]
      for (const [i, wrong] of claims.entries()) {
        if (wrong) expect(await answer({ ...honest, claims: [wrong] }), `claim ${i}`).to.equal('ENCLAVE_SEAT_REFUSED')
      }
    })

    it('refuses the seat of the same enclave key under another operator', async () => {
      const operator = address(`0x${'cc'.repeat(20)}`)
      const other = new TestNetwork(principal, [{ ...worker, operator }])
      const honest = await request()

      expect(await answer({ ...honest, claims: other.claims(worker, contracts) })).to.equal('ENCLAVE_SEAT_REFUSED')
    })

    it('gives nothing to 200 requests for contracts of other seats', async () => {
      const others = await Promise.all(
        [1, 2, 3].map(async i => startWorker(await localEnclave(), principal, `0x${`b${i}`.repeat(20)}` as never))
      )
      const wide = new TestNetwork(principal, [worker, ...others])
      let refused = 0
      for (let i = 0; refused < 200; i++) {
        const target = scAddr(hash(`0x${i.toString(16).padStart(64, '0')}`))
        const asked = [{ scAddr: target, taskIds: [] }]
        if (wide.claims(worker, asked).length > 0) continue
        const k = i % 3
        const seat = wide.tree.seats(wide.epochInfo.mix, target)[k]!
        const proof = i % 2 === 0 ? wide.tree.prove(seat.index) : wide.tree.prove(0) // another's true seat, or its own leaf on it
        const claims = [{ scAddr: target, epoch: wide.epochInfo, k, proof, graceOver: 1e6 }]
        expect(await refusal(wide.show(worker, asked, { claims }))).to.equal('ENCLAVE_SEAT_REFUSED')
        refused += 1
        if (refused % 100 === 0) {
          await wide.show(worker, asked, { claims: [] })
          expect((await worker.enclave.call('stateTip', { scAddr: target })).hasKey).to.equal(false)
        }
      }
    }).timeout(60_000)
  })
})
