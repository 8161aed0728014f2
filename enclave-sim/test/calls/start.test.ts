import { expect } from 'chai'
import {
  address,
  hash,
  principalSecretOf,
  addressOfPrivateKey,
  reportDataOf,
  verifySimEvidence,
  fromAsciiBytes32,
  ZERO_ADDRESS,
  type EnclaveMethodName
} from '@enigma/protocol'
import { TEST_MEASUREMENT, localEnclave, memoryFolder, refusal, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, startPrincipal, startWorker, type Member } from '../support/network.ts'

describe('calls/start', () => {
  let principal: Member<LocalEnclave>
  beforeEach(async () => {
    principal = await startPrincipal(await localEnclave())
  })

  const workerRequest = () => ({
    role: 0,
    ...DOMAIN,
    operator: address(`0x${'b0'.repeat(20)}`),
    principalSigner: principal.info.signer,
    principal: principal.attested
  })

  it('answers nothing but status before it', async () => {
    const fresh = await localEnclave()

    expect(await fresh.call('status', {})).to.include({ runs: 0, contracts: 0, views: 0 })
    expect(await refusal(fresh.call('evidence', { nonce: 0 }))).to.equal('ENCLAVE_NOT_STARTED')
    expect(await refusal(fresh.call('encryptionKey', { epoch: 1 }))).to.equal('ENCLAVE_NOT_STARTED')
    expect(await refusal(fresh.call('epochSeed', { d: 0 }))).to.equal('ENCLAVE_NOT_STARTED')
  })

  it('says what it is: simulated, measured, isolated as told', async () => {
    expect(principal.info).to.include({ mode: 'simulation', isolation: 'process-only', measurement: TEST_MEASUREMENT })
    expect(principal.info.principalSigner).to.equal(principal.info.signer)
  })

  it('gives the same keys after every restart', async () => {
    const folder = memoryFolder()
    const first = await startWorker(await localEnclave({ folder }), principal)
    const again = await startWorker(await localEnclave({ folder }), principal)

    expect(again.info).to.deep.equal(first.info)
    expect(first.info.signer).not.to.equal(principal.info.signer)
  })

  it('is bound for ever: any other value is refused, before and after a restart', async () => {
    const folder = memoryFolder()
    const running = await localEnclave({ folder })
    await running.call('start', workerRequest())
    const other = await startPrincipal(await localEnclave())
    const changes = [
      { operator: address(`0x${'b1'.repeat(20)}`) },
      { principalSigner: other.info.signer, principal: other.attested },
      { role: 1, principal: null, principalSigner: ZERO_ADDRESS }
    ]
    for (const enclave of [running, await localEnclave({ folder })]) {
      for (const change of changes) {
        expect(await refusal(enclave.call('start', { ...workerRequest(), ...change }))).to.equal('ENCLAVE_BOUND')
      }
      expect((await enclave.call('start', workerRequest())).principalSigner).to.equal(principal.info.signer)
    }
  })

  it('is bound to its chain and contract, a principal too', async () => {
    const enigma = address(`0x${'e2'.repeat(20)}`)

    expect(await refusal(startPrincipal(principal.enclave, { ...DOMAIN, enigma }))).to.equal('ENCLAVE_BOUND')
    expect(await refusal(startPrincipal(principal.enclave, { ...DOMAIN, chainId: 5n }))).to.equal('ENCLAVE_BOUND')
  })

  it('starts once, whatever a host sends at the same time', async () => {
    const enclave = await localEnclave()
    const [a, b] = await Promise.all([enclave.call('start', workerRequest()), enclave.call('start', workerRequest())])

    expect(a).to.deep.equal(b)
  })

  it('refuses the main network, unknown roles and empty addresses', async () => {
    const enclave = await localEnclave()
    const attempt = (change: object) => refusal(enclave.call('start', { ...workerRequest(), ...change }))

    expect(await attempt({ chainId: 1n })).to.equal('ENCLAVE_BAD_NETWORK')
    expect(await attempt({ chainId: 1n << 64n })).to.equal('ENCLAVE_BAD_NETWORK')
    expect(await attempt({ enigma: ZERO_ADDRESS })).to.equal('ENCLAVE_BAD_NETWORK')
    expect(await attempt({ role: 2 })).to.equal('ENCLAVE_BAD_REQUEST')
    expect(enclave.folder.files.has('identity.sealed')).to.equal(false)
  })

  it('refuses a principal with other code, of another network, or with a report that its evidence does not bind', async () => {
    const enclave = await localEnclave()
    const attempt = (other: Member) =>
      refusal(
        enclave.call('start', { ...workerRequest(), principalSigner: other.info.signer, principal: other.attested })
      )
    const foreignCode = await localEnclave({ measurement: hash(`0x${'cd'.repeat(32)}`) })
    const foreignNetwork = await startPrincipal(await localEnclave(), { ...DOMAIN, chainId: 1337n })
    const swapped = {
      ...principal,
      attested: {
        ...principal.attested,
        report: { ...principal.attested.report, transportKey: hash(`0x${'11'.repeat(32)}`) }
      }
    }

    expect(await attempt(await startPrincipal(foreignCode))).to.equal('ENCLAVE_BAD_PRINCIPAL')
    expect(await attempt(foreignNetwork)).to.equal('ENCLAVE_BAD_PRINCIPAL')
    expect(await attempt(swapped as never)).to.equal('ENCLAVE_BAD_PRINCIPAL')
    expect(await refusal(enclave.call('start', { ...workerRequest(), principal: null }))).to.equal(
      'ENCLAVE_BAD_PRINCIPAL'
    )
  })

  it('refuses a worker as the principal of another', async () => {
    const worker = await startWorker(await localEnclave(), principal)
    const request = { ...workerRequest(), principalSigner: worker.info.signer, principal: worker.attested }

    expect(await refusal((await localEnclave()).call('start', request))).to.equal('ENCLAVE_BAD_PRINCIPAL')
  })

  it("derives a principal's signer from its root, so that a copy of the root is the same principal (R14)", async () => {
    const copy = await startPrincipal(
      await localEnclave({ folder: memoryFolder(new Map(principal.enclave.folder.files)) })
    )

    expect(copy.info).to.deep.equal(principal.info)
    const root = new Uint8Array(32).fill(9)
    expect(addressOfPrivateKey(principalSecretOf(root, 'signer', 31337n, DOMAIN.enigma))).not.to.equal(
      principal.info.signer
    )
  })

  it('gives evidence of the simulation that binds its report', async () => {
    const { report, evidence } = (await startWorker(await localEnclave(), principal)).attested
    const policy = { mode: 'simulation' as const, measurements: [TEST_MEASUREMENT], nowSeconds: 1_800_000_000 }
    const found = verifySimEvidence(evidence, reportDataOf(report), policy)

    expect(report).to.include({ ...DOMAIN, nonce: 7, principalSigner: principal.info.signer })
    expect(found.debug).to.equal(true)
    expect(fromAsciiBytes32(found.isolation)).to.equal('process-only')
    expect(() => verifySimEvidence(evidence, reportDataOf({ ...report, nonce: 8 }), policy)).to.throw('another report')
  })

  it('answers no call of the other role', async () => {
    const worker = await startWorker(await localEnclave(), principal)
    const scAddr = hash(`0x${'5c'.repeat(32)}`) as never
    const ofWorkers: [EnclaveMethodName, object][] = [
      ['encryptionKey', { epoch: 1 }],
      ['forgetEpochs', { before: 1 }],
      ['checkEnvelope', { envelope: new Uint8Array() }],
      ['chainViewRequest', { minBlock: 1, contracts: [] }],
      ['stateTip', { scAddr }],
      ['applyDeltas', { scAddr, deltas: [] }],
      ['revertState', { scAddr, deltaCount: 0, heads: [] }],
      ['dropState', { scAddr }],
      ['loadCode', { bytecode: new Uint8Array() }],
      ['release', { nonce: hash(`0x${'00'.repeat(32)}`), sealedRun: new Uint8Array() }]
    ]
    for (const [method, request] of ofWorkers) {
      expect(await refusal(principal.enclave.call(method, request as never)), method).to.equal('ENCLAVE_WRONG_ROLE')
    }
    expect(await refusal(worker.enclave.call('epochSeed', { d: 0 }))).to.equal('ENCLAVE_WRONG_ROLE')
  })
})
