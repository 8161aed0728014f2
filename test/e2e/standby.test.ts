import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '@enigma/cli'
import { startDevnet, waitFor, type Devnet, type DevnetNode } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import { callWorker, type Artifact, type EnigmaClient, type SecretContractAbi } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'

describe('e2e: two principals with one root', function () {
  this.timeout(240_000)
  let counter: Artifact<SecretContractAbi>
  let devnet: Devnet
  let ledger: Ledger
  let client: EnigmaClient
  let scAddr: ScAddr
  let counted = 0
  const folder = mkdtempSync(join(tmpdir(), 'enigma-standby-'))
  const request = join(folder, 'request.hex')
  const root = join(folder, 'root.hex')

  /** `enigma principal ...`, by the operator of the node. Gives the exit code and what it printed. */
  async function operate(node: DevnetNode, action: string, ...more: string[]): Promise<[number, string]> {
    const lines: string[] = []
    const print = (line: string): void => void lines.push(line)
    const readLine = (): Promise<string> => Promise.reject(new Error('nobody types'))
    const line = ['principal', action, '--http', node.httpUrl, '--data-dir', node.dataDir, ...more]
    return [await run(line, { env: {}, out: print, err: print, readLine }), lines.join('\n')]
  }

  const health = async (node: DevnetNode): Promise<number> => (await fetch(`${node.httpUrl}/healthcheck`)).status
  let healthWithoutRoot = 0

  async function importRoot(primary: DevnetNode, second: DevnetNode): Promise<void> {
    healthWithoutRoot = await health(second)
    const steps = [
      await operate(second, 'request', '--out', request),
      await operate(primary, 'export', '--request', request, '--out', root),
      await operate(second, 'import', '--root', root)
    ]
    expect(steps.map(([code]) => code)).to.deep.equal([0, 0, 0], JSON.stringify(steps))
  }

  before(async () => {
    const settings = { workers: 2, standby: true, epochSize: 12, mining: { mode: 'manual' } } as const
    devnet = await startDevnet({ ...settings, seams: { importRoot } })
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!)
    counter = await counterContract()
    const deployed = client.deploy(counter, []).then(task => task.result())
    scAddr = await whileMining(devnet, deployed)
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  showLogsOfFailures(() => devnet, 15)

  const standby = (): DevnetNode => devnet.standby!
  /** One more than the last time: a state that is lost, or a task that counts twice, shows. */
  const count = async (): Promise<void> => {
    counted += 1
    const work = client.compute(scAddr, counter.abi, 'next', []).then(task => task.result())
    expect(await whileMining(devnet, work)).to.equal(BigInt(counted))
  }
  const signerOf = async (node: DevnetNode): Promise<unknown> =>
    (await callWorker(node.httpUrl, 'getInfo', {})).attested?.report.signer

  it('makes the second one the same principal, by its operator’s hands', async () => {
    expect(await signerOf(standby())).to.equal(await signerOf(devnet.principal))
    expect([healthWithoutRoot, await health(standby())]).to.deep.equal([503, 200])
    await count()
    // One that has a root takes no other.
    const [code, said] = await operate(standby(), 'request', '--out', request)
    expect(code).to.equal(1)
    expect(said).to.match(/^CLI_NODE_REFUSED: .*somebody already/)
  })

  it('leaves files that nobody else reads, and tells an operator who mixes them up', async () => {
    expect(statSync(root).mode & 0o777).to.equal(0o600)
    const said = async (...given: Parameters<typeof operate>): Promise<string> => (await operate(...given))[1]
    expect(await said(devnet.principal, 'export', '--request', join(folder, 'none'), '--out', root)).to.match(
      /^CLI_FILE: /
    )
    writeFileSync(join(folder, 'text'), 'a root')
    expect(await said(standby(), 'import', '--root', join(folder, 'text'))).to.match(/^CLI_FILE: .*\nhint: /)
    const asked = readFileSync(request, 'utf8')
    expect(await said(standby(), 'import', '--root', request)).to.match(/^CLI_NODE_REFUSED: .*\nhint: /)
    expect(await said(devnet.principal, 'export', '--request', root, '--out', root)).to.match(/^CLI_NODE_REFUSED: /)
    expect(readFileSync(request, 'utf8'), 'a refused command writes nothing').to.equal(asked)
    expect(await said(standby(), 'promote', '--data-dir', folder)).to.match(/^CLI_FILE: /)
    expect(await said({ ...standby(), httpUrl: 'http://127.0.0.1:1', dataDir: standby().dataDir }, 'promote')).to.match(
      /^CLI_NO_NODE: .*\nhint: /
    )
  })

  it('goes on without the primary: runs, results and state keys come with views of the standby; the epoch stays', async () => {
    await mineUntil(devnet, async () => (await ledger.epoch()) > 1, 40)
    await devnet.kill('principal')
    expect(devnet.principal.pid, 'the primary').to.equal(undefined)
    const epoch = await ledger.epoch()
    for (let i = 0; i < 2; i++) await count()
    for (let block = 0; block < 14; block++) await devnet.mine()
    expect(await ledger.epoch(), 'a standby sends no setEpoch').to.be.at.most(epoch + 1)
  })

  it('refuses to rotate at a standby: no epoch would begin with what it prepares', async () => {
    const [code, said] = await operate(standby(), 'rotate')
    expect(code).to.equal(1)
    expect(said).to.match(/^CLI_NODE_REFUSED: .*PRINCIPAL_STANDBY.*\nhint: /)
  })

  it('draws new epochs again when the standby is promoted, and keeps the contract’s state', async () => {
    const epoch = await ledger.epoch()
    expect(await operate(standby(), 'promote')).to.deep.equal([
      0,
      'It is the primary now. Do not start the old one as a primary again.'
    ])
    expect(await operate(standby(), 'promote')).to.deep.equal([0, 'It is the primary already.'])
    await mineUntil(devnet, async () => (await ledger.epoch()) >= epoch + 2, 60)
    expect(devnet.principal.pid, 'the old primary').to.equal(undefined)
    for (let i = 0; i < 2; i++) await count()
  })

  it('begins a new generation of state keys on its operator’s word; older deltas are read with theirs', async () => {
    const generation = async (): Promise<number> =>
      Number((await ledger.enigma.getFunction('epochInfo')(await ledger.epoch()))[4])
    const before = await generation()
    expect(await operate(standby(), 'rotate')).to.deep.equal([
      0,
      `Generation ${before + 1} is used from the next epoch on; older deltas keep theirs.`
    ])
    await mineUntil(devnet, async () => (await generation()) === before + 1, 60)
    for (let i = 0; i < 2; i++) await count()
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
        .compute(scAddr, counter.abi, 'next', [])
        .then(task => task.result())
        .then(
          () => 'done',
          (error: { code?: string }) => error.code
        )
    )
    expect(outcome).to.equal('TASK_EXPIRED')
    await mineUntil(devnet, async () => (await ledger.balance(client.address!)) === before, 30)
    await devnet.restart('standby')
    for (let i = 0; i < 2; i++) await count()
  })
})
