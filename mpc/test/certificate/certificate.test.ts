import { expect } from 'chai'
import { randomBytes, signDigest, toHex, type Hash } from '@enigma/protocol'
import {
  certifiedNetwork,
  freshRequest,
  runCertified,
  type CertifiedNetwork,
  type CertifiedRun,
  type Corruption
} from '../../harness/certified.ts'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { combineCertified } from '../../src/certificate/combine-certified.ts'
import { commitmentOf, type ResultOpening } from '../../src/certificate/commitment.ts'
import {
  certificateDigest,
  sessionDigest,
  signedCertificateCodec,
  statementDigest,
  statementsDigest,
  verdictDigest,
  type SignedCertificate,
  type SignedStatement
} from '../../src/certificate/statement.ts'
import { recordTranscript } from '../../src/certificate/transcript.ts'
import { Certifier } from '../../src/certificate/validator.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { mul } from '../../src/protocols/multiply.ts'
import type { Party } from '../../src/session/party.ts'

const field = Field.of(DEFAULT_PRIME)
const X = [3n, 5n, 7n]
const deals = new Map([3, 4].map(n => [n, dealLocally(X, n, 1)]))
const squares = (party: Party): Promise<Vec> => {
  const x = deals.get(party.n)![party.index]!
  return mul(party, x, x)
}
const codes = ({ failures }: CertifiedRun): (string | null)[] =>
  failures.map(failure => (failure ? (failure as Error & { code: string }).code : null))
const openings = ({ openings }: CertifiedRun): ResultOpening[] => openings.filter(each => each !== undefined)
const thrown = (run: () => unknown): { code: string; facts: { what?: string; node?: number } } => {
  try {
    run()
  } catch (error) {
    return error as never
  }
  throw new Error('nothing was thrown')
}
const receive = (setting: CertifiedNetwork, request: Hash, run: CertifiedRun, rows = openings(run)): bigint[] => {
  const { network, validator } = setting
  return field.toSigned(combineCertified(run.certificate!, { network, validator, request }, rows).values)
}

