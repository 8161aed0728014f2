import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { startDevnet, waitFor, type Devnet, type DevnetWorker } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import { callWorker, type EnigmaClient, type SecretContractAbi } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { compiled } from './support/compiled.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'

/** Every answer depends on every delta, in their order. */
const CHRONICLE = `import { List, u256 } from '@enigma/sdk'

const entries = new List<u256>('entries')

export function write(n: u256): u256 {
  entries.push(n)
  return digest()
}

@view
export function digest(): u256 {
  let sum = u256.zero
  const weight = u256.from(1000)
  for (let i: u32 = 0; i < entries.length; i++) sum = sum * weight + entries.get(i)
  return sum
}
`

describe('e2e: snapshots of the state of a contract', function () {
  this.timeout(240_000)
  let devnet: Devnet
  let ledger: Ledger
  let client: EnigmaClient
  let abi: SecretContractAbi
  let scAddr: ScAddr
  const written: bigint[] = []

  // worker1 makes snapshots, worker2 is the one that takes the contract over.
  const maker = (): DevnetWorker => devnet.workers[0]!
  const heir = (): DevnetWorker => devnet.workers[1]!

  before(async () => {
    devnet = await startDevnet({
      workers: 2,
      epochSize: 12,
      mining: { mode: 'manual' },
      env: name => ({ ENIGMA_SNAPSHOT_EVERY: name === 'worker1' ? '2' : '1000', ENIGMA_SNAPSHOT_WORTH: '2' })
    })
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!)
    const contract = await compiled('chronicle', CHRONICLE)
    abi = contract.abi
    scAddr = await whileMining(
      devnet,
      client.deploy(contract, []).then(task => task.result())
    )
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
  })
  showLogsOfFailures(() => devnet)

  const digest = (): bigint => written.reduce((sum, n) => sum * 1000n + n, 0n)
  async function write(): Promise<void> {
    const n = BigInt(100 + written.length)
    written.push(n)
    const result = client.compute(scAddr, abi, 'write', [n]).then(task => task.result())
    expect(await whileMining(devnet, result)).to.equal(digest())
  }
  /** The head that the answer stands on, in deltas. */
  async function ask(): Promise<number> {
    const { value, deltaCount } = await whileMining(devnet, client.query(scAddr, abi, 'digest', []))
    expect(value).to.equal(digest())
    return deltaCount
  }

  async function counters(worker: DevnetWorker): Promise<Record<string, number>> {
    const response = await fetch(`${worker.httpUrl}/status`)
    const { counters } = (await response.json()) as { counters: Record<string, number> }
    const none = { snapshots_made: 0, snapshots_loaded: 0, snapshots_refused: 0, deltas_spared: 0, deltas_replayed: 0 }
    return { ...none, ...counters }
  }

  /** Starts the heir again with nothing but its keys: what it knows of the contract from here on, it was told by peers. */
  async function startHeirEmpty(env: Readonly<Record<string, string>>): Promise<void> {
    await devnet.kill('worker2')
    rmSync(join(heir().dataDir, 'db'), { recursive: true })
    await devnet.restart('worker2', { env })
    expect(await counters(heir())).to.include({ snapshots_loaded: 0, deltas_spared: 0, deltas_replayed: 0 })
  }

  it('are made by a seat while tasks go on', async () => {
    const isMade = async (): Promise<boolean> => (await counters(maker())).snapshots_made! > 0
    // It holds a seat in seven of eight epochs, and needs a moment without a new delta.
    const made = (): Promise<boolean> =>
      waitFor(isMade, { what: 'a snapshot', limitMs: 5_000 }).then(
        () => true,
        () => false
      )
    do await write()
    while (written.length < 5 || (written.length < 20 && !(await made())))
    expect(await counters(maker()))
      .to.have.property('snapshots_made')
      .that.is.above(0)
  })

  it('carry a worker without any state to the head, and its next results are right', async () => {
    await whileMining(devnet, maker().manage('logout'))
    const alone = async (): Promise<boolean> => {
      const epoch = await ledger.epoch()
      const { seats } = await callWorker(heir().httpUrl, 'getWorkerEncryptionKey', { scAddr, epoch })
      const signer = (await callWorker(heir().httpUrl, 'getInfo', {})).attested!.report.signer
      return seats.every(seat => seat.signer === signer)
    }
    await mineUntil(devnet, () => alone().catch(() => false), 60)
    await startHeirEmpty({})

    const deltaCount = await ask()
    const after = await counters(heir())
    expect(after).to.include({ snapshots_loaded: 1, snapshots_refused: 0 })
    expect(after.deltas_spared).to.be.at.least(2)
    expect(after.deltas_spared! + after.deltas_replayed!).to.equal(deltaCount)
    await write()
    expect(await ask()).to.equal(deltaCount + 1)
  })

  it('are not needed: a worker that verifies all of it replays every delta and comes to the same', async () => {
    await startHeirEmpty({ ENIGMA_VERIFY_FULL: 'true' })
    const deltaCount = await ask()
    const none = { snapshots_loaded: 0, snapshots_refused: 0, deltas_spared: 0 }
    expect(await counters(heir())).to.include({ ...none, deltas_replayed: deltaCount })
    await write()
    expect(await ask()).to.equal(deltaCount + 1)
  })
})
