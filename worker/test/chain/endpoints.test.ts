import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, type TaskId } from '@enigma/protocol'
import { droppingLogs, flapping, honest, randomOf, startRpcFront, wrongBlocks, type RpcFront } from '@enigma/faults'
import { ENG } from '../../../contracts/deploy/index.ts'
import { agreedSource } from '../../src/chain/agreement.ts'
import { createBlockSource, type BlockSource } from '../../src/chain/block-source.ts'
import { bloomMayHold } from '../../src/chain/bloom.ts'
import { returnFeesData } from '../../src/chain/calls.ts'
import { createIndexStore } from '../../src/chain/index-store.ts'
import { Indexer } from '../../src/chain/indexer.ts'
import { readNetworkFacts } from '../../src/chain/network.ts'
import type { NetworkFacts } from '../../src/chain/reader.ts'
import { createChainRpc } from '../../src/chain/rpc.ts'
import { createLogger } from '../../src/ops/log.ts'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { until } from '../net/network-kit.ts'
import { startDevChain, type DevChain } from './dev-chain.ts'
import { DevNetwork, account } from './dev-network.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const log = createLogger({ write: () => undefined })
const QUICK = { timeoutMs: 3_000, attemptTimeoutMs: 1_000, attempts: 2 } as const

describe(`chain: endpoints that fail and lie (SEED=${SEED})`, function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'enigma-endpoints-'))
  const random = randomOf(SEED)
  const user = account(11)
  const fronts: RpcFront[] = []
  const databases: Database[] = []
  const recorded: TaskId[] = []
  let chain: DevChain
  let network: DevNetwork
  let facts: NetworkFacts
  let alarms: string[]
  let next = 0

  before(async () => {
    chain = await startDevChain()
    network = await DevNetwork.deploy(chain)
    await network.registerPrincipal()
    await network.addWorker(1)
    await network.fund(user, 1_000_000n * ENG)
    facts = await readNetworkFacts(chain.rpc, network.enigma, 1)
    await network.callEpoch(0)
    await mine(2)
    await network.callEpoch(1)
  })
  beforeEach(() => (alarms = []))
  afterEach(async () => {
    await Promise.all(fronts.splice(0).map(front => front.stop()))
    await Promise.all(databases.splice(0).map(db => db.close()))
  })
  after(async () => {
    network?.provider.destroy()
    await chain?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function front(): Promise<RpcFront> {
    const made = await startRpcFront(chain.url, honest)
    fronts.push(made)
    return made
  }
  async function indexer(source: BlockSource): Promise<Indexer> {
    const db = await openDatabase(join(folder, String(next++)))
    databases.push(db)
    const made = new Indexer({ source, store: createIndexStore(db), facts, log, alarm: code => alarms.push(code) })
    await made.load()
    return made
  }
  const over = (...of: RpcFront[]): BlockSource =>
    agreedSource(
      of.map(one => createBlockSource(createChainRpc(one.url, QUICK), network.enigma)),
      { alarm: code => alarms.push(code), pauseMs: 20 }
    )
  async function record(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const input = `input ${recorded.length}`
      recorded.push(await network.recordDeployment(user, 'code', input, 1))
    }
  }
  /** One by one: the node's many blocks at once are not linked to each other. */
  async function mine(blocks: number): Promise<void> {
    for (let i = 0; i < blocks; i++) await chain.mine()
  }
  const missing = (index: Indexer): number => recorded.filter(taskId => index.task(taskId) === null).length
  /** The index reads on until it succeeds, as a node does. */
  const persist = async (index: Indexer): Promise<void> => {
    await until(
      'the index got through',
      () =>
        index.advance().then(
          () => true,
          () => false
        ),
      60_000
    )
  }

  describe('of which the first fails', () => {
    let first: RpcFront
    let second: RpcFront
    beforeEach(async () => {
      ;[first, second] = [await front(), await front()]
      first.behave(() => ({ kind: 'status', status: 503 }))
    })

    it('are asked for the next at once, and the first rests', async () => {
      const rpc = createChainRpc([first.url, second.url])
      for (let i = 0; i < 3; i++) expect(await rpc.send('eth_chainId', [])).to.equal('0x7a69')
      expect(first.calls).to.have.length(1)
      expect(rpc.endpoints()).to.deep.equal([
        { up: false, failures: 1 },
        { up: true, failures: 0 }
      ])
    })

    it('are asked for the first again later', async () => {
      const rpc = createChainRpc([first.url, second.url], { restMs: 200 })
      await rpc.send('eth_chainId', [])
      expect(rpc.endpoints()[0]).to.include({ up: false })
      first.behave(honest)
      await until('the first is asked again', async () => {
        await rpc.send('eth_chainId', [])
        return first.calls.length > 1
      })
      expect(rpc.endpoints()[0]).to.include({ up: true })
    })
  })

  it('answers every call while both endpoints flap in every way, and leaves reverts to the caller', async () => {
    const [first, second] = [await front(), await front()]
    for (const one of [first, second]) one.behave(flapping(random.fork(one.url), 0.4, false))
    const rpc = createChainRpc([first.url, second.url], { attempts: 40, timeoutMs: 60_000 })
    for (let i = 0; i < 60; i++) expect(await rpc.send('eth_chainId', [])).to.equal('0x7a69')
    const faults = { ...first.faults, ...second.faults }
    expect(Object.keys(faults).length).to.be.greaterThan(4)
    first.behave(honest)
    const thrown = await rpc.send('eth_call', [{ to: network.enigma, data: '0xdeadbeef' }, 'latest']).then(
      () => null,
      (error: Error) => error.name
    )
    expect(thrown).to.equal('ChainRpcError')
  })

  it('counts a signed transaction once, though the answer to it was lost', async () => {
    const [first, second] = [await front(), await front()]
    const rpc = createChainRpc([first.url, second.url])
    const wallet = account(12).connect(network.provider)
    const nonce = await wallet.getNonce()
    const raw = await wallet.signTransaction(await wallet.populateTransaction({ to: wallet.address, value: 1n, nonce }))
    first.behave(() => ({ kind: 'lose-answer' }))
    await rpc.send('eth_sendRawTransaction', [raw]).catch(() => undefined) // the second says that it knows it already
    expect(await wallet.getNonce()).to.equal(nonce + 1)
  })

  it('reads the same index through endpoints that flap', async () => {
    const [first, second] = [await front(), await front()]
    const index = await indexer(over(first, second))
    for (const one of [first, second]) one.behave(flapping(random.fork(one.url), 0.2, false))
    await record(3)
    await persist(index)
    expect(missing(index)).to.equal(0)
    expect(alarms.filter(code => code !== 'CHAIN_ENDPOINT_BEHIND')).to.deep.equal([])
  })

  it('finds events that a node left out', async () => {
    const lossy = await front()
    const index = await indexer(createBlockSource(createChainRpc(lossy.url, QUICK), network.enigma))
    await index.advance()
    let dropped = 0
    lossy.behave(droppingLogs(random.fork('drop'), 0.3, () => (dropped += 1)))
    for (let round = 0; round < 12; round++) {
      await record(2)
      await index.advance()
    }
    await mine(13)
    await persist(index)
    expect(dropped, 'events that were left out').to.be.greaterThan(5)
    expect(missing(index)).to.equal(0)
  })

  it('goes back for an event that turns up only later', async () => {
    const lossy = await front()
    const index = await indexer(createBlockSource(createChainRpc(lossy.url, QUICK), network.enigma))
    await index.advance()
    // Without bloom filters, and without any event, in the block's own time.
    lossy.behave(({ method }) => {
      if (method === 'eth_getLogs') return { kind: 'lie', result: () => [] }
      if (method !== 'eth_getBlockByNumber') return { kind: 'pass' }
      return { kind: 'lie', result: truth => truth && { ...truth, logsBloom: `0x${'00'.repeat(256)}` } }
    })
    await record(1)
    await index.advance()
    expect(missing(index)).to.equal(1)
    lossy.behave(honest)
    await mine(3)
    await index.advance()
    expect(missing(index)).to.equal(0)
    expect(alarms).to.deep.equal(['LOGS_WITHHELD'])
  })

  it('asks for fewer blocks at a time when a node refuses as many events', async () => {
    const strict = await front()
    await record(6)
    const spans: number[] = []
    const most = 5
    strict.behave(({ method, params }) => {
      if (method !== 'eth_getLogs') return { kind: 'pass' }
      const [{ fromBlock, toBlock }] = params as [{ fromBlock?: string; toBlock?: string }]
      spans.push(Number(toBlock) - Number(fromBlock) + 1)
      const message = 'query returned more than 5 results'
      return { kind: 'refuse', when: result => (result as unknown[]).length > most, code: -32005, message }
    })
    const index = await indexer(createBlockSource(createChainRpc(strict.url, QUICK), network.enigma))
    await index.advance()
    expect(missing(index)).to.equal(0)
    expect(spans.at(-1), 'blocks asked for at a time').to.be.lessThan(spans[0]!)
  })

  it('looks for the record of a task that it sees settled, however old', async () => {
    const [lossy, truthful] = [await front(), await front()]
    const index = await indexer(createBlockSource(createChainRpc(lossy.url, QUICK), network.enigma))
    const whole = await indexer(createBlockSource(createChainRpc(truthful.url, QUICK), network.enigma))
    await index.advance()
    await record(2) // two of a kind: the bloom filter speaks of the one that is given
    const hidden = recorded.at(-1)!
    lossy.behave(({ method }) =>
      method === 'eth_getLogs'
        ? { kind: 'lie', result: logs => (logs as { topics: string[] }[]).filter(({ topics }) => topics[1] !== hidden) }
        : { kind: 'pass' }
    )
    for (let passed = 0; passed < 100; passed += 10) {
      await mine(10) // deeper than any scan of its own accord
      await index.advance()
    }
    expect(index.task(hidden)).to.equal(null)
    lossy.behave(honest)
    await mine(1)
    await index.advance()
    expect(index.task(hidden), 'nothing tells that it is missing').to.equal(null)

    await whole.advance()
    const data = returnFeesData(hidden, whole.task(hidden)!)
    const sent = await account(1).connect(network.provider).sendTransaction({ to: network.enigma, data })
    expect((await sent.wait())?.status).to.equal(1)
    await until('the record is found', async () => {
      await index.advance()
      return (index.task(hidden)?.settlement ?? null) !== null
    })
    expect(alarms).to.include.members(['CHAIN_INCONSISTENT', 'LOGS_WITHHELD'])
    expect(missing(index)).to.equal(0)
    expect(index.projection.inconsistentAt).to.equal(null)
  })

  it('reads nothing while two endpoints contradict each other, and goes on when they agree', async () => {
    const [truthful, liar] = [await front(), await front()]
    const index = await indexer(over(truthful, liar))
    await index.advance()
    const { number } = index.head()
    const lies = {
      'other blocks': wrongBlocks(random.fork('lie'), 1),
      'no events': ({ method }: { method: string }) =>
        method === 'eth_getLogs' ? ({ kind: 'lie', result: () => [] } as const) : ({ kind: 'pass' } as const),
      'forged events': ({ method }: { method: string }) =>
        method === 'eth_getLogs'
          ? ({
              kind: 'lie',
              result: (truth: unknown) =>
                (truth as Record<string, unknown>[]).map(one => ({
                  ...one,
                  data: `${String(one['data']).slice(0, -2)}ff`
                }))
            } as const)
          : ({ kind: 'pass' } as const)
    }
    for (const [what, plan] of Object.entries(lies)) {
      liar.behave(plan)
      await record(1)
      await mine(4) // deeper than honest nodes may differ
      expect(await index.advance().catch(codeOf), what).to.equal('CHAIN_DISAGREEMENT')
      expect(missing(index), what).to.be.greaterThan(0)
      expect(alarms, what).to.include('CHAIN_DISAGREEMENT')
      liar.behave(honest)
      await persist(index)
      expect(missing(index), what).to.equal(0)
    }
    expect(index.head().number).to.be.greaterThan(number)
  })

  it('overrules one endpoint of three, and tells of it', async () => {
    const [a, b, liar] = [await front(), await front(), await front()]
    const index = await indexer(over(a, b, liar))
    await index.advance()
    liar.behave(({ method }) =>
      method === 'eth_getLogs'
        ? { kind: 'lie', result: () => [] }
        : wrongBlocks(random.fork('three'), 0.5)({ method } as never)
    )
    await record(2)
    await persist(index)
    expect(missing(index)).to.equal(0)
    expect(index.head().hash).to.equal(
      ((await chain.rpc.send('eth_getBlockByNumber', ['latest', false])) as { hash: string }).hash
    )
    expect(alarms).to.include('CHAIN_DISAGREEMENT')
  })

  it('follows the endpoint that is left when the other is silent', async () => {
    const [first, second] = [await front(), await front()]
    const index = await indexer(over(first, second))
    await index.advance()
    second.behave(() => ({ kind: 'reset' }))
    await record(1)
    await persist(index)
    expect(missing(index)).to.equal(0)
  })

  it('reads bloom filters as the chain writes them', async () => {
    await record(1)
    const block = (await chain.rpc.send('eth_getBlockByNumber', ['latest', false])) as { logsBloom: string }
    expect(bloomMayHold(block.logsBloom, network.enigma)).to.equal(true)
    expect(bloomMayHold(`0x${'00'.repeat(256)}`, network.enigma)).to.equal(false)
  })
})
