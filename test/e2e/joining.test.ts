import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startDevnet, waitFor, type Devnet, type DevnetNode, type DevnetWorker } from '@enigma/devnet'
import { startFaultProxy } from '@enigma/faults'
import { LevelContentStore, openDatabase, quiet } from '@enigma/worker/testing'
import { ZERO_HASH, nextHead, type Hash, type ScAddr, type StepStatus } from '@enigma/protocol'
import type { EventLog } from 'ethers'
import type { Artifact, EnigmaClient, SecretContractAbi } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { seatsOf } from './support/seats.ts'

const EPOCH_SIZE = 10
/** The sequence of the seed documents (004, nodes overview), then the login. */
const STEPS = ['start', 'bootstrap', 'discovery', 'sync', 'announce', 'services', 'register', 'login']

/** What a node's log says of its steps, in order: `sync done`. */
const stepsOf = (devnet: Devnet, name: string): string[] =>
  devnet.logs(name).flatMap(line => {
    const [, step, state] = / step (\w+): (\w+)/.exec(line) ?? []
    return step === undefined ? [] : [`${step} ${state}`]
  })
const firsts = (steps: readonly string[]): string[] => [...new Set(steps.map(step => step.split(' ')[0]!))]
const doneOf = (steps: readonly string[]): string[] =>
  steps.flatMap(step => (step.endsWith(' done') ? [step.split(' ')[0]!] : []))

