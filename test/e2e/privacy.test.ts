import { expect } from 'chai'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ScAddr } from '@enigma/protocol'
import { connectAs, sample } from './support/actors.ts'
import { DevnetChain } from './support/chain-data.ts'
import { findInFolder, findOnChain, randomCanary, type Sighting } from './support/canary.ts'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'
import { startTap } from './support/tap.ts'

const text = (sightings: readonly Sighting[]): string[] =>
  sightings.map(({ canary, form, where }) => `${canary} as ${form} in ${where}`)

describe('e2e: nobody but the requester sees an amount', () => {
  const shared = useSharedDevnet()

  it('finds the richest of three accounts; the amounts are nowhere', async function () {
    this.timeout(300_000)
    const { devnet, nextUser, peerTapFolder } = shared()
    const users = [nextUser(), nextUser(), nextUser()]
    const amounts = users.map((_, i) => randomCanary(`amount ${i + 1}`))
    // Everything between the clients and the network passes through taps.
    const chainTap = await startTap(devnet.chainUrl)
    const rpcTaps = await Promise.all(devnet.workers.map(worker => startTap(worker.httpUrl)))
    const options = { chainUrl: chainTap.url, rpc: rpcTaps.map(tap => tap.url) }
    const clients = await Promise.all(users.map(user => connectAs(devnet, user, options)))
    try {
      const artifact = sample('millionaires')
      const scAddr = (await whileMining(
        devnet,
        clients[0]!.deploy(artifact, []).then(task => task.result())
      )) as ScAddr
      for (const [i, client] of clients.entries()) {
        const contract = client.contract(scAddr, artifact.abi)
        await whileMining(devnet, contract.call.addMillionaire!(users[i]!.address as never, amounts[i]!.value as never))
      }
      const richest = await whileMining(devnet, clients[1]!.contract(scAddr, artifact.abi).call.computeRichest!())
      const highest = amounts.reduce((best, amount, i) => (amount.value > amounts[best]!.value ? i : best), 0)
      expect(String(richest).toLowerCase()).to.equal(users[highest]!.address.toLowerCase())
    } finally {
      for (const client of clients) client.close()
    }

    const tapFolder = join(devnet.dataDir, '..', 'rpc-traffic')
    mkdirSync(tapFolder, { recursive: true })
    for (const [i, tap] of [chainTap, ...rpcTaps].entries()) {
      writeFileSync(join(tapFolder, `${i}.bin`), tap.captured())
      await tap.close()
    }
    const rpc = findInFolder(tapFolder, amounts)
    const peers = findInFolder(peerTapFolder, amounts)
    const disk = findInFolder(devnet.dataDir, amounts)
    const logs = findInFolder(devnet.logDir, amounts)
    const chain = await findOnChain(new DevnetChain(devnet.chainUrl), amounts)
    for (const [where, search] of Object.entries({ rpc, peers, disk, logs, chain })) {
      expect(search.bytes, `bytes looked through: ${where}`).to.be.greaterThan(5_000)
      expect(text(search.sightings), where).to.deep.equal([])
    }
  })
})
