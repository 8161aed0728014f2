import { expect } from 'chai'
import { AbiCoder, Wallet } from 'ethers'
import {
  FailureReason,
  addressOfPrivateKey,
  envelopeCodec,
  envelopeHashOf,
  fromHex,
  keccak256,
  openBody,
  openWrap,
  opsHashOf,
  outputHashOf,
  queryBody,
  recoverSigner,
  sealQueryOutcome,
  signDigest,
  toHex,
  typedDigest,
  utf8,
  type Hash,
  type Permit,
  type QueryAnswer,
  type QueryContractParams,
  type QueryContractResult,
  type QueryOutcome
} from '@enigma/protocol'
import { refused, codeOfRefusal } from '../support/refused.ts'
import { Scene, SC_ADDR, calculator, someHash, type SceneEnclave } from '../support/scene.ts'
import { CHAIN_ID, ENIGMA } from '../support/scripted-chain.ts'
import { Refusal } from '../support/worker-server.ts'

const domain = { chainId: CHAIN_ID, enigma: ENIGMA }
const HEAD = someHash('head 3')
const OLD_HEAD = someHash('head 2')

interface Alter {
  readonly answer?: Partial<QueryAnswer>
  readonly signWith?: Uint8Array
  readonly result?: Uint8Array
  readonly cek?: Uint8Array
  readonly outcome?: QueryOutcome
}

