import { expect } from 'chai'
import {
  ZERO_ADDRESS,
  address,
  hash,
  key32,
  reportDataOf,
  utf8,
  verifySimEvidence,
  randomBytes,
  toHex,
  x25519Pair,
  type Attested,
  type Report
} from '@enigma/protocol'
import { rootTransfer, sealSecrets } from '../../src/keys/root-transfer.ts'
import { evidenceOf } from '../support/evidence.ts'
import { Op, call, testContract } from '../support/contract.ts'
import { TEST_MEASUREMENT, localEnclave, memoryFolder, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member } from '../support/network.ts'
import { identityRoot, leaks } from '../support/secrets.ts'

const ADMIN = address(`0x${'ad'.repeat(20)}`)
const START = { role: 1, ...DOMAIN, operator: ADMIN, principalSigner: ZERO_ADDRESS, principal: null }

describe('calls/root: a standby for the principal (R14)', () => {
  let primary: Member<LocalEnclave>
  beforeEach(async () => {
    primary = await startPrincipal(await localEnclave())
  })
  after(stopPool)

  async function standby(folder = memoryFolder()): Promise<Member<LocalEnclave>> {
    const enclave = await localEnclave({ folder })
    const to = await enclave.call('importRequest', START)
    const { sealed } = await primary.enclave.call('exportRoot', { to })
    const info = await enclave.call('importRoot', { start: START, sealed })
    return { enclave, operator: ADMIN, info, attested: await enclave.call('evidence', { nonce: 0 }) }
  }

  it('is the same principal: signer, transport key, state keys, also after a restart', async () => {
    const folder = memoryFolder()
    const second = await standby(folder)
    expect(second.info).to.deep.equal(primary.info)
    const restarted = await startPrincipal(await localEnclave({ folder }))
    expect(restarted.info).to.deep.equal(primary.info)
    expect(restarted.attested.report).to.deep.equal(primary.attested.report)
  })

  it('answers views and grants keys to the workers of the primary, which may be gone', async () => {
    const worker = await startWorker(await localEnclave(), primary)
    const net = new TestNetwork(primary, [worker])
    const deployed = await net.record({ code: testContract, callData: utf8('hello') })
    await net.complete(worker, deployed)
    await primary.enclave.call('rotateGeneration', {})
    const later = net.continued(await standby(), [worker])
    await later.complete(worker, await later.record({ scAddr: deployed.scAddr, callData: call(Op.set, utf8('x')) }))
    await later.complete(worker, await later.record({ scAddr: deployed.scAddr, callData: call(Op.get) }))
    const tip = await worker.enclave.call('stateTip', { scAddr: deployed.scAddr })
    expect(tip).to.include({ hasKey: true, deltaCount: 2 })
  })

  it('goes on where the seeds stood, with their generation, when it has to become the primary', async () => {
    for (const d of [0, 1, 2]) await primary.enclave.call('epochSeed', { d })
    await primary.enclave.call('rotateGeneration', {})
    const { enclave } = await standby()
    expect(await refusal(enclave.call('epochSeed', { d: 4 }))).to.equal('ENCLAVE_SEED_ORDER')
    expect(await enclave.call('epochSeed', { d: 3 })).to.deep.equal(await primary.enclave.call('epochSeed', { d: 3 }))
    expect((await enclave.call('epochSeed', { d: 3 })).generation).to.equal(1)
    expect((await enclave.call('epochSeed', { d: 4 })).seed, 'what the primary did since is caught up').to.have.length(
      66
    )
  })

  it('goes on from nothing, when no seed was released yet', async () => {
    const { enclave } = await standby()
    expect(await refusal(enclave.call('epochSeed', { d: 1 }))).to.equal('ENCLAVE_SEED_ORDER')
    expect((await enclave.call('epochSeed', { d: 0 })).generation).to.equal(0)
  })

  it("asks with evidence that is neither a worker's nor a principal's", async () => {
    const enclave = await localEnclave()
    const to = await enclave.call('importRequest', START)
    expect(to.report).to.deep.include({ operator: ADMIN, ...DOMAIN, principalSigner: ZERO_ADDRESS, nonce: 0 })
    expect(to.report.signer).not.to.equal(ZERO_ADDRESS)
    const policy = { mode: 'simulation' as const, measurements: [TEST_MEASUREMENT], nowSeconds: 1_800_000_000 }
    verifySimEvidence(to.evidence, reportDataOf(to.report), policy)
    const worker = localEnclave().then(e =>
      e.call('start', { ...START, role: 0, principalSigner: to.report.signer, principal: to })
    )
    expect(await refusal(worker), 'no worker takes it for its principal').to.equal('ENCLAVE_BAD_PRINCIPAL')
    expect((await enclave.call('importRequest', START)).report, 'asking again is the same request').to.deep.equal(
      to.report
    )
  })

  it('shows the root to nobody on the way', async () => {
    const { enclave } = primary
    const root = identityRoot(enclave.folder.files)
    const target = await localEnclave()
    const to = await target.call('importRequest', START)
    const { sealed } = await enclave.call('exportRoot', { to })
    expect(leaks({ root }, sealed)).to.deep.equal([])
    await target.call('importRoot', { start: START, sealed })
    expect(identityRoot(target.folder.files), 'it arrived').to.deep.equal(root)
    const files = [...target.folder.files].filter(([name]) => name !== 'sealing.key').map(([, bytes]) => bytes)
    expect(
      leaks({ root }, Buffer.concat([...files, utf8([...enclave.logged, ...target.logged].join())]))
    ).to.deep.equal([])
  })

  describe('exportRoot refuses', () => {
    const request = async (): Promise<Attested> => (await localEnclave()).call('importRequest', START)
    const exporting = (to: Attested) => refusal(primary.enclave.call('exportRoot', { to }))

    it('an enclave of other code, expired or altered evidence, a report that the evidence does not bind', async () => {
      const to = await request()
      const other = await (
        await localEnclave({ measurement: hash(`0x${'cd'.repeat(32)}`) })
      ).call('importRequest', START)
      const bent = to.evidence.slice()
      bent[40]! ^= 1
      const stolen = { ...to.report, transportKey: x25519Pair().publicKey }
      const attacks: Attested[] = [
        other,
        { ...to, evidence: evidenceOf(to.report, TEST_MEASUREMENT, 1) },
        { ...to, evidence: bent },
        { ...to, evidence: new Uint8Array() },
        { ...to, report: stolen }
      ]
      for (const [i, attack] of attacks.entries())
        expect(await exporting(attack), String(i)).to.equal('ENCLAVE_EXPORT_REFUSED')
      expect(await exporting(to)).to.equal('not refused')
    })

    it('another chain, Enigma or operator', async () => {
      for (const change of [
        { chainId: 1337n },
        { enigma: address(`0x${'e2'.repeat(20)}`) },
        { operator: address(`0x${'ae'.repeat(20)}`) }
      ]) {
        const to = await (await localEnclave()).call('importRequest', { ...START, ...change })
        expect(await exporting(to)).to.equal('ENCLAVE_EXPORT_REFUSED')
      }
    })

    it("a worker's enclave and another principal's: neither asks for a root", async () => {
      const worker = await startWorker(await localEnclave(), primary, ADMIN)
      const stranger = await startPrincipal(await localEnclave())
      for (const to of [worker.attested, stranger.attested, primary.attested])
        expect(await exporting(to)).to.equal('ENCLAVE_EXPORT_REFUSED')
    })

    it('to do so for anybody, in an enclave that is no principal', async () => {
      const worker = await startWorker(await localEnclave(), primary)
      expect(await refusal(worker.enclave.call('exportRoot', { to: await request() }))).to.equal('ENCLAVE_WRONG_ROLE')
      expect(await refusal((await localEnclave()).call('exportRoot', { to: await request() }))).to.equal(
        'ENCLAVE_NOT_STARTED'
      )
    })
  })

  describe('importRoot refuses', () => {
    let target: LocalEnclave
    let to: Attested
    let sealed: Uint8Array
    beforeEach(async () => {
      target = await localEnclave()
      to = await target.call('importRequest', START)
      sealed = (await primary.enclave.call('exportRoot', { to })).sealed
    })
    const importing = (bytes: Uint8Array, start: object = START, enclave = target) =>
      refusal(enclave.call('importRoot', { start: { ...START, ...start }, sealed: bytes }))

    it('what was altered, cut, or is nothing', async () => {
      for (const at of [10, sealed.length - 1, sealed.length - 60]) {
        const bent = sealed.slice()
        bent[at]! ^= 1
        expect(await importing(bent), String(at)).to.equal('ENCLAVE_IMPORT_REFUSED')
      }
      expect(await importing(sealed.subarray(0, 200))).to.equal('ENCLAVE_IMPORT_REFUSED')
      expect(await importing(new Uint8Array())).to.equal('ENCLAVE_IMPORT_REFUSED')
      expect(await importing(sealed)).to.equal('not refused')
    })

    it('what was made for another request, or for its life before a restart', async () => {
      const second = await localEnclave()
      expect(await importing(sealed, {}, second), 'it did not ask').to.equal('ENCLAVE_IMPORT_REFUSED')
      await second.call('importRequest', START)
      expect(await importing(sealed, {}, second)).to.equal('ENCLAVE_IMPORT_REFUSED')
      const restarted = await localEnclave({ folder: target.folder })
      await restarted.call('importRequest', START)
      expect(await importing(sealed, {}, restarted)).to.equal('ENCLAVE_IMPORT_REFUSED')
    })

    it('a replay: once it is the principal, it takes no root again', async () => {
      await importing(sealed)
      const later = (await primary.enclave.call('exportRoot', { to })).sealed
      for (const bytes of [sealed, later]) expect(await importing(bytes)).to.equal('ENCLAVE_IMPORT_REFUSED')
      const restarted = await localEnclave({ folder: target.folder })
      expect(await refusal(restarted.call('importRequest', START))).to.equal('ENCLAVE_BOUND')
      expect(await refusal(primary.enclave.call('importRequest', START))).to.equal('ENCLAVE_BOUND')
    })

    it('another binding than it asked with', async () => {
      expect(await importing(sealed, { operator: address(`0x${'ae'.repeat(20)}`) })).to.equal('ENCLAVE_BOUND')
      expect(await importing(sealed, { chainId: 1337n })).to.equal('ENCLAVE_BOUND')
      expect(await importing(sealed, { role: 0 })).to.equal('ENCLAVE_BAD_PRINCIPAL')
    })

    it('a root that the host made up, under evidence of any principal', async () => {
      const secrets = { root: randomBytes(32), highest: null, generation: 0 }
      const pair = x25519Pair()
      const report: Report = { ...primary.attested.report, transportKey: key32(pair.publicKey) }
      const own = { report, evidence: evidenceOf(report) }
      expect(await importing(sealSecrets(own, pair.privateKey, to.report, secrets))).to.equal('ENCLAVE_IMPORT_REFUSED')
      const foreign = sealSecrets(primary.attested, pair.privateKey, to.report, secrets)
      expect(await importing(foreign)).to.equal('ENCLAVE_IMPORT_REFUSED')
    })

    it('a sender of other code, another network, or without evidence', async () => {
      const transfer = rootTransfer.decode(sealed)
      const { report } = transfer.from
      const from: Attested[] = [
        { report, evidence: evidenceOf(report, hash(`0x${'cd'.repeat(32)}`)) },
        { report, evidence: new Uint8Array() },
        { report: { ...report, chainId: 1337n }, evidence: evidenceOf({ ...report, chainId: 1337n }) },
        { report: { ...report, operator: ZERO_ADDRESS }, evidence: evidenceOf({ ...report, operator: ZERO_ADDRESS }) }
      ]
      for (const sender of from)
        expect(await importing(rootTransfer.encode({ ...transfer, from: sender }))).to.equal('ENCLAVE_IMPORT_REFUSED')
    })

    it('to leave half of it behind: with a full disk it is nobody, and can be tried again', async () => {
      const folder = memoryFolder()
      let writes = 0
      const failing = {
        ...folder,
        write: (name: string, bytes: Uint8Array) =>
          name === 'identity.sealed' && writes++ === 0
            ? Promise.reject(new Error('disk full'))
            : folder.write(name, bytes)
      }
      const enclave = await localEnclave({ folder: failing })
      const asked = await enclave.call('importRequest', START)
      const made = (await primary.enclave.call('exportRoot', { to: asked })).sealed
      expect(await importing(made, {}, enclave)).to.equal('no code: Error: disk full')
      expect(await refusal(enclave.call('evidence', { nonce: 0 }))).to.equal('ENCLAVE_NOT_STARTED')
      expect(await importing(made, {}, enclave)).to.equal('not refused')
      expect(toHex(identityRoot(folder.files))).to.equal(toHex(identityRoot(primary.enclave.folder.files)))
    })

    it('an enclave that asked and then was started as somebody else', async () => {
      const member = await startWorker(target, primary)
      expect(await importing(sealed, {}, member.enclave)).to.equal('ENCLAVE_IMPORT_REFUSED')
    })
  })
})
