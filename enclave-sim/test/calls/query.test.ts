import { expect } from 'chai'
import {
  ANY_OP,
  FailureReason,
  TaskKind,
  ZERO_HASH,
  address,
  addressOfPrivateKey,
  envelopeHashOf,
  fromHex,
  hash,
  keccak256,
  openQueryOutcome,
  opsHashOf,
  outputHashOf,
  queryBody,
  randomBytes,
  requireSigner,
  sealEnvelope,
  signDigest,
  toHex,
  typedDigest,
  utf8,
  type Domain,
  type EnvelopeTarget,
  type Hash,
  type Permit,
  type QueryRequest,
  type SignedPermit
} from '@enigma/protocol'
import { Op, call, testContract } from '../support/contract.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

interface Wallet {
  readonly key: Uint8Array
  readonly address: ReturnType<typeof address>
}
const wallet = (fill: number): Wallet => {
  const key = new Uint8Array(32).fill(fill)
  return { key, address: addressOfPrivateKey(key) }
}
const ISSUER = wallet(1)
const GRANTEE = wallet(2)
const THIEF = wallet(3)

/** A query as an honest client makes it, and what an attacker changes about it. */
interface Draft {
  readonly callData: Uint8Array
  readonly permit: SignedPermit | null
  readonly signer: Wallet
  readonly target: Partial<EnvelopeTarget>
  readonly notAfter: number
  readonly signedDomain: Domain
  readonly signedHash: Hash | undefined
}