describe('enigma-js/query', () => {
  let scene: Scene
  let asked: {
    params: QueryContractParams
    asker: string
    permit: Permit | null
    issuer: string
    ops: readonly string[]
  }[]
  let alter: Alter

  const good = (value: bigint): QueryOutcome => ({
    ok: true,
    reason: 0,
    message: '',
    output: fromHex(AbiCoder.defaultAbiCoder().encode(['uint256'], [value]))
  })

  /** What an honest seat's enclave answers; a test alters one thing of it. */
  function answer(params: QueryContractParams): QueryContractResult {
    const envelope = envelopeCodec.decode(fromHex(params.envelope))
    const { context, wraps } = envelope
    const enclave = scene.enclaves.find(({ signer }) => signer === wraps[0]!.signer) as SceneEnclave
    const cek = openWrap(envelope, enclave.signer, enclave.epochKey.privateKey)!
    const body = queryBody.decode(openBody(envelope, cek))
    const envelopeHash = envelopeHashOf(fromHex(params.envelope))
    const digest = typedDigest(domain, 'Query', { scAddr: SC_ADDR, envelopeHash, notAfter: params.notAfter })
    const asker = recoverSigner(digest, fromHex(params.signature))
    const { permit = null, ops = [], signature } = body.permit ?? {}
    if (permit) expect(recoverSigner(typedDigest(domain, 'Permit', permit), signature!)).to.equal(permit.issuer)
    asked.push({ params, asker, permit, issuer: context.sender, ops })
    const at = { envelopeHash, scAddr: SC_ADDR, deltaCount: 3, headHash: HEAD, block: 100, ...alter.answer }
    const result = alter.result ?? sealQueryOutcome(alter.cek ?? cek, at, alter.outcome ?? good(59n))
    const full: QueryAnswer = { outputHash: outputHashOf(result), ...at }
    const signed = signDigest(typedDigest(domain, 'QueryAnswer', full), alter.signWith ?? enclave.privateKey)
    return { answer: full, signature: toHex(signed), result: toHex(result) }
  }

  beforeEach(async () => {
    scene = await Scene.open()
    asked = []
    alter = {}
    scene.server.handlers.queryContract = answer
    scene.chain.heads = [
      { from: 0, head: OLD_HEAD, count: 2 },
      { from: 98, head: HEAD, count: 3 }
    ]
  })
  afterEach(() => scene.close())
  const ask = async (): Promise<bigint> => (await scene.connect()).contract(SC_ADDR, calculator).query.sub(76n, 17n)

  it('answers without a transaction, with what certifies the answer', async () => {
    const client = await scene.connect()
    const { value, ...certified } = await client.query(SC_ADDR, calculator, 'sub', [76n, 17n])
    expect(value).to.equal(59n)
    expect(certified).to.include({ deltaCount: 3, headHash: HEAD, block: 100 })
    expect(scene.enclaves.map(({ signer }) => signer)).to.include(certified.signer)
    expect(scene.chain.sent).to.deep.equal([])
    expect(await client.contract(SC_ADDR, calculator).query.sub(76n, 17n)).to.equal(59n)
  })

  it('asks a wallet once for a permit of one contract, and then signs with a key of its own', async () => {
    const client = await scene.connect()
    const { query } = client.contract(SC_ADDR, calculator)
    for (let i = 0; i < 3; i++) await query.sub(76n, 17n)
    expect(scene.chain.signed).to.deep.equal(['Permit'])
    const [first] = asked
    expect(first!.issuer).to.equal(scene.chain.sender)
    expect(first!.permit).to.include({ issuer: scene.chain.sender, grantee: first!.asker, scope: SC_ADDR, maxUses: 0 })
    expect(first!.permit!.ops).to.equal(opsHashOf(['*']))
    expect(first!.permit!.expiry).to.equal(1_700_000_000 + 3_600)
    expect(first!.asker).to.not.equal(scene.chain.sender)
    expect(new Set(asked.map(({ asker }) => asker)).size).to.equal(1)
    expect(new Set(asked.map(({ params }) => params.envelope)).size).to.equal(3)
  })

  it('lets the caller choose functions and duration of the permit', async () => {
    const client = await scene.connect()
    const { expiresAtSeconds } = await client.allowQueries(SC_ADDR, {
      functions: ['sub(uint256,uint256)'],
      seconds: 60
    })
    expect(expiresAtSeconds).to.equal(1_700_000_060)
    await client.contract(SC_ADDR, calculator).query.sub(76n, 17n)
    expect(asked[0]!.ops).to.deep.equal(['sub(uint256,uint256)'])
    expect(scene.chain.signed).to.deep.equal(['Permit'])
    const brief = await scene.connect()
    await brief.allowQueries(SC_ADDR, { seconds: 10 }) // ends within the time that a query takes: asked for again
    await brief.contract(SC_ADDR, calculator).query.sub(76n, 17n)
    expect(scene.chain.signed).to.deep.equal(['Permit', 'Permit', 'Permit'])
  })

  it('signs by itself where it holds the key: no permit, no question', async () => {
    const wallet = Wallet.createRandom()
    const provider = { ...(await import('ethers')) }
    const client = await scene.connect({ signer: wallet.connect(new provider.BrowserProvider(scene.chain)) } as never)
    expect(await client.contract(SC_ADDR, calculator).query.sub(76n, 17n)).to.equal(59n)
    expect(asked[0]).to.include({
      asker: wallet.address.toLowerCase(),
      issuer: wallet.address.toLowerCase(),
      permit: null
    })
    expect(scene.chain.signed).to.deep.equal([])
  })

  it('asks again after a wallet said no', async () => {
    const client = await scene.connect()
    scene.chain.rejects = true
    expect(await codeOfRefusal(client.contract(SC_ADDR, calculator).query.sub(76n, 17n))).to.equal('USER_REJECTED')
    scene.chain.rejects = false
    expect(await client.contract(SC_ADDR, calculator).query.sub(76n, 17n)).to.equal(59n)
  })

  it('refuses an answer with anything wrong in it', async () => {
    const other = fromHex(keccak256(utf8('somebody')))
    const table: [string, Alter][] = [
      ['another query', { answer: { envelopeHash: someHash('other') } }],
      ['another contract', { answer: { scAddr: someHash('other') as string as typeof SC_ADDR } }],
      ['another signer', { signWith: other }],
      ['another output', { answer: { outputHash: someHash('other') } }],
      ['another key', { cek: other }],
      ['no ciphertext', { result: new Uint8Array(0) }],
      ['a head the chain never had', { answer: { headHash: someHash('forged') } }],
      ['another count', { answer: { deltaCount: 4 } }],
      ['an old head under a new block', { answer: { headHash: OLD_HEAD, deltaCount: 2 } }]
    ]
    for (const [what, change] of table) {
      alter = change
      expect(await codeOfRefusal(ask()), what).to.equal('QUERY_ANSWER_WRONG')
    }
    expect(addressOfPrivateKey(other)).to.not.equal(scene.enclaves[0]!.signer)
  })

  it('takes an older block only if the head has not changed since', async () => {
    alter = { answer: { block: 99 } }
    expect(await ask()).to.equal(59n)
    alter = { answer: { block: 97, headHash: OLD_HEAD, deltaCount: 2 } }
    const error = await refused(ask())
    expect(error.code).to.equal('QUERY_STALE')
    expect(error.facts).to.include({ block: 97, seen: 100 })
  })

  it('waits for its own node when a worker is a block ahead', async () => {
    const next = someHash('head 4')
    scene.chain.heads.push({ from: 101, head: next, count: 4 })
    alter = { answer: { block: 101, headHash: next, deltaCount: 4 } }
    setTimeout(() => (scene.chain.block = 101), 60)
    expect(await ask()).to.equal(59n)
  })

  it("tells a contract's failure with its reason, and that writing needs a task", async () => {
    alter = { outcome: { ok: false, reason: FailureReason.revert, message: 'not yours', output: new Uint8Array(0) } }
    const error = await refused(ask())
    expect(error.code).to.equal('QUERY_FAILED')
    expect(error.message).to.contain('not yours')
    const { readOnly } = FailureReason as Record<string, number>
    alter = { outcome: { ok: false, reason: readOnly!, message: '', output: new Uint8Array(0) } }
    expect((await refused(ask())).hint).to.contain('as a task')
  })

  it('tries again while the workers are behind, busy or starting, and gives up with their code', async () => {
    for (const code of ['WORKER_BEHIND', 'CHAIN_BEHIND', 'ENCLAVE_BUSY', 'WORKER_ENCLAVE_DOWN']) {
      let times = 0
      scene.server.handlers.queryContract = params => {
        if (++times < 3) throw new Refusal(code, 'in a moment')
        return answer(params)
      }
      expect(await ask()).to.equal(59n)
      times = -100
      expect(await codeOfRefusal(ask())).to.equal(code)
    }
    scene.server.handlers.queryContract = () => {
      throw new Refusal('ENCLAVE_QUERY_REFUSED', 'its time is over')
    }
    expect(await codeOfRefusal(ask())).to.equal('ENCLAVE_QUERY_REFUSED')
  })

  it('asks once for the keys anew when no seat opens what it was asked', async () => {
    const client = await scene.connect()
    const { query } = client.contract(SC_ADDR, calculator)
    const keysAsked = (): number => scene.server.calls.filter(method => method === 'getWorkerEncryptionKey').length
    let refusals = 0
    scene.server.handlers.queryContract = params => {
      if (scene.openersOf(fromHex(params.envelope)).length > 0) return answer(params)
      refusals += 1
      throw new Refusal('NO_SEAT_REACHABLE', 'No seat holder of this contract was there to answer the query.')
    }
    await query.sub(76n, 17n)
    for (const enclave of scene.enclaves) enclave.losesKey()

    expect(await query.sub(76n, 17n)).to.equal(59n)
    expect([keysAsked(), refusals]).to.deep.equal([2, 1])

    const old = scene.seats(SC_ADDR)
    for (const enclave of scene.enclaves) enclave.losesKey()
    scene.server.handlers.getWorkerEncryptionKey = () => old
    expect(await codeOfRefusal(query.sub(76n, 17n))).to.equal('NO_SEAT_REACHABLE')
    expect([keysAsked(), refusals]).to.deep.equal([3, 3])
  })

  it('keeps arguments within what an envelope takes, and checks them by the ABI', async () => {
    const client = await scene.connect()
    const abi = [{ type: 'function', name: 'f', inputs: [{ name: 'data', type: 'bytes' }], outputs: [] }] as const
    const big = client.contract(SC_ADDR, abi).query.f(new Uint8Array(57 * 1024))
    expect(await codeOfRefusal(big)).to.equal('CLIENT_SETTING')
    expect(asked).to.be.empty
    expect(HEAD).to.not.equal(OLD_HEAD as Hash)
  })
})
