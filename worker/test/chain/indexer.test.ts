import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENG } from '../../../contracts/deploy/index.ts'
import {
  ZERO_HASH,
  chainViewCodec,
  keccak256,
  toHex,
  utf8,
  type Hash,
  type ScAddr,
  type TaskId
} from '@enigma/protocol'
import { createBlockSource } from '../../src/chain/block-source.ts'
import { requireSameView, viewAt } from '../../src/chain/chain-view.ts'
import { createIndexStore } from '../../src/chain/index-store.ts'
import { Indexer } from '../../src/chain/indexer.ts'
import { readNetworkFacts } from '../../src/chain/network.ts'
import { numberOf } from '../../src/chain/quantities.ts'
import type { ChainRpc } from '../../src/chain/rpc.ts'
import type { ChainEvent, NetworkFacts } from '../../src/chain/reader.ts'
import { jsonPart, openDatabase, type Database } from '../../src/ops/database.ts'
import { createLogger } from '../../src/ops/log.ts'
import { startDevChain, type DevChain } from './dev-chain.ts'
import { DevNetwork, account } from './dev-network.ts'

const log = createLogger({ write: () => undefined })

describe('chain/indexer', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'enigma-indexer-'))
  let chain: DevChain
  let network: DevNetwork
  let facts: NetworkFacts
  let db: Database
  let indexer: Indexer
  const alarms: string[] = []
  const user = account(11)
  let scAddr: ScAddr

  const open = async (database: Database): Promise<Indexer> => {
    const opened = new Indexer({
      source: createBlockSource(chain.rpc, network.enigma),
      store: createIndexStore(database),
      facts,
      log,
      alarm: code => alarms.push(code)
    })
    await opened.load()
    await opened.advance()
    return opened
  }
  const commit = async (taskId: TaskId, delta: string | null, ok = true): Promise<void> => {
    const { data } = network.commit(indexer, indexer.task(taskId)!, { delta, ok })
    const sent = await account(1).connect(network.provider).sendTransaction({ to: network.enigma, data })
    expect((await sent.wait())?.status).to.equal(1)
    await indexer.advance()
  }

  before(async () => {
    chain = await startDevChain()
    await chain.mine(70) // old blocks, so that both ways of reading are used
    network = await DevNetwork.deploy(chain)
    await network.registerPrincipal()
    for (const worker of [1, 2, 3]) await network.addWorker(worker, BigInt(30_000 + worker) * ENG)
    await network.fund(user, 1_000_000n * ENG)
    facts = await readNetworkFacts(chain.rpc, network.enigma, 1)
    db = await openDatabase(join(folder, 'db'))
    indexer = await open(db)
    await network.callEpoch(0)
    await chain.mine(2)
    await network.callEpoch(1)
    await indexer.advance()
  })
  after(async () => {
    await db?.close()
    network?.provider.destroy()
    await chain?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('finds the block in which the contract was made, whose hash names the network', async () => {
    const before = await network.provider.getCode(network.enigma, facts.deploymentBlock - 1)
    const at = await network.provider.getCode(network.enigma, facts.deploymentBlock)
    expect(before).to.equal('0x')
    expect(at).not.to.equal('0x')
    expect(facts).to.include({ epochSize: 10, grace: 5, window: 7, proofPeriod: 30 })
  })

  it('rebuilds the stake tree of an epoch to the root that the chain drew from', async () => {
    const info = indexer.currentEpoch()!
    const onChain = (await network.view.getFunction('epochInfo')(1)) as { root: string; total: bigint; mix: string }
    expect(info).to.include({ epoch: 1, root: onChain.root, total: onChain.total, mix: onChain.mix })
    expect(indexer.stakeTree(1)!.root).to.deep.equal({ hash: onChain.root, sum: onChain.total })
    expect(alarms).to.deep.equal([])
  })

  it('follows a deployment, calls and failures to the head that the chain has', async () => {
    const deployment = await network.recordDeployment(user, 'code', 'construct', 1)
    scAddr = deployment as string as ScAddr
    await indexer.advance()
    expect(indexer.task(deployment)).to.include({ kind: 0, scAddr, settlement: null })
    expect(indexer.openTasks().map(task => task.taskId)).to.deep.equal([deployment])
    await commit(deployment, 'delta 0')
    const first = await network.recordCall(user, scAddr, 'call 1', 1)
    await indexer.advance()
    await commit(first, 'delta 1')
    const second = await network.recordCall(user, scAddr, 'call 2', 1)
    await indexer.advance()
    await commit(second, null, false)
    expect(indexer.task(second)!.settlement).to.include({ status: 3, reason: 6 })

    const contract = indexer.contract(scAddr)!
    const onChain = (await network.view.getFunction('secretContract')(scAddr)) as {
      headHash: string
      deltaCount: bigint
    }
    expect(contract.headHash).to.equal(onChain.headHash)
    expect(BigInt(contract.deltaCount)).to.equal(onChain.deltaCount)
    expect(indexer.deltaHash(scAddr, 1)).to.equal(keccak256(utf8('delta 1')))
    expect(indexer.openTasks()).to.deep.equal([])
    expect(indexer.tasksByInput(keccak256(utf8('call 1'))).map(task => task.taskId)).to.deep.equal([first])
  })

  it('tells the view of any earlier block as it was told in that block', async () => {
    const nonce = `0x${'ab'.repeat(32)}` as Hash
    const query = [{ scAddr, taskIds: [...indexer.tasksByInput(keccak256(utf8('call 1')))].map(task => task.taskId) }]
    const then = indexer.head()
    const told = viewAt(indexer, nonce, then, query)
    const taskId = await network.recordCall(user, scAddr, 'call 3', 1)
    await indexer.advance()
    await commit(taskId, 'delta 2')
    expect(toHex(chainViewCodec.encode(viewAt(indexer, nonce, then, query)))).to.equal(
      toHex(chainViewCodec.encode(told))
    )
    requireSameView(indexer, told, { nonce, contracts: query })
    const lie = { ...told, time: told.time + 1 }
    expect(() => requireSameView(indexer, lie, { nonce, contracts: query })).to.throw('differs')
    const other = { ...told, contracts: [{ ...told.contracts[0]!, headHash: ZERO_HASH }] }
    expect(() => requireSameView(indexer, other, { nonce, contracts: query })).to.throw('differs')
  })

  it('asks two questions for a new block, and a third when it looks for events that were left out', async () => {
    const asked: string[] = []
    const rpc: ChainRpc = {
      send(method, params, options) {
        asked.push(method)
        return chain.rpc.send(method, params, options)
      }
    }
    const database = await openDatabase(join(folder, 'following'))
    const source = createBlockSource(rpc, network.enigma)
    const following = new Indexer({ source, store: createIndexStore(database), facts, log })
    await following.advance()
    for (const questions of [
      ['eth_getBlockByNumber', 'eth_getLogs'],
      ['eth_getBlockByNumber', 'eth_getLogs']
    ]) {
      await chain.mine()
      asked.splice(0)
      await following.catchUp()
      expect(asked).to.deep.equal(questions)
    }
    asked.splice(0)
    await following.advance()
    expect(asked.filter(method => method === 'eth_getLogs').length).to.be.greaterThan(0)
    expect(following.head().number).to.equal(numberOf(await chain.rpc.send('eth_blockNumber', [])))
    await database.close()
  })

  it('goes back to the common block after a reorg, and then follows the other chain', async () => {
    const snapshot = await chain.snapshot()
    const headBefore = indexer.contract(scAddr)!.headHash
    const undone = await network.recordCall(user, scAddr, 'undone', 1)
    await indexer.advance()
    await commit(undone, 'undone delta')
    expect(indexer.contract(scAddr)!.headHash).not.to.equal(headBefore)

    await chain.revert(snapshot)
    await chain.mine(1)
    const kept = await network.recordCall(user, scAddr, 'kept', 1)
    const events: ChainEvent['type'][] = []
    const stop = indexer.subscribe(event => events.push(event.type))
    await indexer.advance()
    stop()
    expect(events[0]).to.equal('rollback')
    expect(events).to.include('task-recorded')
    expect(indexer.tasksByInput(keccak256(utf8('undone')))).to.deep.equal([])
    expect(indexer.contract(scAddr)!.headHash).to.equal(headBefore)
    expect(indexer.task(kept)).to.include({ recordBlock: indexer.head().number })
  })

  it('comes back from disk as it was, and reads only what is new', async () => {
    const before = {
      head: indexer.head(),
      contract: structuredClone(indexer.contract(scAddr)),
      epoch: indexer.currentEpoch()
    }
    await db.close()
    db = await openDatabase(join(folder, 'db'))
    indexer = await open(db)
    expect({
      head: indexer.head(),
      contract: structuredClone(indexer.contract(scAddr)),
      epoch: indexer.currentEpoch()
    }).to.deep.equal(before)
  })

  it('reads everything again when a block of the index is gone from disk', async () => {
    const contract = structuredClone(indexer.contract(scAddr))
    const blocks = jsonPart<object>(db, 'index-blocks')
    await blocks.del((await blocks.keys({ limit: 3 }).all())[1]!)
    indexer = await open(db)
    expect(structuredClone(indexer.contract(scAddr))).to.deep.equal(contract)
    expect(alarms.splice(0)).to.deep.equal(['INDEX_DAMAGED'])
    indexer = await open(db)
    expect(alarms).to.deep.equal([])
  })

  it('comes to the same index when it starts from nothing', async () => {
    const fresh = await openDatabase(join(folder, 'fresh'))
    const other = await open(fresh)
    expect(structuredClone(other.contract(scAddr))).to.deep.equal(structuredClone(indexer.contract(scAddr)))
    expect(other.currentEpoch()).to.deep.equal(indexer.currentEpoch())
    expect(other.head()).to.deep.equal(indexer.head())
    await fresh.close()
  })

  it('draws nothing and raises an alarm when the rebuilt tree has another root than the chain', () => {
    const seats = indexer.seats(1, scAddr)
    expect(seats).to.have.length(3)
    const { projection } = indexer
    const info = indexer.currentEpoch()!
    const at = { block: indexer.head().number, time: 0, logIndex: 0 }
    const root = keccak256(utf8('another root'))
    projection.apply({ type: 'epoch-started', d: 9, ...info, epoch: 2, root }, at)
    expect(indexer.seats(2, scAddr)).to.deep.equal([])
    expect(alarms).to.deep.equal(['STAKE_ROOT_MISMATCH'])
  })
})
