import { expect } from 'chai'
import {
  TaskStatus,
  ZERO_ADDRESS,
  ZERO_HASH,
  codeOf,
  typedDigest,
  type EnclaveMethodName,
  type Hex,
  type Receipt
} from '@enigma/protocol'
import { enigmaInterface } from '../../src/chain/enigma-abi.ts'
import type { TxOutcome, TxRequest } from '../../src/chain/tx-sender.ts'
import type { Enclave } from '../../src/enclave/enclave.ts'
import { WorkerError } from '../../src/errors.ts'
import { createLogger } from '../../src/ops/log.ts'
import { Precedence } from '../../src/ops/precedence.ts'
import { Committer } from '../../src/task/committer.ts'
import { createEffects, type Effects } from '../../src/task/effects.ts'
import { isUnsettled } from '../../src/task/lane.ts'
import type { Task, TaskEventIn, TaskState } from '../../src/task/machine.ts'
import type { StoredRun, TaskStore } from '../../src/task/task-store.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

const accepted = { recordBlock: 0, signature: '0x00' as Hex }

describe('task/effects', () => {
  const scAddr = asScAddr('contract')
  const taskId = asTaskId('task')
  const signal = new AbortController().signal
  const precedence = new Precedence()
  let chain: MemoryChain
  let effects: Effects
  let task: Task
  let stored: StoredRun
  let order: string[]
  let refuse: Partial<Record<EnclaveMethodName, string>>
  let send: (request: TxRequest) => Promise<TxOutcome>
  let alarms: string[]
  let told: TaskEventIn[]
  let forgotten: number
  let found: Receipt | null

  beforeEach(() => {
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    chain.deploy(scAddr, hashOf('code'))
    const record = chain.record({ taskId, scAddr, inputHash: hashOf('input'), codeHash: hashOf('code') })
    const { recordBlock, order: place } = record
    const facts = {
      taskId,
      scAddr,
      inputHash: record.inputHash,
      epoch: 1,
      recordBlock,
      order: place,
      seat: 0,
      refundDelay: 0
    }
    task = { facts, state: { stage: 'preparing' } }
    const receipt: Receipt = {
      taskId,
      scAddr,
      kind: 1,
      ok: true,
      reason: 0,
      codeHash: hashOf('code'),
      inputHash: record.inputHash,
      gasLimit: record.gasLimit,
      epoch: record.epoch,
      recordBlock,
      recordTime: record.recordTime,
      prevHead: ZERO_HASH,
      deltaHash: hashOf('delta'),
      outputHash: hashOf('output'),
      gasUsed: 5n,
      callbackTarget: ZERO_ADDRESS,
      callbackDataHash: ZERO_HASH,
      callbackGas: 0
    }
    stored = {
      receipt,
      signature: new Uint8Array(65).fill(1),
      delta: Uint8Array.of(7),
      callbackData: new Uint8Array(),
      sealedRun: Uint8Array.of(8)
    }
    order = []
    refuse = {}
    alarms = []
    told = []
    forgotten = 0
    found = receipt
    send = request => {
      request.onSigned?.()
      return Promise.resolve({ hash: hashOf('tx'), block: chain.head().number, ok: true, logs: [] })
    }
    const enclave = {
      call(method: EnclaveMethodName) {
        order.push(method)
        const reason = refuse[method]
        if (reason === 'timeout') {
          return Promise.reject(new WorkerError({ code: 'WORKER_ENCLAVE_TIMEOUT', method, limitMs: 1 }, 'late'))
        }
        if (reason) return Promise.reject(new WorkerError({ code: 'ENCLAVE_REFUSED', method, reason }, 'refused'))
        if (method === 'accept') return Promise.resolve({ recordBlock, signature: new Uint8Array(65) })
        if (method === 'run' || method === 'rerun')
          return Promise.resolve({ ...stored, callbackData: new Uint8Array() })
        return Promise.resolve({ receipt, result: Uint8Array.of(9) })
      }
    } as unknown as Enclave
    effects = createEffects({
      chain,
      enclave,
      views: {
        open(contracts, minBlock) {
          order.push(`view from ${minBlock - recordBlock}`)
          const contract = { scAddr, codeHash: hashOf('code'), deltaCount: 3, headHash: ZERO_HASH, tasks: [] }
          const view = { contracts: contracts.map(() => contract) }
          return Promise.resolve({ nonce: hashOf('nonce'), view: view as never })
        }
      },
      feed: {
        bring(_scAddr, _codeHash, deltaCount) {
          order.push(`feed to ${deltaCount}`)
          return Promise.resolve()
        },
        at(_scAddr, _codeHash, deltaCount, _signal, work) {
          order.push(`back to ${deltaCount}`)
          return work()
        },
        forgetCode: () => void forgotten++
      },
      envelopes: { get: () => Promise.resolve(Uint8Array.of(1)) },
      store: { run: () => Promise.resolve(stored) } as unknown as TaskStore,
      content: { getBytecode: () => Promise.resolve(null) },
      sync: {
        push() {
          order.push('push')
          return Promise.resolve({ acks: Promise.resolve(2) })
        }
      },
      findReceipt: () => Promise.resolve(found),
      sender: { send: request => send(request) },
      committer: new Committer({
        chain,
        sender: {
          async signed(request) {
            order.push('send')
            return { included: Promise.resolve(await send(request)) }
          },
          outcomeOf: () => null,
          has: () => false
        },
        log: createLogger({ write: () => undefined })
      }),
      precedence,
      log: createLogger({ write: () => undefined }),
      alarm: code => alarms.push(code),
      reachSigned: () => order.push('signed')
    })
  })

  const digest = () => typedDigest(chain.facts, 'Receipt', stored.receipt)
  const at = (stage: 'running' | 'sealed' | 'included'): Task => {
    const run = { digest: digest(), prevHead: ZERO_HASH, deltaHash: hashOf('delta'), callback: false }
    const base = { accepted, runs: 1, run, block: chain.head().number }
    return { facts: task.facts, state: { stage, ...base } as TaskState }
  }
  const perform = async (name: keyof Effects, of: Task): Promise<TaskEventIn | null> => {
    const tell = (event: TaskEventIn): Promise<void> => {
      told.push(event)
      return Promise.resolve()
    }
    const unsettled = () => [of].filter(isUnsettled)
    return (await effects[name](of, { signal, tell, unsettled, coming: () => 0 }))?.event ?? null
  }
  const failing = async (name: keyof Effects, of: Task): Promise<string> =>
    perform(name, of).then(() => 'no error', codeOf)
  const reverting = (error: string) => () =>
    Promise.reject(new WorkerError({ code: 'TX_REVERTED', error }, 'would fail'))

  it('accepts on a view from the record on, with the state that the view names', async () => {
    const event = await perform('prepare', task)
    expect(event).to.deep.include({ type: 'accepted' })
    expect(order).to.deep.equal(['view from 0', 'feed to 3', 'accept'])
  })

  it('accepts for a later seat in the next block only, and nothing that was settled there', async () => {
    const later: Task = { ...task, facts: { ...task.facts, seat: 1 } }
    const accepting = perform('prepare', later)
    await new Promise(wake => setTimeout(wake, 30))
    expect(order).to.deep.equal([])
    chain.mine()
    expect(await accepting).to.deep.include({ type: 'accepted' })
    order = []
    const settled = perform('prepare', { ...later, facts: { ...later.facts, recordBlock: chain.head().number } })
    chain.include(taskId, { deltaHash: hashOf('delta'), operator: addressOf('bob'), digest: digest() })
    chain.mine()
    expect(await settled).to.equal(null)
    expect(order).to.deep.equal([])
  })

  it('accepts for a later seat although no block comes', async () => {
    expect(await perform('prepare', { ...task, facts: { ...task.facts, seat: 2 } })).to.deep.include({
      type: 'accepted'
    })
  })

  it('leaves a task to others whose input this seat cannot open, but tries again after passing trouble', async () => {
    refuse = { accept: 'INPUT_NOT_FOR_SEAT', run: 'INPUT_NOT_FOR_SEAT' }
    expect(await perform('prepare', task)).to.deep.include({ type: 'declined' })
    expect(await perform('run', at('running'))).to.deep.include({ type: 'declined' })
    for (const reason of [
      'ENCLAVE_STATE_NOT_AT_HEAD',
      'ENCLAVE_NO_STATE_KEY',
      'ENCLAVE_VIEW_UNKNOWN',
      'ENCLAVE_BUSY'
    ]) {
      refuse = { accept: reason, run: reason }
      expect(await failing('prepare', task)).to.equal('ENCLAVE_REFUSED')
      expect(await failing('run', at('running'))).to.equal('ENCLAVE_REFUSED')
    }
    expect(alarms).to.deep.equal([])
  })

  it('loads the code again when the enclave has let it go', async () => {
    refuse = { run: 'ENCLAVE_CODE_MISSING' }
    expect(await failing('run', at('running'))).to.equal('ENCLAVE_REFUSED')
    expect(forgotten).to.equal(1)
  })

  it('raises an alarm when the thread of a run fails: nothing was signed', async () => {
    for (const reason of ['WASM_THREAD_TIMEOUT', 'timeout']) {
      refuse = { run: reason }
      expect(await perform('run', at('running'))).to.deep.include({ type: 'run-failed' })
    }
    expect(alarms).to.deep.equal(['RUN_FAILED', 'RUN_FAILED'])
  })

  it('runs on a view of the present, not of the record', async () => {
    chain.mine(9)
    await perform('run', at('running'))
    expect(order[0]).to.equal('view from 9')
  })

  it('has the delta out before the receipt is signed, and tells when it is', async () => {
    expect(await perform('submit', at('sealed'))).to.equal(null)
    expect(order).to.deep.equal(['push', 'send', 'signed'])
    expect(told).to.deep.equal([{ type: 'signed' }])
  })

  it('sends the receipt with the record as it is on chain, its seat and its proof', async () => {
    let data: string | undefined
    send = request => {
      data = request.data
      return Promise.resolve({ hash: hashOf('tx'), block: 1, ok: true, logs: [] })
    }
    await perform('submit', at('sealed'))
    const [receipt, record, seat, proof] = enigmaInterface.decodeFunctionData('commitReceipt', data!)
    expect(receipt.taskId).to.equal(taskId)
    expect(record.inputHash).to.equal(task.facts.inputHash)
    expect(Number(seat)).to.equal(0)
    expect(Number(proof.stake)).to.equal(Number(chain.facts.minStake))
  })

  it('sends the data of a callback along, in the call that is made for it', async () => {
    let data: string | undefined
    send = request => {
      data = request.data
      return Promise.resolve({ hash: hashOf('tx'), block: 1, ok: true, logs: [] })
    }
    const receipt = { ...stored.receipt, callbackTarget: addressOf('target'), callbackGas: 100_000 }
    stored = { ...stored, receipt, callbackData: Uint8Array.of(1, 2) }
    await perform('submit', at('sealed'))
    const [item] = enigmaInterface.decodeFunctionData('commitReceiptWithCallback', data!)
    expect(item.callbackData).to.equal('0x0102')
    expect(Number(item.receipt.callbackGas)).to.equal(100_000)
  })

  it('tells a receipt that was overtaken from one that the contract refuses, and both from passing trouble', async () => {
    send = reverting('EnigmaStaleHead')
    expect(await perform('submit', at('sealed'))).to.deep.include({ type: 'stale' })
    send = () => Promise.resolve({ hash: hashOf('tx'), block: 7, ok: false, logs: [] })
    expect(await perform('submit', at('sealed'))).to.deep.include({ type: 'stale', notBefore: 7 })
    for (const passing of ['EnigmaTaskNotOpen', 'EnigmaOutsideWindow', 'superseded']) {
      send = reverting(passing)
      expect(await failing('submit', at('sealed'))).to.equal('TX_REVERTED')
    }
    expect(alarms).to.deep.equal([])
    send = reverting('EnigmaNotSelected')
    expect(await perform('submit', at('sealed'))).to.deep.equal({ type: 'declined', reason: 'EnigmaNotSelected' })
    expect(alarms).to.deep.equal(['RECEIPT_REFUSED'])
  })

  it('lets receipts that are not on their way go before a result, but not for ever', async () => {
    let left = 3
    precedence.pressing = () => left
    const released = perform('release', at('included'))
    while (left > 0) {
      await new Promise(setImmediate)
      expect(order, `${left} left`).to.deep.equal([])
      left -= 1
      precedence.mayHaveEased()
    }
    expect(await released).to.deep.include({ type: 'released' })
    expect(order[0]).to.match(/^view/)
    left = 1
    expect(await perform('release', at('included')), 'pressing for ever').to.deep.include({ type: 'released' })
    left = 0
  })

  it('releases with the signature of its own run', async () => {
    const outcome = await effects.release(at('included'), {
      signal,
      tell: () => Promise.resolve(),
      unsettled: () => [],
      coming: () => 0
    })
    expect(outcome).to.deep.include({ event: { type: 'released' } })
    expect(outcome!.result!.signature).to.equal(stored.signature)
    refuse = { release: 'ENCLAVE_NOT_RELEASED' }
    expect(await failing('release', at('included'))).to.equal('ENCLAVE_REFUSED')
    refuse = { release: 'ENCLAVE_SEALED_RUN' }
    expect(await perform('release', at('included'))).to.deep.include({ type: 'unreleasable' })
  })

  it('runs a task again whose delta is lost, on the state before it, and spreads the delta', async () => {
    chain.include(taskId, { deltaHash: hashOf('delta'), operator: addressOf('bob'), digest: digest() })
    const state: TaskState = { stage: 'rebuilding', block: chain.head().number }
    const lost: Task = { facts: task.facts, state }
    const outcome = await effects.rebuild(lost, {
      signal,
      tell: () => Promise.resolve(),
      unsettled: () => [],
      coming: () => 0
    })
    expect(outcome!.event).to.deep.include({ type: 'rebuilt' })
    expect(outcome!.run!.run.sealedRun).to.deep.equal(stored.sealedRun)
    expect(order.slice(1)).to.deep.equal(['back to 0', 'rerun', 'push'])
  })

  it('gives a lost run up that comes to another receipt, with an alarm, or whose receipt or input is gone', async () => {
    chain.include(taskId, { deltaHash: hashOf('delta'), operator: addressOf('bob'), digest: digest() })
    const lost: Task = { facts: task.facts, state: { stage: 'rebuilding', block: chain.head().number } }
    refuse = { rerun: 'ENCLAVE_RERUN_DIFFERS' }
    expect(await perform('rebuild', lost)).to.deep.include({ type: 'unrebuildable' })
    expect(alarms).to.deep.equal(['RERUN_DIFFERS'])
    refuse = { rerun: 'INPUT_NOT_FOR_SEAT' }
    expect(await perform('rebuild', lost)).to.deep.include({ type: 'unrebuildable' })
    refuse = { rerun: 'ENCLAVE_STATE_NOT_AT_HEAD' }
    expect(await failing('rebuild', lost)).to.equal('ENCLAVE_REFUSED')
    found = null
    expect(await perform('rebuild', lost)).to.deep.include({ type: 'unrebuildable' })
  })

  it('sends no refund for a task that is settled already', async () => {
    chain.settle(taskId, { operator: addressOf('bob') })
    expect(await perform('refund', task)).to.equal(null)
    expect(order).to.deep.equal([])
  })

  it('sends the refund again if the transaction came to nothing, but not if another worker was first', async () => {
    send = () => Promise.resolve({ hash: hashOf('tx'), block: chain.head().number, ok: false, logs: [] })
    expect(await failing('refund', task)).to.equal('TX_REVERTED') // and is tried again after a pause
    send = () => {
      chain.settle(taskId, { status: TaskStatus.ReceiptFailedReturn, operator: addressOf('bob') })
      return Promise.resolve({ hash: hashOf('tx'), block: chain.head().number, ok: false, logs: [] })
    }
    expect(await perform('refund', task)).to.equal(null)
  })
})