describe('calls/query (R8)', () => {
  let net: TestNetwork<LocalEnclave>
  let worker: Member<LocalEnclave>
  let deployed: SentTask
  let deployment: Uint8Array

  beforeEach(async () => {
    const principal = await startPrincipal(await localEnclave())
    worker = await startWorker(await localEnclave(), principal)
    net = new TestNetwork(principal, [worker])
    deployed = await net.record({ code: testContract, callData: utf8('hello') })
    deployment = (await net.complete(worker, deployed)).delta!
  })
  after(stopPool)

  async function sealed(change: Partial<Draft>): Promise<{ request: Omit<QueryRequest, 'nonce'>; cek: Uint8Array }> {
    const { callData = call(Op.get), permit = null, signer = ISSUER, notAfter = net.time + 30 } = change
    const { key } = await worker.enclave.call('encryptionKey', { epoch: net.epoch })
    const target: EnvelopeTarget = {
      ...DOMAIN,
      kind: TaskKind.query,
      scAddr: deployed.scAddr,
      codeHash: ZERO_HASH,
      sender: ISSUER.address,
      epoch: net.epoch,
      ...change.target
    }
    const recipients = [{ signer: worker.info.signer, key }]
    const { envelope, cek } = sealEnvelope(target, recipients, queryBody.encode({ callData, permit }))
    const envelopeHash = change.signedHash ?? envelopeHashOf(envelope)
    const digest = typedDigest(change.signedDomain ?? DOMAIN, 'Query', {
      scAddr: target.scAddr,
      envelopeHash,
      notAfter
    })
    return { request: { envelope, notAfter, signature: signDigest(digest, signer.key) }, cek }
  }
  const show = () => net.show(worker, [{ scAddr: deployed.scAddr, taskIds: [] }])

  async function ask(change: Partial<Draft> = {}) {
    const { request, cek } = await sealed(change)
    const answered = await worker.enclave.call('query', { nonce: await show(), ...request })
    return { ...answered, request, cek, outcome: openQueryOutcome(cek, answered.answer, answered.result) }
  }
  const text = async (change: Partial<Draft> = {}) => new TextDecoder().decode((await ask(change)).outcome.output)
  const refused = (change: Partial<Draft>) => refusal(ask(change))

  function permit(change: Partial<Permit> = {}, ops: readonly string[] = [ANY_OP], signer = ISSUER): SignedPermit {
    const value: Permit = {
      issuer: ISSUER.address,
      grantee: GRANTEE.address,
      scope: deployed.scAddr as string as Hash,
      ops: opsHashOf(ops),
      notBefore: net.time - 10,
      expiry: net.time + 1000,
      maxUses: 0,
      nonce: hash(`0x${'01'.repeat(32)}`),
      ...change
    }
    return { permit: value, ops, signature: signDigest(typedDigest(DOMAIN, 'Permit', value), signer.key) }
  }
  const set = async (value: string) =>
    net.complete(worker, await net.record({ scAddr: deployed.scAddr, callData: call(Op.set, utf8(value)) }))

  it('answers its issuer, certified for the head, and only for its key', async () => {
    const { answer, signature, result, request, outcome, cek } = await ask()
    const { headHash, deltaCount } = net.contracts.get(deployed.scAddr)!

    expect(outcome).to.deep.include({ ok: true, reason: 0, message: '' })
    expect(new TextDecoder().decode(outcome.output)).to.equal('hello')
    expect(answer).to.deep.equal({
      envelopeHash: envelopeHashOf(request.envelope),
      outputHash: outputHashOf(result),
      scAddr: deployed.scAddr,
      deltaCount,
      headHash,
      block: net.block
    })
    requireSigner('answer', typedDigest(DOMAIN, 'QueryAnswer', answer), signature, worker.info.signer)
    for (const other of [{ headHash: ZERO_HASH }, { block: net.block + 1 }, { envelopeHash: ZERO_HASH }])
      expect(() => openQueryOutcome(cek, { ...answer, ...other }, result)).to.throw('does not open')
    expect(() => openQueryOutcome(randomBytes(32), answer, result)).to.throw('does not open')
  })

  it('sees each new head, and changes nothing: no receipt, no run, no state', async () => {
    await set('world')
    const before = await worker.enclave.call('stateTip', { scAddr: deployed.scAddr })
    const { runs } = await worker.enclave.call('status', {})
    expect(await text()).to.equal('world')
    expect(await text()).to.equal('world')
    expect(await worker.enclave.call('stateTip', { scAddr: deployed.scAddr })).to.deep.equal(before)
    expect((await worker.enclave.call('status', {})).runs).to.equal(runs)
  })

  it('runs with the issuer as caller, at block and time of the view', async () => {
    const { outcome } = await ask({ callData: call(Op.context), permit: permit(), signer: GRANTEE })
    const numbers = new DataView(outcome.output.buffer, outcome.output.byteOffset)

    expect(toHex(outcome.output.subarray(0, 20))).to.equal(ISSUER.address)
    expect(numbers.getBigUint64(52, true)).to.equal(BigInt(net.block))
    expect(numbers.getBigUint64(60, true)).to.equal(BigInt(net.time))
  })

  it("has randomness that is no task's, and another at each head and block", async () => {
    const { request, cek } = await sealed({ callData: call(Op.dice), notAfter: net.time + 1000 })
    const throws = async () => {
      const { answer, result } = await worker.enclave.call('query', { nonce: await show(), ...request })
      return toHex(openQueryOutcome(cek, answer, result).output)
    }
    const first = await throws()
    expect(await throws(), 'the same question at the same block').to.equal(first)
    net.block += 1
    const later = await throws()
    await set('x')
    expect(new Set([first, later, await throws()]).size).to.equal(3)
  })

  it('ends at a write, a callback, or a tenth of the gas of a task', async () => {
    const write = await ask({ callData: call(Op.set, utf8('x')) })
    expect(write.outcome).to.deep.include({ ok: false, reason: FailureReason.readOnly })
    expect(write.outcome.message).to.match(/send a task instead/)
    expect((await ask({ callData: call(Op.callback) })).outcome.reason).to.equal(FailureReason.readOnly)
    expect((await ask({ callData: call(Op.spin) })).outcome.reason).to.equal(FailureReason.outOfGas)
    expect((await ask({ callData: call(Op.big) })).outcome.reason).to.equal(FailureReason.limit)
    expect(await text()).to.equal('hello')
  })

  describe('with a permit', () => {
    const op = 'balanceOf(address)'
    const selector = fromHex(keccak256(utf8(op))).subarray(0, 4)

    it('answers the grantee, for all functions or for those it names', async () => {
      expect(await text({ permit: permit(), signer: GRANTEE })).to.equal('hello')
      const named = permit({}, ['other()', op])
      expect((await ask({ callData: selector, permit: named, signer: GRANTEE })).answer.block).to.equal(net.block)
      expect(await text({ permit: permit({ expiry: net.time }), signer: GRANTEE }), 'in its last second').to.equal(
        'hello'
      )
    })

    const attacks: [string, () => Partial<Draft>][] = [
      ['by somebody else', () => ({ permit: permit(), signer: THIEF })],
      ['by the issuer in place of the grantee', () => ({ permit: permit(), signer: ISSUER })],
      ['that the grantee signed for itself', () => ({ permit: permit({}, [ANY_OP], GRANTEE), signer: GRANTEE })],
      ['of another issuer', () => ({ permit: permit({ issuer: THIEF.address }, [ANY_OP], THIEF), signer: GRANTEE })],
      [
        'of the thief, in the name of a victim',
        () => ({ permit: permit({ issuer: THIEF.address, grantee: THIEF.address }, [ANY_OP], THIEF), signer: THIEF })
      ],
      ['for another contract', () => ({ permit: permit({ scope: hash(`0x${'5c'.repeat(32)}`) }), signer: GRANTEE })],
      ['that counts uses', () => ({ permit: permit({ maxUses: 1 }), signer: GRANTEE })],
      ['that does not hold yet', () => ({ permit: permit({ notBefore: net.time + 1 }), signer: GRANTEE })],
      ['that has expired', () => ({ permit: permit({ expiry: net.time - 1 }), signer: GRANTEE })],
      ['for other functions', () => ({ callData: selector, permit: permit({}, ['other()']), signer: GRANTEE })],
      ['for no function', () => ({ permit: permit({}, []), signer: GRANTEE })],
      ['for named functions, on a call without a selector', () => ({ permit: permit({}, [op]), signer: GRANTEE })],
      [
        'whose operations were exchanged',
        () => ({ permit: { ...permit({}, ['other()']), ops: [ANY_OP] }, signer: GRANTEE })
      ],
      [
        'whose time was stretched after signing',
        () => {
          const signed = permit({ expiry: net.time - 1 })
          return { permit: { ...signed, permit: { ...signed.permit, expiry: net.time + 99 } }, signer: GRANTEE }
        }
      ]
    ]
    for (const [what, change] of attacks) {
      it(`refuses one ${what}`, async () => {
        expect(await refused(change())).to.equal('ENCLAVE_QUERY_REFUSED')
      })
    }
  })

  describe('refuses', () => {
    const attacks: [string, () => Partial<Draft>][] = [
      ['a query that another signed', () => ({ signer: THIEF })],
      ['one whose time is over', () => ({ notAfter: net.time - 1 })],
      ['a signature for another envelope', () => ({ signedHash: ZERO_HASH })],
      ['a signature for another chain', () => ({ signedDomain: { ...DOMAIN, chainId: 1337n } })],
      ['the envelope of a task', () => ({ target: { kind: TaskKind.compute } })],
      ['the envelope of a deployment', () => ({ target: { kind: TaskKind.deploy } })],
      ['an envelope of another chain', () => ({ target: { chainId: 1337n } })],
      ['an envelope of another Enigma', () => ({ target: { enigma: address(`0x${'e2'.repeat(20)}`) } })],
      ['an envelope with a code hash', () => ({ target: { codeHash: hash(`0x${'03'.repeat(32)}`) } })],
      ['a contract of which the view says nothing', () => ({ target: { scAddr: `0x${'5c'.repeat(32)}` as never } })]
    ]
    for (const [what, change] of attacks) {
      it(what, async () => {
        expect(await refused(change())).to.equal('ENCLAVE_QUERY_REFUSED')
      })
    }

    it("a victim's task, asked as a query by its host", async () => {
      const task = await net.record({ scAddr: deployed.scAddr, callData: call(Op.get) })
      const notAfter = net.time + 30
      const query = { scAddr: deployed.scAddr, envelopeHash: envelopeHashOf(task.envelope), notAfter }
      const signature = signDigest(typedDigest(DOMAIN, 'Query', query), THIEF.key)
      const request = { nonce: await show(), envelope: task.envelope, notAfter, signature }
      expect(await refusal(worker.enclave.call('query', request))).to.equal('ENCLAVE_QUERY_REFUSED')
    })

    it('an altered envelope, a body that is no query, bytes that are no envelope', async () => {
      const { request } = await sealed({})
      const bent = request.envelope.slice()
      bent[bent.length - 1]! ^= 1
      const resign = (envelope: Uint8Array) => {
        const query = { scAddr: deployed.scAddr, envelopeHash: envelopeHashOf(envelope), notAfter: request.notAfter }
        return { ...request, envelope, signature: signDigest(typedDigest(DOMAIN, 'Query', query), ISSUER.key) }
      }
      const { key } = await worker.enclave.call('encryptionKey', { epoch: net.epoch })
      const target = { ...DOMAIN, kind: TaskKind.query, scAddr: deployed.scAddr, codeHash: ZERO_HASH, epoch: net.epoch }
      const raw = sealEnvelope(
        { ...target, sender: ISSUER.address },
        [{ signer: worker.info.signer, key }],
        call(Op.get)
      )
      for (const envelope of [bent, raw.envelope, utf8('no envelope')]) {
        const answer = worker.enclave.call('query', { nonce: await show(), ...resign(envelope) })
        expect(await refusal(answer)).to.equal('ENCLAVE_QUERY_REFUSED')
      }
    })

    it('what is not encrypted to it', async () => {
      const other = await startWorker(await localEnclave(), net.principal)
      const { request } = await sealed({})
      const elsewhere = net.continued(net.principal, [other])
      const nonce = await elsewhere.show(other, [{ scAddr: deployed.scAddr, taskIds: [] }])
      await other.enclave.call('loadCode', { bytecode: testContract })
      await other.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas: [deployment] })
      expect(await refusal(other.enclave.call('query', { nonce, ...request }))).to.equal('INPUT_NOT_FOR_SEAT')
    })

    it('on any other state than the one at the head, or on an old view', async () => {
      const { request } = await sealed({})
      const old = await show()
      const done = await set('new')
      const { scAddr } = deployed
      const at = async (nonce: Hash) => refusal(worker.enclave.call('query', { nonce, ...request }))
      expect(await at(old), 'it is ahead of that view').to.equal('WORKER_BEHIND')
      await worker.enclave.call('dropState', { scAddr })
      expect(await at(await show())).to.equal('WORKER_BEHIND')
      expect(done.receipt.ok).to.equal(true)
      const late = await show()
      worker.enclave.clock.monotonicMs += 61_000
      expect(await at(late)).to.equal('ENCLAVE_VIEW_UNKNOWN')
    })

    it('everything about a contract of which it lost its seats, or that is not deployed', async () => {
      const { request } = await sealed({})
      const nonce = await net.show(worker, [{ scAddr: deployed.scAddr, taskIds: [] }], { claims: [] })
      expect(await refusal(worker.enclave.call('query', { nonce, ...request }))).to.equal('ENCLAVE_NO_STATE_KEY')
      const next = await net.record({ code: testContract, callData: utf8('x') })
      const early = await sealed({ target: { scAddr: next.scAddr } })
      const shown = await net.showTask(worker, next)
      expect(await refusal(worker.enclave.call('query', { nonce: shown, ...early.request }))).to.equal(
        'ENCLAVE_QUERY_REFUSED'
      )
    })

    it('more than 16 at a time; tasks go on', async () => {
      const nonce = await show()
      const { request } = await sealed({ callData: call(Op.spin) })
      const answers = Array.from({ length: 18 }, () => refusal(worker.enclave.call('query', { nonce, ...request })))
      const counts = new Map<string, number>()
      for (const code of await Promise.all(answers)) counts.set(code, (counts.get(code) ?? 0) + 1)
      expect(Object.fromEntries(counts)).to.deep.equal({ 'not refused': 16, ENCLAVE_BUSY: 2 })
      expect((await set('after')).receipt.ok).to.equal(true)
    })
  })
})