describe('e2e: a worker starts first, alone, or hours later', function () {
  this.timeout(300_000)

  describe('first, before the principal is registered and while the bootstrap node is down; and alone', () => {
    let devnet: Devnet
    let early: { step: StepStatus; health: number; refusal: string } | undefined
    before(async () => {
      devnet = await startDevnet({
        workers: 1,
        epochSize: EPOCH_SIZE,
        mining: { mode: 'manual' },
        async workersFirst([worker]) {
          early = await waitFor(() => stateOf(worker!), { what: 'the worker to wait', limitMs: 60_000 })
        }
      })
    })
    after(() => devnet?.stop())

    async function stateOf(worker: DevnetNode): Promise<typeof early | false> {
      const step = (await worker.status()).steps.find(({ state }) => state !== 'done')!
      if (step.code !== 'WAITS_FOR_PRINCIPAL') return false
      const { status } = await fetch(`${worker.httpUrl}/healthcheck`)
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sendTaskInput', params: { envelope: '0x00' } })
      const answer = (await (await fetch(worker.httpUrl, { method: 'POST', headers, body })).json()) as {
        error: { data: { code: string } }
      }
      return { step, health: status, refusal: answer.error.data.code }
    }

    it('it answered meanwhile: what it waited for, and what could be done', () => {
      expect(early!.step).to.include({ name: 'start', state: 'waiting' })
      expect(early!.step.detail).to.contain('principal')
      expect(early!.step.hint).to.contain('owner of the contract')
      expect(early).to.include({ health: 503, refusal: 'WORKER_NOT_READY' })
    })

    it('it came up by itself, step by step in the order of the start sequence', async () => {
      const [worker] = devnet.workers as [DevnetWorker]
      expect(await worker.status()).to.include({ ready: true })
      const steps = stepsOf(devnet, worker.name)
      expect(firsts(steps)).to.deep.equal(STEPS)
      expect(doneOf(steps)).to.deep.equal(STEPS)
      expect(steps.indexOf('start waiting')).to.be.lessThan(steps.indexOf('start done'))
      expect(devnet.exitOf(worker.name)).to.equal(undefined)
    })

    it('alone it holds all seats, and does all the work', async () => {
      const counter = await counterContract()
      const client = await connectAs(devnet, devnet.accounts.users[0]!)
      const scAddr = await whileMining(
        devnet,
        client.deploy(counter, []).then(task => task.result())
      )
      for (const n of [1n, 2n, 3n]) {
        const task = await whileMining(devnet, client.compute(scAddr, counter.abi, 'next', []))
        expect(await whileMining(devnet, task.result())).to.equal(n)
      }
      client.close()
    })

    it('started again without its bootstrap node, it answers, and finds it when it is back', async () => {
      const [worker] = devnet.workers as [DevnetWorker]
      await devnet.kill('principal', 'SIGKILL')
      await devnet.restart(worker.name, { waitReady: false })
      const upWithoutPeers = async (): Promise<boolean> => {
        const { steps, peers } = await worker.status()
        return peers?.length === 0 && steps.find(({ name }) => name === 'services')?.state === 'done'
      }
      await waitFor(upWithoutPeers, { what: 'the worker to go on without a peer', limitMs: 60_000 })
      await devnet.restart('principal')
      const met = async (): Promise<boolean> => ((await worker.status()).peers?.length ?? 0) === 1
      await waitFor(met, { what: 'the worker to meet the principal again', limitMs: 60_000 })
    })

    it('a newcomer reaches the principal at the address that it announces, as behind NAT', async () => {
      const { principal } = devnet
      const [port] = principal.multiaddrs.flatMap(address => /\/tcp\/(\d+)\/p2p\//.exec(address)?.[1] ?? [])
      const nat = await startFaultProxy({ target: { port: Number(port) } })
      try {
        const announced = `/ip4/127.0.0.1/tcp/${nat.port}`
        await devnet.restart(principal.name, { env: { ENIGMA_ANNOUNCE: announced } })
        expect(principal.multiaddrs.map(address => address.replace(/\/p2p\/\w+$/, ''))).to.deep.equal([announced])
        const before = nat.accepted
        const newcomer = await whileMining(devnet, devnet.addWorker())
        expect(newcomer.pid).to.be.a('number')
        expect(nat.accepted).to.be.greaterThan(before)
      } finally {
        await nat.stop()
      }
    })
  })

  describe('epochs later, on a network with several contracts', () => {
    let devnet: Devnet
    let ledger: Ledger
    let counter: Artifact<SecretContractAbi>
    let client: EnigmaClient
    const contracts: ScAddr[] = []
    before(async () => {
      devnet = await startDevnet({ workers: 3, epochSize: EPOCH_SIZE, mining: { mode: 'manual' } })
      ledger = new Ledger(devnet)
      counter = await counterContract()
      client = await connectAs(devnet, devnet.accounts.users[0]!)
    })
    after(async () => {
      client?.close()
      ledger?.close()
      await devnet?.stop()
    })

    const next = (by: EnigmaClient, scAddr: ScAddr): Promise<unknown> =>
      whileMining(
        devnet,
        by.compute(scAddr, counter.abi, 'next', []).then(task => task.result())
      )
    const epochs = async (count: number): Promise<void> => {
      const wanted = (await ledger.epoch()) + count
      await mineUntil(devnet, async () => (await ledger.epoch()) >= wanted, 3 * count * EPOCH_SIZE, 100)
    }

    it('comes up by itself, holds what the chain names, and only then logs in', async () => {
      for (let i = 0; i < 4; i++) {
        contracts.push(
          await whileMining(
            devnet,
            client.deploy(counter, []).then(task => task.result())
          )
        )
        for (let n = 0; n <= i; n++) await next(client, contracts[i]!)
      }
      await epochs(2)
      const newcomer = await whileMining(devnet, devnet.addWorker())

      const steps = stepsOf(devnet, newcomer.name)
      expect(firsts(steps)).to.deep.equal(STEPS)
      const at = (step: string): number => steps.indexOf(step)
      expect(at('sync waiting')).to.be.greaterThan(at('discovery done')).and.lessThan(at('announce done'))
      expect(at('services done')).to.be.lessThan(at('register done'))
      expect(at('sync done')).to.be.greaterThan(at('register done')).and.lessThan(at('login done'))
      const log = devnet.logs(newcomer.name).join('\n')
      expect(log).to.match(/step sync: waiting .*0 of 4 contracts.* code=WAITS_FOR_REGISTRATION/)
      expect(log).to.match(/step sync: done .*4 of 4 contracts/)
      const { steps: shown } = await newcomer.status()
      expect(shown.map(({ name, state }) => `${name} ${state}`)).to.deep.equal(STEPS.map(step => `${step} done`))
      const metrics = await (await fetch(`${newcomer.httpUrl}/metrics`)).text()
      expect(metrics)
        .to.match(/^enigma_sync_contracts 4$/m)
        .and.to.match(/^enigma_sync_contracts_synced 4$/m)
    })

    it('has the same tips as the chain on its disk', async () => {
      const newcomer = devnet.workers[3]!
      await devnet.kill(newcomer.name, 'SIGTERM')
      expect(devnet.exitOf(newcomer.name)).to.equal('exit code 0')
      const copy = mkdtempSync(join(tmpdir(), 'enigma-newcomer-db-'))
      cpSync(join(newcomer.dataDir, 'db'), copy, { recursive: true })
      const db = await openDatabase(copy)
      try {
        const store = await LevelContentStore.open(db, quiet)
        for (const [i, scAddr] of contracts.entries()) {
          const [codeHash, headHash, deltaCount] = (await ledger.enigma.getFunction('secretContract')(scAddr)) as [
            Hash,
            Hash,
            bigint
          ]
          const receipts = await ledger.enigma.queryFilter(ledger.enigma.getEvent('ReceiptVerified')(null, scAddr), 0)
          const hashes = receipts.map(log => String((log as EventLog).args['deltaHash']) as Hash)
          let head: Hash = ZERO_HASH
          for (const [index, hash] of hashes.entries()) {
            expect(await store.getDelta(scAddr, index, hash), `delta ${index} of contract ${i}`).to.not.equal(null)
            head = nextHead(head, hash)
          }
          expect({ head, count: hashes.length }).to.deep.equal({ head: headHash, count: Number(deltaCount) })
          expect(hashes).to.have.lengthOf(i + 2)
          expect(await store.getBytecode(codeHash)).to.not.equal(null)
        }
      } finally {
        await db.close()
        rmSync(copy, { recursive: true, force: true })
      }
      await whileMining(devnet, devnet.restart(newcomer.name))
    })

    it('gets seats in a later epoch, and settles a task of an old contract with all others asleep', async () => {
      const newcomer = devnet.workers[3]!
      const creditOf = async (): Promise<bigint> =>
        ((await ledger.enigma.getFunction('worker')(newcomer.operator.address)) as { credit: bigint }).credit
      let found: { scAddr: ScAddr; count: number } | undefined
      for (let tries = 0; found === undefined && tries < 10; tries++) {
        await epochs(1)
        for (const [i, scAddr] of contracts.entries()) {
          const [first] = await seatsOf(devnet, scAddr, await ledger.epoch())
          if (first === newcomer) found = { scAddr, count: i + 2 }
        }
      }
      expect(found, 'a contract of which the newcomer has seat 0').to.not.equal(undefined)
      const before = await creditOf()
      const others = devnet.workers.filter(worker => worker !== newcomer)
      const alone = await connectAs(devnet, devnet.accounts.users[1]!, { rpc: [newcomer.httpUrl] })
      for (const { name } of others) await devnet.kill(name, 'SIGSTOP')
      try {
        expect(await next(alone, found!.scAddr)).to.equal(BigInt(found!.count))
      } finally {
        for (const { name } of others) await devnet.kill(name, 'SIGCONT')
        alone.close()
      }
      expect((await creditOf()) > before).to.equal(true)
    })
  })
})
