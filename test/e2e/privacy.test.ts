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

/** Amounts that each user adds: the fault matrix has twenty (ENIGMA_SECRETS). */
const SECRETS = Number(process.env['ENIGMA_SECRETS'] ?? 1)

const text = (sightings: readonly Sighting[]): string[] =>
  sightings.map(({ canary, form, where }) => `${canary} as ${form} in ${where}`)

describe('e2e: nobody but the requester sees an amount', () => {
  const shared = useSharedDevnet()

  it('finds the richest of three accounts; the amounts are nowhere', async function () {
    this.timeout(300_000)
    const { devnet, nextUser, peerTapFolder } = shared()
    const users = [nextUser(), nextUser(), nextUser()]
    const amounts = users.map((_, i) =>
      Array.from({ length: SECRETS }, (_, k) => randomCanary(`amount ${k + 1} of ${i + 1}`))
    )
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
      const adding = clients.map(async (client, i) => {
        const contract = client.contract(scAddr, artifact.abi)
        for (const { value } of amounts[i]!) {
          await contract.call.addMillionaire!(users[i]!.address as never, value as never)
        }
      })
      await whileMining(devnet, Promise.all(adding))
      const richest = await whileMining(devnet, clients[1]!.contract(scAddr, artifact.abi).call.computeRichest!())
      const all = amounts.flat()
      const highest = all.reduce((best, amount, i) => (amount.value > all[best]!.value ? i : best), 0)
      const owner = users[Math.floor(highest / SECRETS)]!
      expect(String(richest).toLowerCase()).to.equal(owner.address.toLowerCase())
    } finally {
      for (const client of clients) client.close()
    }

    const tapFolder = join(devnet.dataDir, '..', 'rpc-traffic')
    mkdirSync(tapFolder, { recursive: true })
    for (const [i, tap] of [chainTap, ...rpcTaps].entries()) {
      writeFileSync(join(tapFolder, `${i}.bin`), tap.captured())
      await tap.close()
    }
    const wanted = amounts.flat()
    const rpc = await findInFolder(tapFolder, wanted)
    const peers = await findInFolder(peerTapFolder, wanted)
    const disk = await findInFolder(devnet.dataDir, wanted)
    const logs = await findInFolder(devnet.logDir, wanted)
    const chain = await findOnChain(new DevnetChain(devnet.chainUrl), wanted)
    for (const [where, search] of Object.entries({ rpc, peers, disk, logs, chain })) {
      expect(search.bytes, `bytes looked through: ${where}`).to.be.greaterThan(5_000)
      expect(text(search.sightings), where).to.deep.equal([])
    }
  })
})
