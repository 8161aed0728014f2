import { expect } from 'chai'
import {
  MAX_SNAPSHOT_BYTES,
  SNAPSHOT_PART_BYTES,
  ZERO_HASH,
  address,
  addressOfPrivateKey,
  concatBytes,
  hash,
  openOutput,
  requireSigner,
  runDigestOf,
  sealSnapshot,
  signDigest,
  snapshotHashOf,
  toHex,
  typedDigest,
  utf8,
  type MakeSnapshotResponse
} from '@enigma/protocol'
import { Snapshots } from '../../src/state/snapshots.ts'
import { evidenceOf } from '../support/evidence.ts'
import { Op, call, testContract } from '../support/contract.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'

describe('calls/snapshots (R10)', () => {
  let net: TestNetwork<LocalEnclave>
  let maker: Member<LocalEnclave>
  let newcomer: Member<LocalEnclave>
  let deployed: SentTask
  let deltas: Uint8Array[]

  beforeEach(async () => {
    const principal = await startPrincipal(await localEnclave())
    maker = await startWorker(await localEnclave(), principal)
    newcomer = await startWorker(await localEnclave(), principal, address(`0x${'b1'.repeat(20)}`))
    net = new TestNetwork(principal, [maker, newcomer])
    // A contract of which both hold a seat.
    do deployed = await net.record({ code: testContract, callData: utf8('hello') })
    while (net.workers.some(w => net.claims(w, [{ scAddr: deployed.scAddr, taskIds: [] }]).length === 0))
    deltas = [(await run(deployed)).delta!]
    await set('one')
    await set('two')
  })
  after(stopPool)

  /** Runs at the maker alone: the newcomer has no state. */
  async function run(sent: SentTask, member = maker) {
    const done = await member.enclave.call('run', { nonce: await net.showTask(member, sent), ...sent })
    net.settle(done.receipt)
    if (done.delta) await member.enclave.call('applyDeltas', { scAddr: sent.scAddr, deltas: [done.delta] })
    return done
  }
  async function set(value: string): Promise<void> {
    deltas.push((await run(await net.record({ scAddr: deployed.scAddr, callData: call(Op.set, utf8(value)) }))).delta!)
  }
  const show = (member: Member<LocalEnclave>) => net.show(member, [{ scAddr: deployed.scAddr, taskIds: [] }])
  const make = async (member = maker) =>
    member.enclave.call('makeSnapshot', { nonce: await show(member), scAddr: deployed.scAddr })

  async function read({ snapshot, bytes }: MakeSnapshotResponse, member = maker): Promise<Uint8Array> {
    const { scAddr, headHash } = snapshot
    const parts: Uint8Array[] = []
    for (let offset = 0; offset < bytes; offset += SNAPSHOT_PART_BYTES)
      parts.push((await member.enclave.call('snapshotPart', { scAddr, headHash, offset })).bytes)
    return concatBytes(...parts)
  }
  async function load({ snapshot }: MakeSnapshotResponse, whole: Uint8Array, member = newcomer): Promise<void> {
    const { scAddr, headHash } = snapshot
    for (let offset = 0; offset < whole.length; offset += SNAPSHOT_PART_BYTES) {
      const bytes = whole.slice(offset, offset + SNAPSHOT_PART_BYTES)
      await member.enclave.call('loadSnapshotPart', { scAddr, headHash, total: whole.length, offset, bytes })
    }
  }
  const open = (made: MakeSnapshotResponse, change: object = {}, member = newcomer) =>
    member.enclave.call('openSnapshot', {
      snapshot: made.snapshot,
      generation: made.generation,
      signature: made.signature,
      attested: maker.attested,
      ...change
    })
  async function output(sent: SentTask, member = newcomer): Promise<string> {
    const { receipt, sealedRun } = await run(sent, member)
    const { result } = await member.enclave.call('release', { nonce: await net.showTask(member, sent), sealedRun })
    const { sender, gasLimit } = net.contracts.get(sent.scAddr)!.tasks.find(t => t.taskId === sent.taskId)!
    return new TextDecoder().decode(
      openOutput(sent.cek, runDigestOf({ ...DOMAIN, ...receipt, sender, gasLimit }), result)
    )
  }

  it('brings a newcomer to the head at once, which then runs tasks and takes the deltas that follow', async () => {
    const made = await make()
    const { headHash, deltaCount } = net.contracts.get(deployed.scAddr)!
    expect(made.snapshot).to.include({ scAddr: deployed.scAddr, headHash, deltaCount })
    requireSigner('snapshot', typedDigest(DOMAIN, 'Snapshot', made.snapshot), made.signature, maker.info.signer)
    const whole = await read(made)
    expect(snapshotHashOf(whole)).to.equal(made.snapshot.contentHash)
    await show(newcomer)
    await load(made, whole)
    expect(await open(made)).to.deep.equal({ hasKey: true, deltaCount, headHash })
    expect(await output(await net.record({ scAddr: deployed.scAddr, callData: call(Op.get) }))).to.equal('two')
    await set('three')
    await newcomer.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas: deltas.slice(-1) })
    expect(await output(await net.record({ scAddr: deployed.scAddr, callData: call(Op.get) }))).to.equal('three')
  })

  it('is the same bytes from every enclave at the same head, whichever way it got there', async () => {
    const first = await make()
    await show(newcomer)
    await newcomer.enclave.call('applyDeltas', { scAddr: deployed.scAddr, deltas })
    const second = await make(newcomer)

    expect(second.snapshot).to.deep.equal(first.snapshot)
    expect(await read(second, newcomer)).to.deep.equal(await read(first))
  })

  it('carries a state larger than a message in parts, and is opened across a rotation of keys', async () => {
    await net.principal.enclave.call('rotateGeneration', {})
    do await net.nextEpoch()
    while (net.workers.some(w => net.claims(w, [{ scAddr: deployed.scAddr, taskIds: [] }]).length === 0))
    for (let i = 0; i < 10; i++) {
      const value = new Uint8Array(60_000).fill(i)
      const callData = concatBytes(Uint8Array.of(Op.setAt, i), value)
      deltas.push((await run(await net.record({ scAddr: deployed.scAddr, callData }))).delta!)
    }
    const made = await make()
    expect(made).to.include({ generation: 1 })
    expect(made.bytes).to.be.greaterThan(SNAPSHOT_PART_BYTES)
    await show(newcomer)
    await load(made, await read(made))
    expect((await open(made)).deltaCount).to.equal(13)
    expect(await output(await net.record({ scAddr: deployed.scAddr, callData: call(Op.get) }))).to.equal('two')
  })

  it('tells the size of a state to an eighth only', async () => {
    const sizeWith = async (length: number) => {
      await set('x'.repeat(length))
      return (await make()).bytes
    }
    expect([await sizeWith(10), await sizeWith(200), await sizeWith(300)]).to.deep.equal([272, 272, 528])
  })

  describe('makeSnapshot refuses', () => {
    const attempt = (nonce: typeof ZERO_HASH, scAddr = deployed.scAddr, member = maker) =>
      refusal(member.enclave.call('makeSnapshot', { nonce, scAddr }))

    it('a state that is not at the head of the view, behind or ahead', async () => {
      const old = await show(maker)
      await set('new')
      expect(await attempt(old)).to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      await maker.enclave.call('dropState', { scAddr: deployed.scAddr })
      expect(await attempt(await show(maker))).to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      expect(await attempt(ZERO_HASH)).to.equal('ENCLAVE_VIEW_UNKNOWN')
    })

    it('a contract that is not deployed, not in the view, or of which it lost its seats', async () => {
      const nonce = await show(maker)
      const next = await net.record({ code: testContract, callData: utf8('x') })
      expect(await attempt(nonce, next.scAddr)).to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      expect(await attempt(await net.showTask(maker, next), next.scAddr)).to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      const seatless = await net.show(maker, [{ scAddr: deployed.scAddr, taskIds: [] }], { claims: [] })
      expect(await attempt(seatless)).to.equal('ENCLAVE_NO_STATE_KEY')
    })

    it('to read parts of another head, or beyond the end', async () => {
      const { snapshot, bytes } = await make()
      const part = (headHash: typeof ZERO_HASH, offset: number) =>
        refusal(maker.enclave.call('snapshotPart', { scAddr: deployed.scAddr, headHash, offset }))
      expect(await part(ZERO_HASH, 0)).to.equal('ENCLAVE_SNAPSHOT_UNKNOWN')
      expect(await part(snapshot.headHash, bytes)).to.equal('ENCLAVE_SNAPSHOT_UNKNOWN')
      await set('new')
      await make()
      expect(await part(snapshot.headHash, 0), 'replaced').to.equal('ENCLAVE_SNAPSHOT_UNKNOWN')
    })
  })

  describe('openSnapshot refuses', () => {
    let made: MakeSnapshotResponse
    let whole: Uint8Array
    beforeEach(async () => {
      made = await make()
      whole = await read(made)
      await show(newcomer)
    })
    /** Loads and opens; the state that the newcomer has afterwards is none. */
    async function attempt(change: object = {}, bytes = whole, loaded = made): Promise<string> {
      await load(loaded, bytes)
      const code = await refusal(open(loaded, change))
      const { deltaCount } = await newcomer.enclave.call('stateTip', { scAddr: deployed.scAddr })
      if (code !== 'not refused') expect(deltaCount, 'nothing is loaded').to.equal(0)
      return code
    }

    it('bytes that were altered, cut or prolonged, and a signature that is not of them', async () => {
      const bent = whole.slice()
      bent[5]! ^= 1
      for (const bytes of [bent, whole.slice(0, -16), concatBytes(whole, new Uint8Array(16))])
        expect(await attempt({}, bytes)).to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      const resigned = { ...made.snapshot, contentHash: snapshotHashOf(bent) }
      expect(await attempt({ snapshot: resigned }, bent)).to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      expect(await attempt()).to.equal('not refused')
    })

    it('a head, count or generation that is not its own, even where an enclave signed it', async () => {
      const { snapshot } = made
      const changes = [
        { snapshot: { ...snapshot, deltaCount: 7 } },
        { snapshot: { ...snapshot, headHash: hash(`0x${'07'.repeat(32)}`) } },
        { snapshot: { ...snapshot, contentHash: ZERO_HASH } }
      ]
      for (const change of changes) {
        // What an enclave would have to sign, were it made to: the ciphertext is bound to its place as well.
        const key = new Uint8Array(32).fill(9)
        const report = { ...maker.attested.report, signer: addressOfPrivateKey(key) }
        const attested = { report, evidence: evidenceOf(report) }
        const signature = signDigest(typedDigest(DOMAIN, 'Snapshot', change.snapshot), key)
        const loaded = { ...made, ...change }
        expect(await attempt({ signature, attested }, whole, loaded)).to.equal('ENCLAVE_SNAPSHOT_REFUSED')
        expect(await attempt({}, whole, loaded), 'signature of another one').to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      }
      expect(await attempt({ generation: 1 })).to.equal('ENCLAVE_NO_STATE_KEY')
    })

    it("a state that was made up, under a key that is not the contract's", async () => {
      const place = { ...made.snapshot, generation: 0 }
      const forged = sealSnapshot(new Uint8Array(32), place, new Map([['0x6b', utf8('forged')]]))
      const key = new Uint8Array(32).fill(9)
      const report = { ...maker.attested.report, signer: addressOfPrivateKey(key) }
      const snapshot = { ...made.snapshot, contentHash: snapshotHashOf(forged) }
      const signature = signDigest(typedDigest(DOMAIN, 'Snapshot', snapshot), key)
      const attested = { report, evidence: evidenceOf(report) }
      expect(await attempt({ snapshot, signature, attested }, forged)).to.equal('ENCLAVE_SNAPSHOT_REFUSED')
    })

    it('a maker of other code, network or principal, or somebody else than who signed', async () => {
      const { report } = maker.attested
      const makers = [
        { report, evidence: evidenceOf(report, hash(`0x${'cd'.repeat(32)}`)) },
        { report, evidence: new Uint8Array() },
        newcomer.attested,
        net.principal.attested,
        ...[{ chainId: 1337n }, { enigma: address(`0x${'e2'.repeat(20)}`) }, { principalSigner: report.signer }].map(
          change => ({ report: { ...report, ...change }, evidence: evidenceOf({ ...report, ...change }) })
        )
      ]
      for (const attested of makers) expect(await attempt({ attested })).to.equal('ENCLAVE_SNAPSHOT_REFUSED')
    })

    it('what has not come whole, comes out of order, or is older than a minute', async () => {
      const { scAddr, headHash } = made.snapshot
      const total = whole.length
      const part = (offset: number, end: number, change: object = {}) =>
        refusal(
          newcomer.enclave.call('loadSnapshotPart', {
            scAddr,
            headHash,
            total,
            offset,
            bytes: whole.slice(offset, end),
            ...change
          })
        )
      expect(await refusal(open(made)), 'nothing came').to.equal('ENCLAVE_SNAPSHOT_UNKNOWN')
      expect(await part(100, 200), 'no beginning').to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      await part(0, 100)
      expect(await refusal(open(made)), 'half of it').to.equal('ENCLAVE_SNAPSHOT_UNKNOWN')
      expect(await part(150, 200), 'a gap').to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      expect(await part(100, 200, { total: total + 1 }), 'another length').to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      expect(await part(100, 200, { headHash: ZERO_HASH }), 'another head').to.equal('ENCLAVE_SNAPSHOT_REFUSED')
      await part(100, total)
      newcomer.enclave.clock.monotonicMs += 60_001
      expect(await refusal(open(made)), 'late').to.equal('ENCLAVE_SNAPSHOT_UNKNOWN')
      await part(0, total)
      expect(await refusal(open(made))).to.equal('not refused')
      expect(await refusal(open(made)), 'twice').to.equal('ENCLAVE_SNAPSHOT_UNKNOWN')
    })

    it('to be run on while the chain has another head: an old snapshot is caught up with deltas first', async () => {
      await set('three')
      expect(await attempt()).to.equal('not refused')
      const sent = await net.record({ scAddr: deployed.scAddr, callData: call(Op.get) })
      const nonce = await net.showTask(newcomer, sent)
      expect(await refusal(newcomer.enclave.call('run', { nonce, ...sent }))).to.equal('ENCLAVE_STATE_NOT_AT_HEAD')
      await newcomer.enclave.call('applyDeltas', { scAddr: sent.scAddr, deltas: deltas.slice(-1) })
      expect(await output(sent)).to.equal('three')
    })
  })

  it('keeps bounds on what a host makes it hold', () => {
    let now = 0
    const snapshots = new Snapshots(() => now)
    const of = (i: number) => toHex(new Uint8Array(32).fill(i)) as never
    const part = new Uint8Array(10)
    expect(() => snapshots.gather(of(1), ZERO_HASH, MAX_SNAPSHOT_BYTES + 1, 0, part)).to.throw('longer than it may be')
    expect(() => snapshots.gather(of(1), ZERO_HASH, 9, 0, part)).to.throw('longer than it may be')
    for (let i = 0; i < 8; i++) snapshots.gather(of(i), ZERO_HASH, 100, 0, part)
    expect(() => snapshots.gather(of(9), ZERO_HASH, 100, 0, part)).to.throw('being gathered already')
    snapshots.gather(of(7), ZERO_HASH, 100, 0, part) // its own place
    now += 60_001
    snapshots.gather(of(9), ZERO_HASH, 100, 0, part)
    for (let i = 0; i < 12; i++) snapshots.keep(of(i), ZERO_HASH, new Uint8Array(MAX_SNAPSHOT_BYTES))
    expect(() => snapshots.part(of(1), ZERO_HASH, 0)).to.throw('no snapshot')
    expect(snapshots.part(of(11), ZERO_HASH, MAX_SNAPSHOT_BYTES - 1)).to.have.length(1)
  })
})
