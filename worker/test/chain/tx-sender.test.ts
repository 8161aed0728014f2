import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { address, codeOf, type Address } from '@enigma/protocol'
import { ENG } from '../../../contracts/deploy/index.ts'
import { encode } from '../../src/chain/calls.ts'
import { numberOf } from '../../src/chain/quantities.ts'
import type { ChainRpc } from '../../src/chain/rpc.ts'
import { TxSender } from '../../src/chain/tx-sender.ts'
import { createTxStore, type TxStore } from '../../src/chain/tx-store.ts'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { createLogger } from '../../src/ops/log.ts'
import type { WorkerError } from '../../src/errors.ts'
import { startDevChain, type DevChain } from './dev-chain.ts'
import { DevNetwork, account } from './dev-network.ts'

const log = createLogger({ write: () => undefined })

describe('chain/tx-sender', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'enigma-sender-'))
  let chain: DevChain
  let network: DevNetwork
  let db: Database
  let store: TxStore
  const wallet = account(4)
  /** The token's transfer of nothing: a transaction that always works. */
  const harmless = () => network.token.interface.encodeFunctionData('transfer', [wallet.address, 0]) as `0x${string}`
  let token: Address

  before(async () => {
    chain = await startDevChain()
    network = await DevNetwork.deploy(chain)
    await network.fund(wallet, ENG)
    token = address(await network.token.getAddress())
    await chain.automine(false)
  })
  beforeEach(async () => {
    db = await openDatabase(join(folder, `db-${Math.random()}`))
    store = createTxStore(db)
  })
  afterEach(() => db.close())
  after(async () => {
    network?.provider.destroy()
    await chain?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = async (rpc: ChainRpc = chain.rpc): Promise<TxSender> => {
    const sender = new TxSender({
      rpc,
      store,
      privateKey: wallet.privateKey,
      chainId: 31337n,
      confirmations: 1,
      log
    })
    await sender.start()
    return sender
  }
  const mineAndLook = async (sender: TxSender, blocks = 1): Promise<void> => {
    await chain.mine(blocks)
    await sender.onHead(numberOf(await chain.rpc.send('eth_blockNumber', [])))
  }
  /** Mines until it is settled: a transaction may reach the node after a block. */
  const included = async <T>(sender: TxSender, sent: Promise<T>): Promise<T> => {
    let settled = false
    const watch = sent.then(
      () => (settled = true),
      () => (settled = true)
    )
    while (!settled) {
      await mineAndLook(sender)
      await Promise.race([watch, new Promise(done => setTimeout(done, 10))])
    }
    return sent
  }
  const nonceOnChain = async (): Promise<number> =>
    numberOf(await chain.rpc.send('eth_getTransactionCount', [wallet.address, 'latest']))
  const untilPending = async (sender: TxSender, count: number): Promise<void> => {
    while (sender.pendingCount < count) await new Promise(done => setTimeout(done, 5))
  }

  it('has the signed transaction on disk before it is sent', async () => {
    const order: string[] = []
    const watched: ChainRpc = {
      async send(method, params, options) {
        if (method === 'eth_sendRawTransaction') order.push(`sent with ${(await store.all()).length} on disk`)
        return chain.rpc.send(method, params, options)
      }
    }
    const sender = await open(watched)
    const sent = sender.send({ id: 'a', to: token, data: harmless(), onSigned: () => order.push('signed') })
    expect((await included(sender, sent)).ok).to.equal(true)
    expect(order.slice(0, 2)).to.deep.equal(['signed', 'sent with 1 on disk'])
    expect(await store.all(), 'kept, for a reorg may take it out again').to.have.length(1)
    await sender.onHead(numberOf(await chain.rpc.send('eth_blockNumber', [])) + 64)
    expect(await store.all()).to.deep.equal([])
  })

  it('gives each of many at once its own nonce, without a gap', async () => {
    const sender = await open()
    const before = await nonceOnChain()
    const all = Array.from({ length: 8 }, (_, i) => sender.send({ id: `n${i}`, to: token, data: harmless() }))
    expect((await included(sender, Promise.all(all))).every(one => one.ok)).to.equal(true)
    expect(await nonceOnChain()).to.equal(before + 8)
  })

  it('sends one transaction for one id, however often it is asked', async () => {
    const sender = await open()
    const before = await nonceOnChain()
    const both = [1, 2].map(() => sender.send({ id: 'same', to: token, data: harmless() }))
    const [first, second] = await included(sender, Promise.all(both))
    expect(first!.hash).to.equal(second!.hash)
    expect(await nonceOnChain()).to.equal(before + 1)
  })

  it('signs nothing when the contract would refuse, and names its error', async () => {
    const sender = await open()
    const failure = await sender
      .send({ id: 'login', to: network.enigma, data: encode('login', []) })
      .catch((error: WorkerError) => error)
    expect(codeOf(failure)).to.equal('TX_REVERTED')
    expect((failure as WorkerError).facts).to.include({ error: 'EnigmaWrongWorkerStatus' })
    expect(await store.all()).to.deep.equal([])
  })

  it('sends again after a restart what was signed and never sent, once', async () => {
    const deaf: ChainRpc = {
      send: (method, params, options) =>
        method === 'eth_sendRawTransaction' ? Promise.resolve('0x') : chain.rpc.send(method, params, options)
    }
    const dying = await open(deaf)
    const before = await nonceOnChain()
    void dying.send({ id: 'later', to: token, data: harmless() }).catch(() => undefined)
    await untilPending(dying, 1)
    await chain.mine()
    expect(await nonceOnChain()).to.equal(before)
    dying.stop()

    const restarted = await open()
    expect(restarted.has('later')).to.equal(true)
    const waiting = restarted.send({ id: 'later', to: token, data: harmless() })
    expect((await included(restarted, waiting)).ok).to.equal(true)
    expect(await nonceOnChain()).to.equal(before + 1)
  })

  it('raises the fee of a transaction that nobody includes, under the same nonce', async () => {
    const sender = await open()
    const before = await nonceOnChain()
    const waiting = sender.send({ id: 'slow', to: token, data: harmless() })
    await untilPending(sender, 1)
    const [first] = await store.all()
    const head = numberOf(await chain.rpc.send('eth_blockNumber', []))
    for (let i = 0; i < 12; i++) await sender.onHead(head)
    const [raised] = await store.all()
    expect(raised!.nonce).to.equal(first!.nonce)
    expect(BigInt(raised!.maxFeePerGas) > BigInt(first!.maxFeePerGas)).to.equal(true)
    expect(raised!.formerHashes).to.deep.equal([first!.hash])
    expect((await included(sender, waiting)).hash).to.equal(raised!.hash)
    expect(await nonceOnChain()).to.equal(before + 1)
  })

  it('tells that another transaction of the same key took its place', async () => {
    const sender = await open({
      send: (method, params, options) =>
        method === 'eth_sendRawTransaction' ? Promise.resolve('0x') : chain.rpc.send(method, params, options)
    })
    const waiting = sender.send({ id: 'loser', to: token, data: harmless() }).catch((error: WorkerError) => error)
    await untilPending(sender, 1)
    const nonce = await nonceOnChain()
    await wallet.connect(network.provider).sendTransaction({ to: wallet.address, value: 1n, nonce, gasLimit: 21_000 })
    await mineAndLook(sender)
    expect(((await waiting) as WorkerError).facts).to.include({ code: 'TX_REVERTED', error: 'superseded' })
    expect(await store.all()).to.deep.equal([])
  })

  /** Takes blocks back, as a reorg does, and the transactions in them with them. */
  const reorg = async (work: () => Promise<void>): Promise<number> => {
    const head = numberOf(await chain.rpc.send('eth_blockNumber', []))
    const snapshot = await chain.rpc.send('evm_snapshot', [])
    await work()
    await chain.rpc.send('evm_revert', [snapshot])
    return head
  }

  it('sends again what a reorg took out of its block', async () => {
    const sender = await open()
    const before = await nonceOnChain()
    const head = await reorg(async () => {
      const all = ['x', 'y'].map(id => sender.send({ id, to: token, data: harmless() }))
      await included(sender, Promise.all(all))
    })
    expect(await nonceOnChain()).to.equal(before)
    sender.onRollback(head)
    await mineAndLook(sender) // sees that they are gone, and sends them
    await mineAndLook(sender)
    expect(await nonceOnChain()).to.equal(before + 2)
    expect((await included(sender, sender.send({ id: 'z', to: token, data: harmless() }))).ok).to.equal(true)
    expect(await nonceOnChain()).to.equal(before + 3)
  })

  it('does not take for included what a node told of the branch that a reorg took, while it was told so', async () => {
    const before = await nonceOnChain()
    const head = numberOf(await chain.rpc.send('eth_blockNumber', []))
    const snapshot = await chain.rpc.send('evm_snapshot', [])
    let isReorganised = false
    const sender = await open({
      async send(method, params, options) {
        const answer = await chain.rpc.send(method, params, options)
        if (method !== 'eth_getTransactionReceipt' || answer === null || isReorganised) return answer
        isReorganised = true
        await chain.rpc.send('evm_revert', [snapshot])
        sender.onRollback(head)
        return answer
      }
    })
    const sent = sender.send({ id: 'early', to: token, data: harmless() })
    await untilPending(sender, 1)
    while (!isReorganised) await mineAndLook(sender)
    expect(await nonceOnChain()).to.equal(before)
    const { block, hash } = await included(sender, sent)
    const found = (await chain.rpc.send('eth_getTransactionReceipt', [hash])) as { blockNumber: string } | null
    expect(found && numberOf(found.blockNumber), 'in a block of this branch').to.equal(block)
    expect(await nonceOnChain()).to.equal(before + 1)
  })

  it('leaves no gap of nonces after a reorg that is deeper than what it keeps', async () => {
    const first = await open()
    const before = await nonceOnChain()
    const head = await reorg(async () => {
      await included(first, first.send({ id: 'gone', to: token, data: harmless() }))
      await first.onHead(numberOf(await chain.rpc.send('eth_blockNumber', [])) + 64)
      expect(await store.all()).to.deep.equal([])
    })
    first.onRollback(head)
    await mineAndLook(first)
    expect((await included(first, first.send({ id: 'next', to: token, data: harmless() }))).ok).to.equal(true)
    expect(await nonceOnChain()).to.equal(before + 1)
  })

  it('fills a nonce that a reorg set free below one that still waits', async () => {
    const sender = await open()
    const before = await nonceOnChain()
    let late: Promise<unknown> = Promise.resolve()
    const head = await reorg(async () => {
      await included(sender, sender.send({ id: 'gone', to: token, data: harmless() }))
      await sender.onHead(numberOf(await chain.rpc.send('eth_blockNumber', [])) + 64)
      late = sender.send({ id: 'late', to: token, data: harmless() })
      await untilPending(sender, 1)
    })
    sender.onRollback(head)
    await mineAndLook(sender)
    await included(sender, late)
    expect(await nonceOnChain()).to.equal(before + 2)
  })

  it('stops waiting at the deadline', async () => {
    const sender = await open()
    const head = numberOf(await chain.rpc.send('eth_blockNumber', []))
    const waiting = sender
      .send({ id: 'late', to: token, data: harmless(), deadlineBlock: head })
      .catch((error: WorkerError) => error)
    await untilPending(sender, 1)
    await sender.onHead(head + 1)
    expect(codeOf(await waiting)).to.equal('TX_DEADLINE')
  })
})
