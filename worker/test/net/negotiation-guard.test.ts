import { expect } from 'chai'
import { NegotiationGuard } from '../../src/net/negotiation-guard.ts'

const HEADER = '/multistream/1.0.0'

/** A name as multistream-select writes it: its length, then the name and a new line. */
function name(text: string): number[] {
  const bytes = [...Buffer.from(`${text}\n`)]
  const length = bytes.length
  return length < 128 ? [length, ...bytes] : [(length & 0x7f) | 0x80, length >> 7, ...bytes]
}
const bytes = (...names: string[]): Uint8Array => Uint8Array.from(names.flatMap(name))
const proposals = (): NegotiationGuard => NegotiationGuard.proposals(found => found === '/ours/1')

describe('net/negotiation-guard', () => {
  it('follows proposals up to the one that is taken, however they are cut', () => {
    const said = bytes(HEADER, '/theirs/1', `/${'x'.repeat(1_000)}`, '/ours/1')
    for (const size of [1, 2, 3, 7, 100, said.length]) {
      const guard = proposals()
      const states = []
      for (let at = 0; at < said.length; at += size) states.push(guard.next(said.subarray(at, at + size)))
      expect(states.pop(), `by ${size}`).to.equal('agreed')
      expect(new Set(states).has('refused')).to.equal(false)
      expect(new Set(states).has('agreed')).to.equal(false)
    }
  })

  it('follows answers up to the first that is no refusal', () => {
    expect(NegotiationGuard.answers().next(bytes(HEADER, 'na', 'na'))).to.equal('open')
    expect(NegotiationGuard.answers().next([bytes(HEADER, 'na'), bytes('/any/1')])).to.equal('agreed')
  })

  it('does not look at what comes after the name that was agreed on', () => {
    expect(proposals().next(Uint8Array.of(...bytes(HEADER, '/ours/1'), 0, 0xff, 0xff, 0xff))).to.equal('agreed')
  })

  it('stops at a length that is too large, too long, or nothing', () => {
    for (const length of [[0], [0x81, 0x08], [0x80, 0x80], [0xff, 0xff, 0xff]]) {
      for (const said of [length, [...bytes(HEADER), ...length], [...bytes('/theirs/1'), ...length]]) {
        expect(proposals().next(Uint8Array.from(said)), said.join(' ')).to.equal('refused')
      }
    }
    expect(proposals().next(Uint8Array.of(0x80, 0x08))).to.equal('open') // 1,024 bytes to come
    expect(proposals().next(Uint8Array.of(0xff))).to.equal('open')
  })
})
