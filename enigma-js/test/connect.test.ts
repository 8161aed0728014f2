import { asciiBytes32, toHex } from '@enigma/protocol'
import { expect } from 'chai'
import { Wallet } from 'ethers'
import { memoryStorage } from '../src/index.ts'
import { codeOfRefusal } from './support/refused.ts'
import { Scene, someHash, someSecret, type SceneEnclave } from './support/scene.ts'
import { DEPLOYMENT_BLOCK, ENIGMA } from './support/scripted-chain.ts'

describe('enigma-js/connect', () => {
  let scene: Scene
  beforeEach(async () => void (scene = await Scene.open()))
  afterEach(() => scene.close())

  it('connects to a network whose chain, contract, mode and evidence agree', async () => {
    const client = await scene.connect()

    expect(client.address).to.equal(scene.chain.sender)
    expect(client.confirmations).to.equal(1)
  })

  it('refuses a contract of another attestation mode', async () => {
    scene.chain.mode = 'sgx-dcap'

    expect(await codeOfRefusal(scene.connect())).to.equal('ENIGMA_MODE_FOREIGN')
    expect(scene.server.calls).to.deep.equal([]) // the worker was not even asked
  })

  const foreign: [string, (info: ReturnType<Scene['info']>) => object, string][] = [
    ['of another chain', info => ({ ...info, chainId: '1' }), 'CHAIN_FOREIGN'],
    ['of another contract', info => ({ ...info, enigma: `0x${'11'.repeat(20)}` }), 'CHAIN_FOREIGN'],
    ['whose deployment the chain does not know', i => ({ ...i, deploymentBlockHash: someHash('x') }), 'CHAIN_FOREIGN'],
    ['without evidence', info => ({ ...info, attested: null }), 'EVIDENCE_WRONG'],
    ['that shows the evidence of another operator', i => ({ ...i, operator: `0x${'22'.repeat(20)}` }), 'EVIDENCE_WRONG']
  ]
  for (const [what, alter, code] of foreign) {
    it(`refuses an entry worker ${what}`, async () => {
      scene.server.handlers.getInfo = () => alter(scene.info()) as ReturnType<Scene['info']>

      expect(await codeOfRefusal(scene.connect())).to.equal(code)
    })
  }

  const evidence: [string, (enclave: SceneEnclave) => object, string][] = [
    ['foreign mode', enclave => enclave.attested({}, { tee: asciiBytes32('sgx') }), 'EVIDENCE_MODE'],
    ['unknown code', enclave => enclave.attested({}, { measurement: someHash('other code') }), 'EVIDENCE_MEASUREMENT'],
    ['an expiry in the past', enclave => enclave.attested({}, { expiry: 1_700_000_000 }), 'EVIDENCE_WRONG'],
    ['a report for another contract', e => e.attested({ enigma: `0x${'33'.repeat(20)}` as never }), 'EVIDENCE_WRONG'],
    [
      'a report for another principal',
      e => e.attested({ principalSigner: `0x${'3a'.repeat(20)}` as never }),
      'EVIDENCE_WRONG'
    ],
    ['a report for another chain', enclave => enclave.attested({ chainId: 1n }), 'EVIDENCE_WRONG'],
    [
      'report data of another enclave',
      enclave => enclave.attested({}, { reportData: someHash('r') }),
      'EVIDENCE_WRONG'
    ],
    ['no debug bit', enclave => enclave.attested({}, { debug: false }), 'EVIDENCE_WRONG']
  ]
  for (const [what, make, code] of evidence) {
    it(`refuses evidence with ${what}`, async () => {
      scene.server.handlers.getInfo = () => ({ ...scene.info(), attested: make(scene.enclaves[0]!) as never })

      expect(await codeOfRefusal(scene.connect())).to.equal(code)
    })
  }

  it('holds to its own list of measurements, whatever the contract allows', async () => {
    const network = { enigma: ENIGMA, rpc: scene.server.url, mode: 'simulation' as const }

    expect(await codeOfRefusal(scene.connect({ network: { ...network, measurements: [someHash('mine')] } }))).to.equal(
      'EVIDENCE_MEASUREMENT'
    )
  })

  it('names a worker that does not answer, and asks the next one', async () => {
    const network = { enigma: ENIGMA, mode: 'simulation' as const }
    const silent = 'http://127.0.0.1:1'

    expect(await codeOfRefusal(scene.connect({ network: { ...network, rpc: silent } }))).to.equal('WORKER_UNREACHABLE')
    const client = await scene.connect({ network: { ...network, rpc: [silent, scene.server.url] } })
    expect(client.info.name).to.equal('worker1')
  })

  it('names a chain that does not answer', async () => {
    const options = { provider: undefined, privateKey: toHex(someSecret('key')), chainUrl: 'http://127.0.0.1:1' }

    expect(await codeOfRefusal(scene.connect(options as never))).to.equal('CHAIN_UNREACHABLE')
  })

  it('wants a provider with a signer', async () => {
    const signer = new Wallet(toHex(someSecret('key')))

    expect(await codeOfRefusal(scene.connect({ provider: undefined, signer } as never))).to.equal('CLIENT_SETTING')
  })

  it('lets a worker raise the confirmations, but not lower those of a public chain', async () => {
    scene.server.handlers.getInfo = () => ({ ...scene.info(), confirmations: 3 })

    expect((await scene.connect()).confirmations).to.equal(3)
  })

  it('starts with a fresh cache, and says so, once the chain has forgotten the deployment it knew', async () => {
    const storage = memoryStorage()
    const base = `enigma/31337/${ENIGMA}/`
    const old = someHash('old deployment')
    await storage.set(`${base}deployment`, old)
    await storage.set(`${base}${old}/task/0x01`, '{}')
    const notices: string[] = []

    await scene.connect({ storage, onNotice: sentence => notices.push(sentence) })

    expect(notices).to.have.length(1)
    expect(await storage.list(`${base}${old}`)).to.deep.equal([])
    expect(await storage.get(`${base}deployment`)).to.equal(DEPLOYMENT_BLOCK)
  })

  it('keeps the keys of a deployment that the chain still knows, whatever a worker says', async () => {
    const storage = memoryStorage()
    const base = `enigma/31337/${ENIGMA}/`
    const other = someHash('another block of this chain')
    scene.chain.knownBlocks.add(other)
    await storage.set(`${base}deployment`, other)
    await storage.set(`${base}${other}/task/0x01`, '{}')

    await scene.connect({ storage })

    expect(await storage.list(`${base}${other}`)).to.have.length(1)
  })
})
