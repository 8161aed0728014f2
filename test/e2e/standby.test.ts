import { expect } from 'chai'
import { startDevnet, waitFor, type Devnet, type DevnetNode } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import { callWorker, type EnigmaClient } from 'enigma-js'
import { connectAs, sample } from './support/actors.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'

describe('e2e: two principals with one root', function () {
  this.timeout(240_000)
  const artifact = sample('millionaires')
  let devnet: Devnet
  let ledger: Ledger
  let client: EnigmaClient
  let scAddr: ScAddr
  let added = 0

  before(async () => {
    devnet = await startDevnet({ workers: 2, standby: true, epochSize: 12, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!)
    const deployed = client.deploy(artifact, []).then(task => task.result())
    scAddr = await whileMining(devnet, deployed)
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
  })
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return
    for (const { name } of devnet.processes()) console.error(devnet.logs(name).slice(-15).join('\n'))
  })

  const standby = (): DevnetNode => devnet.standby!
  const add = async (): Promise<void> => {
    added += 1
    const who = `0x${added.toString(16).padStart(40, '0')}`
    const work = client.compute(scAddr, artifact.abi, 'addMillionaire', [who, BigInt(added)])
    await whileMining(
      devnet,
      work.then(task => task.result())
    )
  }
  const richest = (): Promise<unknown> =>
    whileMining(
      devnet,
      client.compute(scAddr, artifact.abi, 'computeRichest', []).then(task => task.result())
    )
  const expected = (): string => `0x${added.toString(16).padStart(40, '0')}`
  const signerOf = async (node: DevnetNode): Promise<unknown> =>
    (await callWorker(node.httpUrl, 'getInfo', {})).attested?.report.signer

  it('makes the second one the same principal, by its operator’s hands', async () => {
    expect(await signerOf(standby())).to.equal(await signerOf(devnet.principal))
    await add()
    // One that has a root takes no other.
    const refused = await standby()
      .manage('import-request')
      .catch((error: Error) => error.message)
    expect(refused).to.include('somebody already')
  })

  it('goes on without the primary: runs, results and state keys come with views of the standby; the epoch stays', async () => {
    await mineUntil(devnet, async () => (await ledger.epoch()) > 1, 40)
    await devnet.kill('principal')
    const epoch = await ledger.epoch()
    await add()
    expect(await richest()).to.equal(expected())
    for (let block = 0; block < 14; block++) await devnet.mine()
    expect(await ledger.epoch(), 'a standby sends no setEpoch').to.be.at.most(epoch + 1)
  })

  it('draws new epochs again when the standby is promoted, and keeps the contract’s state', async () => {
    const epoch = await ledger.epoch()
    expect(await standby().manage('promote')).to.deep.include({ primary: true })
    await mineUntil(devnet, async () => (await ledger.epoch()) >= epoch + 2, 60)
    await add()
    expect(await richest()).to.equal(expected())
  })

  it('begins a new generation of state keys on its operator’s word; older deltas are read with theirs', async () => {
    const generation = async (): Promise<number> =>
      Number((await ledger.enigma.getFunction('epochInfo')(await ledger.epoch()))[4])
    const before = await generation()
    await standby().manage('rotate-generation')
    await mineUntil(devnet, async () => (await generation()) === before + 1, 60)
    await add()
    expect(await richest()).to.equal(expected())
  })

  it('runs nothing while all principals are silent, gives the fee back, and loses nothing', async () => {
    await devnet.kill('standby')
    await waitFor(async () => (await devnet.workers[0]!.status()).peers?.length === 1, {
      what: 'the workers to notice',
      limitMs: 60_000
    })
    const before = await ledger.balance(client.address!)
    const outcome = await whileMining(
      devnet,
      client
        .compute(scAddr, artifact.abi, 'addMillionaire', [`0x${'99'.repeat(20)}`, 10_000n])
        .then(task => task.result())
        .then(
          () => 'done',
          (error: { code?: string }) => error.code
        )
    )
    expect(outcome).to.equal('TASK_EXPIRED')
    await mineUntil(devnet, async () => (await ledger.balance(client.address!)) === before, 30)
    await devnet.restart('standby')
    await add()
    expect(await richest()).to.equal(expected())
  })
})
