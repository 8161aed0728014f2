import { expect } from 'chai'
import type { ScAddr } from '@enigma/protocol'
import type { EnigmaClient } from 'enigma-js'
import { connectAs, sample } from './support/actors.ts'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

const abi = [
  {
    type: 'function',
    name: 'addMillionaire',
    inputs: [
      { name: 'who', type: 'address' },
      { name: 'netWorth', type: 'uint256' }
    ],
    outputs: []
  },
  { type: 'function', name: 'computeRichest', inputs: [], outputs: [{ name: '', type: 'address' }] }
] as const

describe('e2e: three millionaires find out who is the richest', function () {
  this.timeout(240_000)
  const shared = useSharedDevnet()
  const clients: EnigmaClient[] = []
  after(() => clients.forEach(client => client.close()))

  it('from three accounts, by a contract that keeps its state encrypted', async () => {
    const { devnet, nextUser } = shared()
    for (let i = 0; i < 3; i++) clients.push(await connectAs(devnet, nextUser()))
    const [first, second, third] = clients as [EnigmaClient, EnigmaClient, EnigmaClient]
    const task = await whileMining(devnet, first.deploy(sample('millionaires'), []))
    const scAddr: ScAddr = await whileMining(devnet, task.result())

    for (const [client, netWorth] of [
      [first, 1_000_000n],
      [second, 3_000_000n],
      [third, 2_000_000n]
    ] as const) {
      const nothing: undefined = await whileMining(
        devnet,
        client.contract(scAddr, abi).call.addMillionaire(client.address!, netWorth)
      )
      expect(nothing).to.equal(undefined)
    }
    const richest = await whileMining(devnet, third.contract(scAddr, abi).call.computeRichest())

    expect(richest.toLowerCase()).to.equal(second.address)
  })
})
