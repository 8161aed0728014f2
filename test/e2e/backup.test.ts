import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { run } from '@enigma/cli'
import { startDevnet, waitFor, type Devnet, type DevnetWorker } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import { callWorker, type Artifact, type EnigmaClient, type SecretContractAbi, type Task } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'

/** Runs that only the lost node had made are made again while their epoch's keys are kept (R9): so many blocks that a slow machine ends in time. */
const EPOCH_SIZE = 200

describe('e2e: backup of a running node', function () {
  this.timeout(300_000)
  let devnet: Devnet
  let ledger: Ledger
  let counter: Artifact<SecretContractAbi>
  let client: EnigmaClient
  let scAddr: ScAddr
  const folder = mkdtempSync(join(tmpdir(), 'enigma-backups-'))
  const known: Task<unknown>[] = []

  before(async () => {
    devnet = await startDevnet({ workers: 1, epochSize: EPOCH_SIZE, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    counter = await counterContract()
    client = await connectAs(devnet, devnet.accounts.users[0]!)
    scAddr = await whileMining(
      devnet,
      client.deploy(counter, []).then(task => task.result())
    )
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  showLogsOfFailures(() => devnet)

  /** `enigma worker backup DIR`, by the operator of the node. */
  async function backUp(node: DevnetWorker, dir: string): Promise<[number, string]> {
    const lines: string[] = []
    const print = (line: string): void => void lines.push(line)
    const readLine = (): Promise<string> => Promise.reject(new Error('nobody types'))
    const line = ['worker', 'backup', dir, '--http', node.httpUrl, '--data-dir', node.dataDir]
    return [await run(line, { env: {}, out: print, err: print, readLine }), lines.join('\n')]
  }

  /** Tasks that are delivered, recorded and so acknowledged; not settled yet. */
  async function acknowledged(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const sent = client.compute(scAddr, counter.abi, 'next', [])
      known.push(await whileMining(devnet, sent, 50))
    }
  }
  const settled = (): Promise<unknown[]> => whileMining(devnet, Promise.all(known.map(task => task.result())))
  const counted = (): bigint[] => known.map((_, i) => BigInt(i + 1))

  /**
   * The machine is lost: all that is left is the copy. Keys of epochs that began after it are lost as well: the enclave makes others, and
   * clients encrypt to those when what they sent is refused.
   */
  async function restore(node: DevnetWorker, copy: string): Promise<void> {
    await devnet.kill(node.name, 'SIGKILL')
    rmSync(node.dataDir, { recursive: true })
    cpSync(copy, node.dataDir, { recursive: true })
    await whileMining(devnet, devnet.restart(node.name))
  }
  async function nextEpoch(): Promise<void> {
    const epoch = await ledger.epoch()
    await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 2 * EPOCH_SIZE, 50)
  }

  /** The key of a node's enclave for the contract, as another worker tells it; null while the node holds no seat. */
  async function keyOf(node: DevnetWorker, epoch: number, at: DevnetWorker): Promise<string | null> {
    const { signer } = (await node.status()) as unknown as { signer: string }
    const { seats } = await callWorker(at.httpUrl, 'getWorkerEncryptionKey', { scAddr, epoch })
    return seats.find(seat => seat.signer === signer)?.encKey ?? null
  }

  async function resultsAt(node: DevnetWorker): Promise<void> {
    for (const { taskId } of known) {
      const found = await whileMining(
        devnet,
        waitFor(async () => (await callWorker(node.httpUrl, 'getTaskResult', { taskId })) ?? undefined, {
          what: `the result of ${taskId} at ${node.name}`,
          limitMs: 60_000
        })
      )
      const chain = await client.getTask(taskId)
      expect(found.receipt.outputHash).to.equal((chain.settlement as { outputHash: string }).outputHash)
    }
  }

  it('the only worker is lost: from the copy made under load comes everything that was acknowledged before it', async () => {
    const [worker] = devnet.workers as [DevnetWorker]
    await acknowledged(4)
    const dir = join(folder, 'first')
    const [code, printed] = await whileMining(devnet, backUp(worker, dir), 50) // the four are run and committed meanwhile
    expect(code, printed).to.equal(0)
    expect(printed).to.match(/\d+ files, .* MiB; writes waited \d+ ms/)
    expect(JSON.parse(readFileSync(join(dir, 'backup.json'), 'utf8'))).to.include({ role: 'worker', name: worker.name })
    expect(await settled()).to.deep.equal(counted())
    const { signer } = (await worker.status()) as unknown as { signer: string }

    await restore(worker, dir)
    expect((await worker.status()) as unknown).to.include({ signer })
    await resultsAt(worker)
    await acknowledged(1)
    expect(await settled()).to.deep.equal(counted())
    for (const { taskId } of known) expect(await ledger.endings(taskId)).to.deep.equal(['ReceiptVerified'])
  })

  it('a copy of an earlier epoch comes back to a network that went on: it catches up, signs nothing that differs, and clients go on at once', async () => {
    const [worker] = devnet.workers as [DevnetWorker]
    const second = await whileMining(devnet, devnet.addWorker())
    await acknowledged(3)
    const dir = join(folder, 'older')
    const [[code, printed]] = await Promise.all([backUp(worker, dir), acknowledged(3)])
    expect(code, printed).to.equal(0)
    await nextEpoch()
    while ((await keyOf(worker, await ledger.epoch(), second)) === null) await nextEpoch()
    await acknowledged(2) // the client has the keys of this epoch now, which the copy lacks
    expect(await settled()).to.deep.equal(counted())
    // What the second worker holds is all that tells the first of what came after the copy.
    const has = async (): Promise<boolean> => {
      const { done, contracts } = await second.manage('resync')
      return done === contracts
    }
    await waitFor(has, { what: 'the second worker to hold everything', limitMs: 60_000 })
    await resultsAt(second) // whoever was asked for one keeps it

    const epoch = await ledger.epoch()
    const before = await keyOf(worker, epoch, second)
    await restore(worker, dir)
    await acknowledged(2)
    expect(await settled()).to.deep.equal(counted())
    expect(await ledger.epoch(), 'the client had to wait for another epoch').to.equal(epoch)
    expect(await keyOf(worker, epoch, second)).to.not.equal(before)
    await resultsAt(worker)
    for (const { taskId } of known) expect(await ledger.endings(taskId)).to.deep.equal(['ReceiptVerified'])
    const { alarms } = (await worker.status()) as unknown as { alarms: { code: string }[] }
    expect(alarms.map(alarm => alarm.code)).to.not.include.members(['RERUN_DIFFERS'])
    const proved = await ledger.enigma.queryFilter(ledger.enigma.getEvent('EquivocationPunished')(), 0)
    expect(proved).to.have.lengthOf(0)
  })

  it('says why a copy cannot be made there, and makes none', async () => {
    const [worker] = devnet.workers as [DevnetWorker]
    for (const dir of [join(worker.dataDir, 'copy'), folder, join(folder, 'nowhere', 'copy')]) {
      const [code, printed] = await backUp(worker, dir)
      expect(code).to.equal(1)
      expect(printed).to.contain('BACKUP_TARGET')
    }
    expect(existsSync(join(worker.dataDir, 'copy'))).to.equal(false)
    expect(readdirSync(folder).sort()).to.deep.equal(['first', 'older'])
  })
})