describe('mpc/certificate', function () {
  this.timeout(20_000)

  for (const [n, security] of [
    [3, 'active'],
    [4, 'active'],
    [3, 'passive']
  ] as const) {
    it(`lets the receiver check a result against what all nodes were bound to (n=${n}, ${security})`, async () => {
      const [setting, request] = [certifiedNetwork(n, 1, security), freshRequest()]
      const run = await runCertified(setting, request, squares)
      expect(codes(run)).to.deep.equal(Array(n).fill(null))
      expect(receive(setting, request, run)).to.deep.equal([9n, 25n, 49n])
      // it survives the wire
      const again = signedCertificateCodec.decode(signedCertificateCodec.encode(run.certificate!))
      expect(again).to.deep.equal(run.certificate)
    })
  }

  it('shows the validator nothing but digests and signatures: 32 bytes a value, none of them a share', async () => {
    const [setting, request] = [certifiedNetwork(3, 1), freshRequest()]
    const run = await runCertified(setting, request, squares)
    const seen = Buffer.from(signedCertificateCodec.encode(run.certificate!)).toString('hex')
    for (const { shares, salt } of openings(run)) {
      for (let at = 0; at < shares.length; at += field.bytes) {
        expect(seen).to.not.contain(Buffer.from(shares.subarray(at, at + field.bytes)).toString('hex'))
      }
      expect(seen).to.not.contain(Buffer.from(salt).toString('hex'))
    }
    // and a guess of the shares cannot be tried out: without the salt another commitment comes out
    const [first] = openings(run) as [ResultOpening]
    const { session, result } = run.certificate!.certificate.statements[0]!.statement
    expect(commitmentOf(session, first)).to.equal(result)
    expect(commitmentOf(session, { ...first, salt: randomBytes(32) })).to.not.equal(result)
  })

  it('names a node that sends other shares than it was bound to; with four nodes it does without them', async () => {
    for (const n of [3, 4]) {
      const [setting, request] = [certifiedNetwork(n, 1), freshRequest()]
      const run = await runCertified(setting, request, squares)
      for (let culprit = 0; culprit < n; culprit++) {
        const rows = openings(run).map(opening => {
          if (opening.node !== culprit) return opening
          const other = field.add(field.fromBytes(opening.shares.slice()), field.constant(1n))
          return { ...opening, shares: field.toBytes(other) }
        })
        const { network, validator } = setting
        const open = (): ReturnType<typeof combineCertified> =>
          combineCertified(run.certificate!, { network, validator, request }, rows)
        if (n === 3) expect(thrown(open).facts).to.include({ what: 'commitment', node: culprit })
        else expect(open().wrong).to.deep.equal([culprit])
      }
    }
  })

  it('refuses a certificate of an earlier request, another network, another validator, or a changed one', async () => {
    const [setting, request] = [certifiedNetwork(3, 1), freshRequest()]
    const run = await runCertified(setting, request, squares)
    const { network, validator, validatorKey } = setting
    const { certificate } = run.certificate!
    const forged = (changed: typeof certificate): SignedCertificate => ({
      certificate: changed,
      signature: signDigest(certificateDigest(changed), validatorKey)
    })
    const cases: Record<string, [SignedCertificate, object]> = {
      request: [run.certificate!, { network, validator, request: freshRequest() }],
      network: [run.certificate!, { network: { ...network, statisticalBits: 41 }, validator, request }],
      validator: [run.certificate!, { network, validator: certifiedNetwork(3, 1).validator, request }],
      verdict: [forged({ ...certificate, nonce: toHex(randomBytes(32)) as Hash }), { network, validator, request }],
      statements: [
        forged({ ...certificate, statements: certificate.statements.slice(1) }),
        { network, validator, request }
      ],
      order: [
        forged({
          ...certificate,
          statements: [certificate.statements[0]!, certificate.statements[0]!, certificate.statements[2]!]
        }),
        { network, validator, request }
      ]
    }
    for (const [what, [signed, expected]] of Object.entries(cases)) {
      const error = thrown(() => combineCertified(signed, expected as never, openings(run)))
      expect(error.facts, what).to.include({ code: 'MPC_CERTIFICATE', what })
    }
    // a validator that leaves out the verdict of a node that refused
    const short = forged({ ...certificate, verdicts: certificate.verdicts.slice(1) })
    expect(thrown(() => receive(setting, request, { ...run, certificate: short })).facts).to.include({
      what: 'verdict',
      node: 0
    })
    // results of another run of the same request do not go with this certificate
    const other = await runCertified(setting, request, squares)
    expect(thrown(() => receive(setting, request, run, openings(other))).facts).to.include({ what: 'commitment' })
  })

  it('yields no verdict under a validator that tells nodes different nonces', async () => {
    const [setting, request] = [certifiedNetwork(3, 1), freshRequest()]
    const run = await runCertified(setting, request, squares, {
      timeoutMs: 1_000,
      validator: (index, honest) => ({
        ...honest,
        async commit(signed) {
          const challenge = await honest.commit(signed)
          return index === 1 ? { ...challenge, nonce: toHex(randomBytes(32)) as Hash } : challenge
        }
      })
    })
    expect(run.certificate).to.equal(undefined)
    for (const code of codes(run)) expect(code).to.match(/^MPC_(OPENING|PRODUCT_CHECK|TIMEOUT)$/)
  })

  it('yields no verdict under a validator that shows a node false statements, or another of its own', async () => {
    const [setting, request] = [certifiedNetwork(3, 1), freshRequest()]
    const forge = (statements: readonly SignedStatement[], node: number, change: object): SignedStatement[] =>
      statements.map(each =>
        each.statement.node === node ? { ...each, statement: { ...each.statement, ...change } } : each
      )
    for (const [victim, node] of [
      [0, 1],
      [0, 0]
    ] as const) {
      const run = await runCertified(setting, request, squares, {
        timeoutMs: 400,
        validator: (index, honest) => ({
          ...honest,
          async commit(signed) {
            const { nonce, statements } = await honest.commit(signed)
            const other = { result: toHex(randomBytes(32)) as Hash }
            return { nonce, statements: index === victim ? forge(statements, node, other) : statements }
          }
        })
      })
      expect(run.certificate).to.equal(undefined)
      expect(codes(run)[victim]).to.equal('MPC_CERTIFICATE')
    }
  })

  it('gives a validator in league with one node nothing that the client takes', async () => {
    // node 0 is corrupt, the others refused; validator and node 0 sign all they can
    const [setting, request] = [certifiedNetwork(3, 1), freshRequest()]
    const run = await runCertified(setting, request, squares)
    const { network, validator, validatorKey, nodeKeys } = setting
    const { statements, verdicts, nonce } = run.certificate!.certificate
    const lie = { ...statements[0]!.statement, result: toHex(randomBytes(32)) as Hash }
    const signedLie = { statement: lie, signature: signDigest(statementDigest(lie), nodeKeys[0]!) }
    const changed = [signedLie, ...statements.slice(1)]
    const own = { statements: statementsDigest(changed), nonce, node: 0 }
    const ownVerdict = { verdict: own, signature: signDigest(verdictDigest(own), nodeKeys[0]!) }
    const certificate = { statements: changed, nonce, verdicts: [ownVerdict, ...verdicts.slice(1)], time: 1 }
    const signed = { certificate, signature: signDigest(certificateDigest(certificate), validatorKey) }
    const error = thrown(() => combineCertified(signed, { network, validator, request }, openings(run)))
    expect(error.facts).to.include({ code: 'MPC_CERTIFICATE', what: 'verdict', node: 1 })
  })

  it('names the pair that signed different views of its messages', async () => {
    const [setting, request] = [certifiedNetwork(4, 1), freshRequest()]
    for (const side of ['sent', 'received'] as const) {
      const run = await runCertified(setting, request, squares, {
        timeoutMs: 1_000,
        roots: (index, honest) => {
          if (index !== 2) return honest
          const lied = honest[side].map((root, peer) => (peer === 1 ? (toHex(randomBytes(32)) as Hash) : root))
          return { ...honest, [side]: lied }
        }
      })
      expect(run.certificate).to.equal(undefined)
      for (const failure of run.failures)
        expect((failure as never as { facts: object }).facts).to.deep.equal({ code: 'MPC_DISPUTE', nodes: [1, 2] })
    }
  })

  it('has both ends list the same messages, whatever their order, and notices one that was changed', async () => {
    const views: { sent: readonly Hash[]; received: readonly Hash[] }[] = []
    await runParties({ security: 'active', wrap: recordTranscript }, async party => {
      await squares(party)
      views[party.index] = (party.session.channel as ReturnType<typeof recordTranscript>).roots()
    })
    for (const a of [0, 1, 2])
      for (const b of [0, 1, 2]) if (a !== b) expect(views[a]!.sent[b]).to.equal(views[b]!.received[a])
    expect(new Set(views.flatMap(({ sent }) => sent)).size).to.be.above(3)
  })

  it('aborts without a certificate when a product is wrong, and when the result shares lie on no polynomial', async () => {
    const [setting, request] = [certifiedNetwork(3, 1), freshRequest()]
    const change = (body: Uint8Array): Uint8Array => field.toBytes(field.add(field.fromBytes(body), field.constant(1n)))
    // node 1 sends what is no product of its shares, and lists what it sent
    const wrong = await runCertified(
      setting,
      request,
      party => {
        const x = deals.get(3)![party.index]!
        return mul(party, party.index === 1 ? field.add(x, field.constant(1n)) : x, x)
      },
      { timeoutMs: 1_000 }
    )
    expect(wrong.certificate).to.equal(undefined)
    for (const code of codes(wrong)) expect(code).to.match(/^MPC_(PRODUCT_CHECK|OPENING)$/)
    // node 1 lists another message than it sent: the pair is named before any check
    const swapped = await runCertified(setting, request, squares, {
      timeoutMs: 1_000,
      intercept: ({ from, body }) =>
        from === 1 && body.length === X.length * field.bytes ? change(body.slice()) : body
    })
    expect(swapped.certificate).to.equal(undefined)
    expect(codes(swapped)).to.deep.equal(['MPC_DISPUTE', 'MPC_DISPUTE', 'MPC_DISPUTE'])
    const torn = await runCertified(
      setting,
      request,
      party => Promise.resolve(party.index === 2 ? field.fill(field.constant(9n), 3) : deals.get(3)![party.index]!),
      { timeoutMs: 1_000 }
    )
    expect(torn.certificate).to.equal(undefined)
    expect(codes(torn)).to.include('MPC_OPENING')
  })

  it('ends with its session while the validator is silent, before and after the nonce', async () => {
    const setting = certifiedNetwork(3, 1)
    for (const call of ['commit', 'conclude'] as const) {
      const ending = new AbortController()
      const validator: Corruption['validator'] = (_, honest) => ({
        ...honest,
        [call]: () => {
          setTimeout(() => ending.abort(), 1)
          return new Promise(() => undefined)
        }
      })
      const run = await runCertified(setting, freshRequest(), squares, { validator, signal: ending.signal })
      expect(codes(run), call).to.deep.equal(Array(3).fill('MPC_ABORTED'))
    }
  })

  it('keeps a node from saying two things, and names the one that says nothing', async () => {
    const { network, validatorKey, nodeKeys } = certifiedNetwork(3, 1)
    const request = freshRequest()
    const session = sessionDigest('one')
    const run = await runCertified({ ...certifiedNetwork(3, 1) }, request, squares)
    const certifier = new Certifier({
      network,
      request,
      session,
      present: [0, 1, 2],
      privateKey: validatorKey,
      timeoutMs: 60
    })
    const zero = `0x${'00'.repeat(32)}` as Hash
    const template = run.certificate!.certificate.statements[0]!.statement
    const statement = { ...template, session, network: (await import('../../src/client.ts')).networkDigest(network) }
    const signed = { statement, signature: signDigest(statementDigest(statement), nodeKeys[0]!) }
    const waiting = certifier.commit(signed).catch((error: { facts: object }) => error.facts)
    const second = { ...statement, result: zero }
    const twice = await certifier
      .commit({ statement: second, signature: signDigest(statementDigest(second), nodeKeys[0]!) })
      .catch((error: { facts: object }) => error.facts)
    expect(twice).to.deep.equal({ code: 'MPC_CERTIFICATE', what: 'twice', node: 0 })
    expect(await waiting).to.include({ code: 'MPC_TIMEOUT', from: 1 })
  })
})
