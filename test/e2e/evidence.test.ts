import { expect } from 'chai'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { startDevnet, waitFor, type DevAccount, type Devnet, type DevnetWorker } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import type { Artifact, EnigmaClient, SecretContractAbi } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { seatsOf } from './support/seats.ts'

const HOUR = 3600
const YEAR = 365 * 24 * HOUR
const EPOCH_SIZE = 20
/** The workers' clocks are so late at first, the principal's is right: their evidence is the older one and the first to expire. */
const LATE = 20 * HOUR

/** R3: evidence lives for a year. Years pass here for the chain, for the enclaves' clocks and for the client, not for the test. */
describe('e2e: evidence is renewed before it is stale', function () {
  this.timeout(300_000)
  let devnet: Devnet
  let ledger: Ledger
  let counter: Artifact<SecretContractAbi>
  let scAddr: ScAddr
  /** Evidence of the workers' first registration was made then, seconds. */
  let issuedAt: number
  let counted = 0n
  const { now } = Date

  before(async () => {
    devnet = await startDevnet({
      workers: 2,
      epochSize: EPOCH_SIZE,
      mining: { mode: 'manual' },
      preload: [join(import.meta.dirname, 'support/enclave-clock.mjs')],
      env: name => ({ ENIGMA_ENCLAVE_CLOCK: String(name === 'principal' ? 0 : -LATE) })
    })
    ledger = new Ledger(devnet)
    counter = await counterContract()
    const client = await connect()
    scAddr = await whileMining(devnet, (await whileMining(devnet, client.deploy(counter, []))).result())
    client.close()
    issuedAt = Number((await workerOf(first())).attestationExpiry) - YEAR
    expect(Math.abs(issuedAt - (now() / 1000 - LATE)), 'the late clock was used').to.be.lessThan(HOUR)
  })
  after(async () => {
    Date.now = now
    ledger?.close()
    await devnet?.stop()
  })
  showLogsOfFailures(() => devnet)

  const first = (): DevnetWorker => devnet.workers[0]!
  const second = (): DevnetWorker => devnet.workers[1]!
  const user = (): DevAccount => devnet.accounts.users[0]!
  const connect = (...through: DevnetWorker[]): Promise<EnigmaClient> =>
    connectAs(devnet, user(), through.length === 0 ? {} : { rpc: through.map(({ httpUrl }) => httpUrl) })

  interface Registered {
    readonly status: bigint
    readonly signer: string
    readonly attestationExpiry: bigint
  }
  const LOGGED_IN = 2n
  const workerOf = async ({ operator }: DevnetWorker): Promise<Registered> =>
    (await ledger.enigma.getFunction('worker')(operator.address)) as Registered
  const registrations = async ({ operator }: DevnetWorker): Promise<number> =>
    Number(await ledger.enigma.getFunction('registrationNonce')(operator.address))

  /** From here on chain, enclaves and clients have this time, seconds. */
  async function comes(time: number): Promise<void> {
    const seconds = Math.floor(time - now() / 1000)
    for (const { dataDir } of [devnet.principal, ...devnet.workers]) {
      const file = join(dataDir, 'sealed', 'clock')
      mkdirSync(join(dataDir, 'sealed'), { recursive: true, mode: 0o700 })
      writeFileSync(`${file}.new`, String(seconds))
      renameSync(`${file}.new`, file)
    }
    Date.now = () => now() + 1000 * seconds
    await ledger.provider.send('evm_setNextBlockTimestamp', [time])
    await devnet.mine()
  }
  /** The first block of an epoch: there is time for a worker to be logged out and in again. */
  async function newEpoch(): Promise<void> {
    const epoch = await ledger.epoch()
    await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 2 * EPOCH_SIZE)
  }
  async function counts(client: EnigmaClient): Promise<void> {
    counted += 1n
    const task = await whileMining(devnet, client.compute(scAddr, counter.abi, 'next', []))
    expect(await whileMining(devnet, task.result())).to.equal(counted)
  }
  /** Names of those who have a seat of the contract now. */
  const holders = async (): Promise<string[]> => {
    const seats = await seatsOf(devnet, scAddr, await ledger.epoch())
    return [...new Set(seats.map(({ name }) => name))]
  }
  const logoutByStranger = async (worker: DevnetWorker): Promise<string> => {
    const stranger = new Wallet(devnet.accounts.users[5]!.privateKey, ledger.provider)
    const enigma = ledger.enigma.connect(stranger) as typeof ledger.enigma
    const work = (async () => {
      await enigma.getFunction('logoutFor').staticCall(worker.operator.address)
      await ((await enigma.getFunction('logoutFor')(worker.operator.address)) as { wait(): Promise<unknown> }).wait()
    })()
    return whileMining(devnet, work).then(
      () => 'done',
      (error: { revert?: { name: string } }) => error.revert?.name ?? String(error)
    )
  }

  it('is left alone for four fifths of its life', async () => {
    await comes(issuedAt + 0.79 * YEAR)
    await newEpoch()
    const client = await connect()
    await counts(client)
    client.close()
    expect(await Promise.all([registrations(first()), registrations(second())])).to.deep.equal([1, 1])
    expect(await logoutByStranger(first()), 'nobody else may log a worker out').to.not.equal('done')
  })

  it('is renewed then, by the running worker itself, which is logged in again and keeps its enclave', async () => {
    const before = await workerOf(first())
    await devnet.kill(second().name, 'SIGKILL') // it sleeps through what comes
    await comes(issuedAt + 0.85 * YEAR)
    await newEpoch()
    const renewed = async (): Promise<boolean> =>
      (await registrations(first())) === 2 && (await workerOf(first())).status === LOGGED_IN
    await mineUntil(devnet, renewed, EPOCH_SIZE)
    const after = await workerOf(first())
    expect(after.signer).to.equal(before.signer)
    expect(Number(after.attestationExpiry)).to.be.within(issuedAt + 1.84 * YEAR, issuedAt + 1.86 * YEAR)
    await newEpoch()
    expect(await registrations(first()), 'once is enough').to.equal(2)
    // The draws find it: of two workers it gets none of three seats in one epoch of eight.
    await mineUntil(devnet, async () => (await holders()).includes(first().name), 4 * EPOCH_SIZE)
  })

  it('lets the worker go on past the old evidence’s end, where one without is refused by contract and clients', async () => {
    await comes(issuedAt + YEAR + LATE / 2)
    expect(await logoutByStranger(first())).to.not.equal('done')
    expect(await logoutByStranger(second()), 'anybody may log it out').to.equal('done')
    const login = ledger.enigma.getFunction('login').staticCall({ from: second().operator.address })
    expect(await login.catch((error: { revert?: { name: string } }) => error.revert?.name)).to.equal(
      'EnigmaAttestationExpired'
    )
    // An epoch is drawn among those who were logged in when the one before it began.
    await mineUntil(devnet, async () => (await holders()).join() === first().name, 3 * EPOCH_SIZE)
    const client = await connect(first())
    await counts(client)
    client.close()

    await devnet.restart(second().name, { waitReady: false })
    const refusal = (): Promise<string | null> =>
      connect(second()).then(
        client => (client.close(), null),
        (error: { code: string }) => error.code
      )
    // It answers from its first moment, before it knows who it is.
    await waitFor(async () => (await refusal()) === 'EVIDENCE_WRONG', {
      what: 'the refusal of old evidence',
      limitMs: 60_000
    })
  })

  it('is renewed by a worker that comes back after it expired', async () => {
    await newEpoch()
    await mineUntil(devnet, async () => (await workerOf(second())).status === LOGGED_IN, 2 * EPOCH_SIZE)
    expect(await registrations(second())).to.equal(2)
    await waitFor(async () => (await second().status()).ready, { what: 'the second worker', limitMs: 60_000 })
    await newEpoch()
    const client = await connect(second())
    await counts(client)
    client.close()
  })
})
