import { expect } from 'chai'
import { SyncKind, codeHashOf, utf8 } from '@enigma/protocol'
import { Inventory } from '../../src/sync/inventory.ts'
import { MemoryChain, asScAddr, hashOf } from '../memory-chain.ts'

const C = asScAddr('contract')

describe('sync/inventory', () => {
  it('misses nothing that a reorganisation took off the chain while it looked', async () => {
    const chain = new MemoryChain()
    chain.deploy(C, codeHashOf(utf8('code')))
    for (let i = 0; i < 10; i++) chain.append(C, hashOf(`delta ${i}`))
    let looks = 0
    const inventory: Inventory = new Inventory(chain, {
      getBytecode: () => Promise.resolve(utf8('code')),
      hasDelta() {
        if (++looks === 3) {
          chain.rollback(chain.head().number - 8)
          inventory.forget()
        }
        return Promise.resolve(true)
      }
    })
    expect(await inventory.missing([C])).to.deep.equal([])
    expect(chain.contract(C)!.deltaCount).to.equal(2)
  })

  it('misses what is not on the disk', async () => {
    const chain = new MemoryChain()
    chain.deploy(C, codeHashOf(utf8('code')))
    for (let i = 0; i < 4; i++) chain.append(C, hashOf(`delta ${i}`))
    const store = {
      getBytecode: () => Promise.resolve(null),
      hasDelta: (_: unknown, i: number) => Promise.resolve(i < 2)
    }
    const needs = await new Inventory(chain, store).missing([C])
    expect(needs.map(({ kind, to }) => [kind, to])).to.deep.equal([
      [SyncKind.bytecode, 1],
      [SyncKind.deltas, 4]
    ])
  })
})
