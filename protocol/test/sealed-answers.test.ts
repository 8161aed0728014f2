import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import {
  fromHex,
  openQueryOutcome,
  openSnapshot,
  queryBody,
  toHex,
  type Hash,
  type Hex,
  type ScAddr
} from '../src/index.ts'

const vectors = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))

describe('protocol/query', () => {
  const v = vectors('queries') as {
    cek: Hex
    at: { envelopeHash: Hash; headHash: Hash; block: number }
    output: Hex
    result: Hex
    body: Hex
  }

  it('opens an answer, and none of another head, envelope or block', () => {
    const open = (at: typeof v.at) => openQueryOutcome(fromHex(v.cek), at, fromHex(v.result))
    expect(toHex(open(v.at).output)).to.equal(v.output)
    for (const other of [{ headHash: v.at.envelopeHash }, { envelopeHash: v.at.headHash }, { block: v.at.block + 1 }]) {
      expect(() => open({ ...v.at, ...other }))
        .to.throw()
        .with.property('code', 'PROTOCOL_DECRYPT')
    }
  })

  it('reads the body of a query with its permit', () => {
    const { permit, callData } = queryBody.decode(fromHex(v.body))
    expect(Buffer.from(callData).toString()).to.equal('call data')
    expect(permit?.ops).to.deep.equal(['leader()'])
  })
})

describe('protocol/snapshot', () => {
  const v = vectors('snapshot') as {
    stateKey: Hex
    place: { scAddr: ScAddr; deltaCount: number; headHash: Hash; generation: number }
    ciphertext: Hex
  }

  it('opens to the state, and for no other place', () => {
    const open = (place: typeof v.place) => openSnapshot(fromHex(v.stateKey), place, fromHex(v.ciphertext))
    expect([...open(v.place)].map(([key, value]) => [key, Buffer.from(value).toString()])).to.deep.equal([
      ['0x61', 'first'],
      ['0x62', 'second']
    ])
    for (const other of [{ deltaCount: 8 }, { generation: 0 }, { headHash: v.place.scAddr as Hex as Hash }]) {
      expect(() => open({ ...v.place, ...other }))
        .to.throw()
        .with.property('code', 'PROTOCOL_DECRYPT')
    }
  })
})
