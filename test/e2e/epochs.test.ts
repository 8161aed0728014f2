import { expect } from 'chai'
import { callWorker } from 'enigma-js'
import type { ScAddr } from '@enigma/protocol'
import { connectAs, sample } from './support/actors.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { testEpochSize, useSharedDevnet } from './support/shared-devnet.ts'

describe('e2e: a contract across epochs', () => {
  const shared = useSharedDevnet()
  let ledger: Ledger
  before(() => (ledger = new Ledger(shared().devnet)))
  after(() => ledger.close())

  it('keeps its state while its seats change', async function () {
    this.timeout(300_000)
    const { devnet, nextUser } = shared()
    const user = nextUser()
    const client = await connectAs(devnet, user)
    const artifact = sample('millionaires')
    const scAddr = (await whileMining(
      devnet,
      client.deploy(artifact, []).then(task => task.result())
    )) as ScAddr
    const millionaires = client.contract(scAddr, artifact.abi)
    const seatSets = new Set<string>()
    const call = (name: string, ...args: unknown[]): Promise<unknown> =>
      whileMining(devnet, millionaires.call[name]!(...(args as never[])))

    // Seats are drawn anew every epoch; with three equal workers the holders of two epochs differ with 88 % probability or more, so
    // that a few epochs give at least two different sets.
    let epochs = 0
    let last = -1
    while (epochs < 3 || (seatSets.size < 2 && epochs < 12)) {
      await mineUntil(devnet, async () => (await ledger.epoch()) > last, 4 * testEpochSize)
      last = await ledger.epoch()
      const who = `0x${(epochs + 1).toString(16).padStart(40, '0')}`
      await call('addMillionaire', who, BigInt(1_000 * (epochs + 1)))
      const { seats } = await callWorker(devnet.workers[0]!.httpUrl, 'getWorkerEncryptionKey', { scAddr, epoch: last })
      seatSets.add(seats.map(seat => seat.signer).join())
      epochs += 1
    }

    expect(seatSets.size, 'different sets of seats').to.be.at.least(2)
    expect(await call('computeRichest')).to.equal(`0x${epochs.toString(16).padStart(40, '0')}`)
    client.close()
  })
})
