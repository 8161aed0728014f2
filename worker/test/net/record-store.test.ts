import { expect } from 'chai'
import { RecordStore } from '../../src/net/record-store.ts'
import { TextKey, providerKey as provider } from './record-keys.ts'

const keysUnder = (store: RecordStore, prefix: string): string[] => [...store.queryKeys({ prefix })].map(String)

describe('net/record-store', () => {
  it('finds the records of one content, and forgets what is deleted', () => {
    const store = new RecordStore()
    store.put(provider('a', 'p1'), Uint8Array.of(1))
    store.put(provider('a', 'p2'), Uint8Array.of(2))
    store.put(provider('ab', 'p1'), Uint8Array.of(3))
    expect(keysUnder(store, '/dht/provider/a')).to.deep.equal(['/dht/provider/a/p1', '/dht/provider/a/p2'])
    expect(keysUnder(store, '/dht/provider')).to.have.lengthOf(3)
    expect(store.get(provider('a', 'p2'))).to.deep.equal(Uint8Array.of(2))
    store.delete(provider('a', 'p2'))
    expect([store.has(provider('a', 'p2')), store.size]).to.deep.equal([false, 2])
    expect(() => store.get(provider('a', 'p2'))).to.throw('Not found')
  })

  it('stays within its bounds under 100,000 records of one peer, which pushes out its own alone', () => {
    const store = new RecordStore({ maxRecords: 1_000 })
    for (let i = 0; i < 100; i++) store.put(provider(`honest ${i}`, `peer ${i}`), Uint8Array.of(1))
    for (let i = 0; i < 100_000; i++) store.put(provider(`flood ${i}`, 'mallory'), Uint8Array.of(1))
    expect(store.size).to.equal(1_000)
    for (let i = 0; i < 100; i++) expect(store.has(provider(`honest ${i}`, `peer ${i}`))).to.equal(true)
    expect(store.has(provider('flood 99999', 'mallory'))).to.equal(true)
  })

  it('never lets go of what this node provides itself: it is told anew from there', () => {
    const store = new RecordStore({ maxRecords: 100, own: 'this node' })
    for (let i = 0; i < 1_000; i++) store.put(provider(`held ${i}`, 'this node'), Uint8Array.of(1))
    for (let i = 0; i < 1_000; i++) store.put(provider(`flood ${i}`, 'mallory'), Uint8Array.of(1))
    expect(keysUnder(store, '/dht/provider').filter(key => key.endsWith('/this node'))).to.have.lengthOf(1_000)
    expect(store.size).to.equal(1_100)
  })

  it('keeps nothing of what a record was read with', () => {
    const store = new RecordStore()
    const frame = new Uint8Array(64 * 1024).fill(7)
    const name = new TextEncoder().encode('/dht/provider/a/p1')
    frame.set(name, 200)
    store.put(new TextKey(frame.subarray(200, 200 + name.length)) as never, frame.subarray(100, 110))
    const kept = store.get(provider('a', 'p1'))
    expect([kept.length, kept.buffer.byteLength]).to.deep.equal([10, 10])
    expect([...kept]).to.deep.equal(new Array(10).fill(7))
    const [key] = store.queryKeys({ prefix: '/dht/provider/a' })
    expect([String(key), key!.uint8Array().buffer.byteLength]).to.deep.equal(['/dht/provider/a/p1', name.length])
  })

  it('keeps no record that is too large', () => {
    const store = new RecordStore({ maxRecordBytes: 8 })
    store.put(provider('a', 'p1'), new Uint8Array(9))
    store.put(provider('a', 'p'.repeat(1_000)), new Uint8Array(1))
    expect(store.size).to.equal(0)
  })
})
