import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  EnvelopeVerdict,
  TaskKind,
  ZERO_HASH,
  codeHashOf,
  codeOf,
  inputHashOf,
  keccak256,
  sealEnvelope,
  utf8,
  x25519Pair,
  type EnvelopeTarget
} from '@enigma/protocol'
import type { Enclave } from '../../src/enclave/enclave.ts'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import type { ContentStore } from '../../src/sync/interfaces.ts'
import { EnvelopeStore, MAX_UNRECORDED_PER_SENDER } from '../../src/task/envelope-store.ts'
import { createIntake } from '../../src/task/intake.ts'
import { MemoryChain, addressOf, asScAddr } from '../memory-chain.ts'

describe('task/intake', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-intake-'))
  const alice = addressOf('alice enclave')
  const key = x25519Pair()
  const scAddr = asScAddr('contract')
  const code = utf8('bytecode')
  let db: Database
  let chain: MemoryChain
  let envelopes: EnvelopeStore
  let intake: ReturnType<typeof createIntake>
  let verdict: number
  let kept: Uint8Array[]
  let reached: string[]
  let putFails: boolean

  beforeEach(async () => {
    db = await openDatabase(join(folder, String(Math.random())))
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    chain.deploy(scAddr, codeHashOf(code))
    envelopes = new EnvelopeStore(db)
    verdict = EnvelopeVerdict.forSeat
    kept = []
    reached = []
    putFails = false
    const enclave = {
      identity: { signer: alice },
      call: () => Promise.resolve({ verdict })
    } as unknown as Enclave
    const content = {
      putBytecode(bytecode: Uint8Array) {
        if (putFails) return Promise.reject(new Error('ENOSPC: no space left'))
        kept.push(bytecode)
        return Promise.resolve(codeHashOf(bytecode))
      },
      getBytecode: () => Promise.resolve(null)
    } as unknown as ContentStore
    intake = createIntake({ chain, enclave, envelopes, content, reach: point => reached.push(point) })
  })
  afterEach(() => db.close())
  after(() => rmSync(folder, { recursive: true, force: true }))

  const envelope = (target: Partial<EnvelopeTarget> = {}): Uint8Array =>
    sealEnvelope(
      {
        chainId: chain.facts.chainId,
        enigma: chain.facts.enigma,
        kind: TaskKind.compute,
        scAddr,
        codeHash: ZERO_HASH,
        sender: addressOf('user'),
        epoch: chain.currentEpoch()!.epoch,
        ...target
      },
      [{ signer: alice, key: key.publicKey }],
      utf8('call data')
    ).envelope
  const refusal = async (bytes: Uint8Array, bytecode: Uint8Array | null = null): Promise<string> =>
    intake.take(bytes, bytecode).then(() => 'taken', codeOf)

  it('has an input on disk when it answers', async () => {
    const bytes = envelope()
    const inputHash = await intake.take(bytes, null)
    expect(inputHash).to.equal(inputHashOf(bytes))
    expect(reached).to.deep.equal(['envelope'])
    const reopened = new EnvelopeStore(db)
    await reopened.load()
    expect(reopened.has(inputHash)).to.equal(true)
    expect(Buffer.compare((await reopened.get(inputHash))!, bytes)).to.equal(0)
  })

  it('refuses an input that its disk refuses with a code, and keeps nothing of it', async () => {
    const bytes = envelope()
    await db.inner.close() // every write fails from now on
    expect(await refusal(bytes)).to.equal('STORE_FAILED')
    expect(envelopes.has(inputHashOf(bytes))).to.equal(false)
    expect(reached).to.deep.equal([])
    await db.inner.open()
    expect(await refusal(bytes)).to.equal('taken')
  })

  it('refuses a deployment whose bytecode its disk refuses', async () => {
    putFails = true
    const deployment = envelope({ kind: TaskKind.deploy, scAddr: asScAddr('new'), codeHash: codeHashOf(code) })
    expect(await refusal(deployment, code)).to.equal('STORE_FAILED')
    expect(envelopes.size).to.equal(0)
  })

  it('takes the same input again without counting it twice', async () => {
    const bytes = envelope()
    for (let i = 0; i < MAX_UNRECORDED_PER_SENDER + 1; i++) await intake.take(bytes, null)
    expect(await refusal(envelope())).to.equal('taken')
  })

  it('refuses what the enclave of this seat cannot open, and keeps nothing of it', async () => {
    verdict = EnvelopeVerdict.notForSeat
    const bytes = envelope()
    expect(await refusal(bytes)).to.equal('INPUT_NOT_FOR_SEAT')
    expect(envelopes.has(inputHashOf(bytes))).to.equal(false)
  })

  it('refuses a call to a contract that does not exist', async () => {
    expect(await refusal(envelope({ scAddr: asScAddr('nowhere') }))).to.equal('SC_UNKNOWN')
  }).timeout(5_000)

  it('refuses an epoch that is over, and takes the one before within its grace', async () => {
    const old = envelope()
    chain.startEpoch()
    const late = envelope({ epoch: 1 })
    expect(await refusal(late)).to.equal('taken')
    chain.mine(chain.facts.grace + 1)
    expect(await refusal(old)).to.equal('EPOCH_STALE')
  })

  it('refuses an input for a task of which it holds no seat', async () => {
    chain.register('bob')
    chain.startEpoch(['bob'])
    expect(await refusal(envelope())).to.equal('WORKER_NOT_SELECTED')
  })

  it('refuses inputs of another network, of another kind, and bytes that are none', async () => {
    expect(await refusal(envelope({ chainId: 1n }))).to.equal('ENVELOPE_MALFORMED')
    expect(await refusal(envelope({ enigma: addressOf('another') }))).to.equal('ENVELOPE_MALFORMED')
    expect(await refusal(envelope({ kind: TaskKind.query }))).to.equal('ENVELOPE_MALFORMED')
    expect(await refusal(envelope({ codeHash: codeHashOf(code) }))).to.equal('ENVELOPE_MALFORMED')
    expect(await refusal(utf8('nothing'))).to.equal('ENVELOPE_MALFORMED')
    expect(await refusal(new Uint8Array(80 * 1024))).to.equal('ENVELOPE_TOO_LARGE')
  })

  it('takes a deployment with exactly the bytecode that it names', async () => {
    const deployment = envelope({ kind: TaskKind.deploy, scAddr: asScAddr('new'), codeHash: codeHashOf(code) })
    expect(await refusal(deployment)).to.equal('ENVELOPE_MALFORMED')
    expect(await refusal(deployment, utf8('other code'))).to.equal('BYTECODE_MISMATCH')
    expect(kept).to.deep.equal([])
    expect(await refusal(deployment, code)).to.equal('taken')
    expect(kept).to.deep.equal([code])
    const again = envelope({ kind: TaskKind.deploy, codeHash: codeHashOf(code) })
    expect(await refusal(again, code)).to.equal('ENVELOPE_MALFORMED')
  })

  it('keeps 64 unrecorded inputs of one address, until they are recorded or dropped', async () => {
    const first = envelope()
    await intake.take(first, null)
    for (let i = 1; i < MAX_UNRECORDED_PER_SENDER; i++) await intake.take(envelope(), null)
    expect(await refusal(envelope())).to.equal('ENVELOPE_QUOTA')
    expect(await refusal(envelope({ sender: addressOf('somebody else') }))).to.equal('taken')
    await envelopes.markRecorded(inputHashOf(first))
    expect(await refusal(envelope())).to.equal('taken')
    expect(await refusal(envelope())).to.equal('ENVELOPE_QUOTA')
    expect(await envelopes.prune(entry => entry.epoch < 2)).to.equal(MAX_UNRECORDED_PER_SENDER + 2)
    expect(await refusal(envelope())).to.equal('taken')
  })

  it('counts a record that came first: such an input is not unrecorded', async () => {
    for (let i = 0; i < MAX_UNRECORDED_PER_SENDER; i++) {
      const bytes = envelope()
      chain.record({ taskId: keccak256(utf8(`t${i}`)) as never, scAddr, inputHash: inputHashOf(bytes) })
      await intake.take(bytes, null)
    }
    expect(await refusal(envelope())).to.equal('taken')
  })
})
