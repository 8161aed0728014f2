import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { combine } from '../../src/client.ts'
import { Cluster } from '../../harness/cluster.ts'
import { dealLocally } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'

const programs = new URL('../../harness/test-programs.ts', import.meta.url)
const field = Field.of(DEFAULT_PRIME)
const WINDOW = 8

/** All runs of 8 bytes, as text; runs of few different bytes are no evidence of anything. */
function* windows(bytes: Uint8Array): Generator<string> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  for (let at = 0; at + WINDOW <= text.length; at++) {
    const window = text.slice(at, at + WINDOW)
    if (new Set(window).size > 4) yield window
  }
}

describe('mpc/wire', function () {
  this.timeout(120_000)

  for (const security of ['active', 'passive'] as const) {
    it(`carries no share, secret, mask or message in the clear: a tap on all TCP links sees none (${security})`, async () => {
      const values = Array.from({ length: 20 }, () => BigInt(randomBytes(4).readUInt32LE()) * 200n + 7n)
      const rows = dealLocally(values, 3, 1)
      const seen: Uint8Array[] = []
      const cluster = await Cluster.start({ programs, n: 3, t: 1, security, tap: chunk => seen.push(chunk.slice()) })
      try {
        const shares = rows.map(row => field.toBytes(row).slice())
        const { values: answers } = await cluster.run('watched', index => ({ shares: shares[index] }))
        const answered = answers as { sent: Uint8Array[]; result: Uint8Array }[]
        const results = answered.map(({ result }, index) => ({ index, shares: field.fromBytes(result.slice()) }))
        const opened = combine(results, { prime: DEFAULT_PRIME, n: 3, t: 1 }).values
        const chosen = values.map(value => (value < 1000n ? value : 0n))
        expect(field.toSigned(field.slice(opened, 0, 20))).to.deep.equal(chosen)

        const sent = answered.flatMap(answer => answer.sent)
        const tapped = Buffer.concat(seen)
        const plainBytes = sent.reduce((sum, body) => sum + body.length, 0)
        expect(tapped.length).to.be.above(plainBytes)
        const wire = new Set(windows(tapped))
        const exposed = (bytes: Uint8Array): boolean => [...windows(bytes)].some(window => wire.has(window))
        const clear = (v: Vec): Uint8Array => field.toBytes(v)
        for (const secret of [clear(field.from(values)), clear(opened), ...shares])
          expect(exposed(secret)).to.equal(false)
        for (const { result } of answered) expect(exposed(result)).to.equal(false)
        for (const body of sent) expect(exposed(body)).to.equal(false)

        // the search would find one message among all the rest
        const leaky = Buffer.concat([tapped, Buffer.from(sent.find(body => body.length >= field.bytes)!)])
        const found = new Set(windows(leaky))
        expect(sent.some(body => [...windows(body)].some(window => found.has(window)))).to.equal(true)
      } finally {
        await cluster.stop()
      }
    })
  }
})
