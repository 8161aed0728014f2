import { expect } from 'chai'
import { AbiCoder } from 'ethers'
import { ZERO_ADDRESS, ZERO_HASH, codeOf, nextHead, type Hash, type Receipt, type ScAddr } from '@enigma/protocol'
import { enigmaInterface } from '../../src/chain/enigma-abi.ts'
import type { TxOutcome, TxRequest } from '../../src/chain/tx-sender.ts'
import { WorkerError } from '../../src/errors.ts'
import { createLogger } from '../../src/ops/log.ts'
import { Committer, SkipReason, type CommitJob, type Committed, type CommitterParts } from '../../src/task/committer.ts'
import type { Unsettled } from '../../src/task/lane.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

interface Sent {
  readonly request: TxRequest
  include(outcome: Partial<TxOutcome>): void
}

describe('task/committer', () => {
  let chain: MemoryChain
  let committer: Committer
  let sent: Sent[]
  /** What the contract answers to an estimate; null: fine. */
  let refuse: (names: readonly string[]) => string | null
  let unsettled: Unsettled[]

  beforeEach(() => {
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    committer = committerOf()
  })
  afterEach(() => committer.stop())

  function committerOf(times: Partial<CommitterParts> = {}): Committer {
    sent = []
    unsettled = []
    refuse = () => null
    const underWay = (id: string): boolean =>
      sent.some(({ request }) => request.id === id || request.covers?.includes(id) === true)
    coming.clear()
    return new Committer({
      chain,
      sender: {
        signed(request) {
          const error = refuse(namesOf(request))
          if (error) return Promise.reject(new WorkerError({ code: 'TX_REVERTED', error }, 'would fail'))
          const included = Promise.withResolvers<TxOutcome>()
          const include = (outcome: Partial<TxOutcome>): void =>
            included.resolve({ hash: hashOf('tx'), block: 200, ok: true, logs: [], ...outcome })
          sent.push({ request, include })
          request.onSigned?.()
          return Promise.resolve({ included: included.promise })
        },
        outcomeOf: () => null,
        has: underWay
      },
      log: createLogger({ write: () => undefined }),
      ...times
    })
  }

  const coming = new Map<ScAddr, number>()
  const names = new Map<Hash, string>()
  /** The tasks whose receipts a transaction carries. */
  const namesOf = ({ data }: TxRequest): string[] => {
    const call = enigmaInterface.parseTransaction({ data })!
    const receipts: { taskId: string }[] =
      call.name === 'commitReceipts'
        ? [...call.args[0]].map((item: { receipt: { taskId: string } }) => item.receipt)
        : [call.name === 'commitReceipt' ? call.args[0] : call.args[0].receipt]
    return receipts.map(({ taskId }) => names.get(taskId as Hash) ?? '?')
  }

  interface Run {
    readonly scAddr?: ScAddr
    readonly prevHead?: Hash
    readonly delta?: string
    readonly callback?: boolean
  }
  function job(
    name: string,
    { scAddr = asScAddr(name), prevHead = ZERO_HASH, delta, callback = false }: Run = {}
  ): { job: CommitJob; end: Hash; abort: () => void } {
    const taskId = asTaskId(name)
    names.set(taskId as string as Hash, name)
    const task = chain.record({ taskId, scAddr, inputHash: hashOf(`input ${name}`) })
    const deltaHash = delta === undefined ? ZERO_HASH : hashOf(delta)
    const receipt: Receipt = {
      taskId,
      scAddr,
      kind: 1,
      ok: true,
      reason: 0,
      codeHash: ZERO_HASH,
      inputHash: task.inputHash,
      gasLimit: task.gasLimit,
      epoch: task.epoch,
      recordBlock: task.recordBlock,
      recordTime: task.recordTime,
      prevHead,
      deltaHash,
      outputHash: ZERO_HASH,
      gasUsed: 1n,
      callbackTarget: callback ? addressOf('target') : ZERO_ADDRESS,
      callbackDataHash: ZERO_HASH,
      callbackGas: callback ? 500_000 : 0
    }
    const digest = hashOf(`receipt ${name}`)
    const { inputHash, epoch, recordBlock, order } = task
    unsettled.push({
      facts: { taskId, scAddr, inputHash, epoch, recordBlock, order, seat: 0, refundDelay: 0 },
      state: {
        stage: 'sealed',
        accepted: { recordBlock, signature: '0x00' },
        runs: 1,
        run: { digest, prevHead, deltaHash, callback }
      }
    })
    const stop = new AbortController()
    const proof = chain.seatProof(1, scAddr, 0)!
    const signature = new Uint8Array(65)
    return {
      job: {
        digest,
        item: { receipt, task, seat: 0, proof, signature, callbackData: new Uint8Array() },
        signal: stop.signal,
        unsettled: () => unsettled.filter(one => one.facts.scAddr === scAddr),
        coming: () => coming.get(scAddr) ?? 0,
        onSigned: () => undefined
      },
      end: nextHead(prevHead, deltaHash),
      abort: () => stop.abort(new Error('aborted'))
    }
  }
  const until = async (count: number): Promise<void> => {
    for (let i = 0; i < 400 && sent.length < count; i++) await new Promise(wake => setTimeout(wake, 5))
    expect(sent.length).to.be.at.least(count)
  }
  const batches = (): string[][] => sent.map(({ request }) => namesOf(request))
  const skipped = (name: string, reason: number): TxOutcome['logs'] => [
    {
      topics: [enigmaInterface.getEvent('ReceiptSkipped')!.topicHash, asTaskId(name)],
      data: AbiCoder.defaultAbiCoder().encode(['uint8'], [reason])
    }
  ]

  it('sends what is ready together in one transaction, and a lone receipt in the call that explains itself', async () => {
    const both = [job('a'), job('b')].map(({ job }) => committer.commit(job))
    await until(1)
    void committer.commit(job('c').job)
    await until(2)
    expect(batches()).to.deep.equal([['a', 'b'], ['c']])
    sent[0]!.include({ block: 7 })
    expect(await Promise.all(both)).to.deep.equal(Array(2).fill({ block: 7, ok: true, skipped: SkipReason.none }))
  })

  it('sends the runs of a contract in the order in which they build on each other, whichever is ready first', async () => {
    const scAddr = asScAddr('contract')
    const first = job('first', { scAddr, delta: 'one' })
    const second = job('second', { scAddr, prevHead: first.end, delta: 'two' })
    void committer.commit(second.job)
    await new Promise(wake => setTimeout(wake, 60))
    expect(sent, 'the second waits for the first').to.deep.equal([])
    void committer.commit(first.job)
    await until(1)
    expect(batches()).to.deep.equal([['first', 'second']])
  })

  it('waits for further runs of a contract that are about to end, and takes them along', async () => {
    committer.stop()
    committer = committerOf({ laneGatherMs: 3_600_000 })
    const scAddr = asScAddr('contract')
    coming.set(scAddr, 3)
    let run = job('first', { scAddr, delta: 'first' })
    void committer.commit(run.job)
    for (const [i, name] of ['second', 'third', 'fourth'].entries()) {
      await new Promise(wake => setTimeout(wake, 20))
      expect(sent, name).to.deep.equal([])
      run = job(name, { scAddr, prevHead: run.end, delta: name })
      void committer.commit(run.job)
      coming.set(scAddr, 2 - i)
    }
    await until(1)
    expect(batches()).to.deep.equal([['first', 'second', 'third', 'fourth']])
  })

  it('does not wait for ever for runs that do not end', async () => {
    committer.stop()
    committer = committerOf({ laneGatherMs: 30 })
    const scAddr = asScAddr('contract')
    coming.set(scAddr, 1)
    void committer.commit(job('first', { scAddr, delta: 'first' }).job)
    await until(1)
    expect(batches()).to.deep.equal([['first']])
  })

  it('waits for no others when every receipt that is pressing waits here', async () => {
    let pressing = 2
    const precedence = { pressing: () => pressing }
    committer.stop()
    committer = committerOf({ gatherMs: 10_000, precedence })
    void committer.commit(job('a').job)
    await new Promise(done => setTimeout(done, 30))
    expect(sent, 'one more is pressing').to.have.length(0)
    committer.stop()
    committer = committerOf({ gatherMs: 10_000, precedence })
    pressing = 1
    void committer.commit(job('c').job)
    await until(1)
    expect(batches()).to.deep.equal([['c']])
  })

  it('keeps no receipt waiting for the runs of another contract', async () => {
    committer.stop()
    committer = committerOf({ laneGatherMs: 3_600_000 })
    const scAddr = asScAddr('contract')
    coming.set(scAddr, Infinity)
    void committer.commit(job('first', { scAddr, delta: 'first' }).job)
    void committer.commit(job('another').job)
    await until(1)
    expect(batches()).to.deep.equal([['first', 'another']])
  })

  it('does not wait for a transaction to be included before it sends what builds on it', async () => {
    const scAddr = asScAddr('contract')
    const first = job('first', { scAddr, delta: 'one' })
    void committer.commit(first.job)
    await until(1)
    void committer.commit(job('second', { scAddr, prevHead: first.end, delta: 'two' }).job)
    await until(2)
    expect(batches()).to.deep.equal([['first'], ['second']])
  })

  it('puts a callback last, never two into one transaction, and enough gas with each', async () => {
    const ids = ['plain', 'calls', 'calls too'] as const
    for (const id of ids) void committer.commit(job(id, { callback: id !== 'plain' }).job)
    await until(2)
    expect(batches()).to.deep.equal([['plain', 'calls'], ['calls too']])
    // What the gateway asks for (R13), and everything around it.
    for (const { request } of sent) expect(request.gas! > (500_000n * 64n) / 63n + 30_000n).to.equal(true)
  })

  it('keeps a batch below 64 receipts and 12 million gas', async () => {
    const jobs = Array.from({ length: 70 }, (_, i) => job(`n${i}`))
    for (const { job } of jobs) void committer.commit(job)
    await until(2)
    const sizes = batches().map(batch => batch.length)
    expect(Math.max(...sizes)).to.be.at.most(64)
    expect(sizes.reduce((sum, size) => sum + size)).to.equal(70)
  })

  it('tells each receipt its own outcome of a batch that passed over some', async () => {
    const both = [job('a'), job('b')].map(({ job }) => committer.commit(job))
    await until(1)
    sent[0]!.include({ logs: skipped('b', SkipReason.stale) })
    const outcomes: Committed[] = await Promise.all(both)
    expect(outcomes.map(one => one.skipped)).to.deep.equal([SkipReason.none, SkipReason.stale])
  })

  it('sends a receipt that was passed over anew, not under the name of the transaction that left it', async () => {
    const { job: one } = job('a')
    const first = committer.commit(one)
    await until(1)
    sent[0]!.include({ logs: skipped('a', SkipReason.window) })
    expect((await first).skipped).to.equal(SkipReason.window)
    void committer.commit(one)
    await until(2)
    expect(sent[1]!.request.id).not.to.equal(sent[0]!.request.id)
  })

  it('asks for each alone when the contract refuses a batch, so that one does not spoil the others', async () => {
    refuse = batch => (batch.includes('bad') ? (batch.length > 1 ? 'EnigmaNotSelected' : 'EnigmaUnknownSigner') : null)
    const outcomes = ['a', 'bad', 'b'].map(name => committer.commit(job(name).job))
    const failure = outcomes[1]!.catch((error: WorkerError) => error)
    await until(2)
    expect(batches()).to.deep.equal([['a'], ['b']])
    expect(((await failure) as WorkerError).facts).to.include({ code: 'TX_REVERTED', error: 'EnigmaUnknownSigner' })
  })

  it('lets a receipt go whose task was settled meanwhile', async () => {
    const scAddr = asScAddr('contract')
    const held = job('held', { scAddr, prevHead: hashOf('not there yet'), delta: 'x' })
    const waiting = committer.commit(held.job).catch((error: Error) => error.message)
    held.abort()
    expect(await waiting).to.equal('aborted')
    expect(codeOf(await committer.commit(held.job).catch((error: unknown) => error))).not.to.equal(undefined)
    expect(sent).to.deep.equal([])
  })
})
