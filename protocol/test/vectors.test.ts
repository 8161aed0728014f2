import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { vectors } from '../vectors/vectors.ts'
import {
  enclaveCodecs,
  fromHex,
  mpcAgreementOf,
  openDelta,
  openTaskError,
  openOutput,
  deltaCodec,
  verifySimEvidence,
  recoverSigner,
  hash
} from '../src/index.ts'

const file = (name: string): string => readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')

describe('protocol/vectors', () => {
  for (const [name, content] of Object.entries(vectors())) {
    it(`computes ${name}.json again`, () => {
      const text = JSON.stringify(content, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v), 2)
      expect(JSON.parse(text)).to.deep.equal(JSON.parse(file(name)))
    })
  }

  it('opens what the vectors sealed', () => {
    const { output, error, delta } = JSON.parse(file('runs')) as Record<string, Record<string, string>>
    const cek = fromHex(output!.cek!)
    const digest = hash(output!.runDigest!)
    expect(Buffer.from(openOutput(cek, digest, fromHex(output!.ciphertext!))).toString()).to.equal('output')
    expect(openTaskError(cek, digest, fromHex(error!.ciphertext!))).to.deep.equal({
      reason: 6,
      message: 'division by zero'
    })
    const writes = openDelta(fromHex(delta!.stateKey!), deltaCodec.decode(fromHex(delta!.delta!)))
    expect([...writes.keys()]).to.deep.equal(['0x61', '0x62', '0x63'])
    expect(writes.get('0x63')).to.equal(null)
  })

  it('agrees on everything that nodes of an MPC session must agree on', () => {
    const { openRequest, agreement } = JSON.parse(file('mpc')) as { openRequest: string; agreement: string }
    const request = enclaveCodecs.mpcOpen.request.decode(fromHex(openRequest))
    expect(mpcAgreementOf(request)).to.equal(agreement)
    const changes: Partial<typeof request>[] = [
      { session: hash(`0x${'1'.repeat(64)}`) },
      { prime: 'fb' },
      { degree: 2 },
      { active: false },
      { wholeBits: 31 },
      { fractionBits: 17 },
      { wholeBits: 16, fractionBits: 32 },
      { offers: request.offers.slice(0, 2) },
      { offers: [...request.offers].reverse() }
    ]
    const others = changes.map(change => mpcAgreementOf({ ...request, ...change }))
    expect(new Set([agreement, ...others]).size).to.equal(changes.length + 1)
    // how long a node waits is its own matter
    expect(mpcAgreementOf({ ...request, timeoutMs: 1 } as typeof request)).to.equal(agreement)
  })

  it('recovers the signer of every typed message', () => {
    const { messages } = JSON.parse(file('typed')) as {
      messages: { digest: string; signature: string; signer: string }[]
    }
    for (const { digest, signature, signer } of messages) {
      expect(recoverSigner(hash(digest), fromHex(signature))).to.equal(signer)
    }
  })

  it('verifies the evidence, and refuses it for another report, measurement or time', () => {
    const v = JSON.parse(file('evidence')) as {
      evidence: string
      reportData: string
      measurement: string
      issuedAt: number
      expiry: number
    }
    const evidence = fromHex(v.evidence)
    const policy = { mode: 'simulation', measurements: [hash(v.measurement)], nowSeconds: v.issuedAt } as const
    const report = hash(v.reportData)
    expect(verifySimEvidence(evidence, report, policy).svn).to.equal(1)
    const other = hash(v.measurement)
    expect(() => verifySimEvidence(evidence, other, policy)).to.throw('another report')
    expect(() => verifySimEvidence(evidence, report, { ...policy, measurements: [report] })).to.throw('allow list')
    expect(() => verifySimEvidence(evidence, report, { ...policy, nowSeconds: v.expiry + 1 })).to.throw('expired')
    const forged = evidence.slice()
    forged[40]! ^= 1 // inside the measurement
    expect(() => verifySimEvidence(forged, report, policy)).to.throw()
  })
})
