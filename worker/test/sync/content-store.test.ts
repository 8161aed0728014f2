import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ZERO_ADDRESS, codeHashOf, codeOf, utf8 } from '@enigma/protocol'
import { LevelContentStore } from '../../src/sync/content-store.ts'
import { bytesPart, numberKey, openDatabase } from '../../src/ops/database.ts'
import { addressOf, asScAddr } from '../memory-chain.ts'
import { quiet } from '../net/network-kit.ts'
import { Disks, makeDelta } from './sync-kit.ts'

const C = asScAddr('contract')
const SEAT = addressOf('seat'),
  OTHER = addressOf('other seat')

describe('sync/content-store', () => {
  const disks = new Disks()
  afterEach(() => disks.clear())

  it('keeps several candidates of a place until the chain decides, then the chosen one', async () => {
    const { store } = await disks.content()
    const [a, b] = [makeDelta(C, 0, 'a'), makeDelta(C, 0, 'b')]
    await store.putDelta(a.delta, SEAT)
    expect(await store.putDelta(b.delta, OTHER)).to.deep.equal({ scAddr: C, index: 0, deltaHash: b.hash })
    expect([await store.hasDelta(C, 0, a.hash), await store.hasDelta(C, 0, b.hash)]).to.deep.equal([true, true])

    await store.settle([{ scAddr: C, index: 0, deltaHash: b.hash }])
    expect([await store.hasDelta(C, 0, a.hash), await store.getDelta(C, 0, b.hash)]).to.deep.equal([false, b.delta])
  })

  it('bounds what one signer may offer for a place, and all candidates together, but never what the chain names', async () => {
    const { store } = await disks.content({ candidatesPerSigner: 2, maxCandidateBytes: 1000 })
    const offer = (salt: string, from = SEAT, index = 0, bytes = 100): Promise<string> =>
      store.putDelta(makeDelta(C, index, salt, bytes).delta, from).then(() => 'ok', codeOf)

    expect([await offer('a'), await offer('b'), await offer('c'), await offer('a')]).to.deep.equal([
      'ok',
      'ok',
      'DELTA_REFUSED',
      'ok'
    ])
    expect(await offer('c', OTHER)).to.equal('ok')
    expect(await offer('d', SEAT, 1, 1000)).to.equal('ok')
    expect(await offer('e', SEAT, 2)).to.equal('CONTENT_FULL')
    expect(await store.putBytecode(utf8('code'), SEAT).catch(codeOf)).to.equal('CONTENT_FULL')
    expect(await offer('own', ZERO_ADDRESS, 2)).to.equal('ok')
    await store.putDelta(makeDelta(C, 2, 'chosen').delta, null)
    await store.settle([{ scAddr: C, index: 1, deltaHash: makeDelta(C, 1, 'x').hash }]) // makes room again
    expect(await offer('e', SEAT, 3)).to.equal('ok')
  })

  it('takes several at once as it takes them one by one, each by itself', async () => {
    const { store } = await disks.content({ candidatesPerSigner: 3, maxCandidateBytes: 1000 })
    const first = makeDelta(C, 0, 'a')
    await store.putDelta(first.delta, SEAT)
    const salts = ['a', 'b', 'b', 'c', 'd']
    const offers = [...salts.map(salt => makeDelta(C, 0, salt).delta), utf8('no delta'), makeDelta(C, 1).delta]
    const outcomes = await store.putDeltas(offers.map(delta => ({ delta, from: SEAT })))
    const told = outcomes.map(one => (one instanceof Error ? one.code : 'ok'))
    expect(told).to.deep.equal(['ok', 'ok', 'ok', 'ok', 'DELTA_REFUSED', 'PROTOCOL_DECODE', 'ok'])
    const held = await Promise.all(['a', 'b', 'c', 'd'].map(salt => store.hasDelta(C, 0, makeDelta(C, 0, salt).hash)))
    expect([...held, await store.hasDelta(C, 1, makeDelta(C, 1).hash)]).to.deep.equal([true, true, true, false, true])
  })

  it('drops candidates that nobody chose, and remembers across a restart how much it holds', async () => {
    let now = 1_000
    const { db } = await disks.database()
    const limits = { candidateMs: 100, maxCandidateBytes: 700 }
    const open = (): Promise<LevelContentStore> => LevelContentStore.open(db, quiet, limits, () => now)
    const first = await open()
    const old = makeDelta(C, 0, 'old', 600)
    await first.putDelta(old.delta, SEAT)
    const chosen = makeDelta(C, 0, 'chosen')
    await first.putDelta(chosen.delta, null)
    const code = await first.putBytecode(utf8('code'), null)

    const second = await open()
    expect(await second.putDelta(makeDelta(C, 1, 'x').delta, SEAT).then(() => 'ok', codeOf)).to.equal('CONTENT_FULL')
    now += 101
    expect(
      await second.dropStale(
        () => false,
        () => false
      )
    ).to.equal(1)
    expect(await second.hasDelta(C, 0, old.hash)).to.equal(false)
    expect(await second.getDelta(C, 0, chosen.hash)).to.deep.equal(chosen.delta)
    expect(await second.getBytecode(code)).to.deep.equal(utf8('code'))
    await second.putDelta(makeDelta(C, 1, 'x').delta, SEAT)
  })

  it('takes damaged content for missing, and lets it be stored again', async () => {
    const { store, db } = await disks.content()
    const { delta, hash } = makeDelta(C, 0)
    await store.putDelta(delta, null)
    const code = await store.putBytecode(utf8('code'), null)
    const flipped = delta.slice()
    flipped[50]! ^= 1
    await bytesPart(db, 'delta').put(`${C}/${numberKey(0)}/${hash}`, flipped)
    await bytesPart(db, 'code').put(code, utf8('codf'))

    expect([await store.getDelta(C, 0, hash), await store.getBytecode(code)]).to.deep.equal([null, null])
    expect(await store.hasDelta(C, 0, hash)).to.equal(false)
    await store.putDelta(delta, null)
    expect(await store.getDelta(C, 0, hash)).to.deep.equal(delta)
  })

  it('keeps what the chain names, also where a candidate stood before, and never drops it for its age', async () => {
    let now = 1_000
    const { db } = await disks.database()
    const store = await LevelContentStore.open(db, quiet, { candidateMs: 100, maxCandidateBytes: 300 }, () => now)
    const { delta, hash } = makeDelta(C, 0, '', 200)
    const unseen = makeDelta(C, 1)
    await store.putDelta(delta, SEAT)
    await store.putDelta(unseen.delta, ZERO_ADDRESS) // the chain took it, and this node was not told
    const code = utf8('code')
    await store.putChosen([
      { place: { scAddr: C, index: 0 }, hash, bytes: delta },
      { place: null, hash: codeHashOf(code), bytes: code }
    ])
    now += 101
    expect(
      await store.dropStale(
        ({ index }) => index === 1,
        () => false
      )
    ).to.equal(0)
    expect(await store.getDelta(C, 0, hash)).to.deep.equal(delta)
    expect(await store.getDelta(C, 1, unseen.hash)).to.deep.equal(unseen.delta)
    expect(await store.getBytecode(codeHashOf(code))).to.deep.equal(code)
    expect(await store.putDelta(makeDelta(C, 2, '', 200).delta, SEAT).then(() => 'ok', codeOf)).to.equal('ok')
  })

  it('lets go what a reorg took off the chain, after its time', async () => {
    let now = 1_000
    const { db } = await disks.database()
    const store = await LevelContentStore.open(db, quiet, { candidateMs: 100 }, () => now)
    const [kept, gone] = [makeDelta(C, 0, 'kept'), makeDelta(C, 0, 'gone')]
    for (const { delta } of [kept, gone]) await store.putDelta(delta, null)
    const isChosen = ({ deltaHash }: { deltaHash: string }): boolean => deltaHash === kept.hash
    const [keptCode, goneCode] = [utf8('kept code'), utf8('code of a deployment that a reorg took away')]
    for (const code of [keptCode, goneCode]) await store.putBytecode(code, null)
    const isCode = (codeHash: string): boolean => codeHash === codeHashOf(keptCode)
    expect(await store.demote(isChosen, isCode)).to.equal(2)
    expect(await store.demote(isChosen, isCode)).to.equal(0) // marked already
    expect(await store.hasDelta(C, 0, gone.hash)).to.equal(true) // the chain may come back to it
    expect(await store.getBytecode(codeHashOf(goneCode))).to.deep.equal(goneCode)
    now += 101
    expect(await store.dropStale(isChosen, isCode)).to.equal(2)
    expect([await store.hasDelta(C, 0, kept.hash), await store.hasDelta(C, 0, gone.hash)]).to.deep.equal([true, false])
    expect(await store.getBytecode(codeHashOf(keptCode))).to.deep.equal(keptCode)
    expect(await store.getBytecode(codeHashOf(goneCode))).to.equal(null)
  })

  it('still has everything it acknowledged after a kill -9', async function () {
    this.timeout(30_000)
    const dir = await mkdtemp(join(tmpdir(), 'enigma-kill-'))
    const child = spawn(process.execPath, [fileURLToPath(new URL('./content-writer.ts', import.meta.url)), dir], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    let acknowledged = 0
    child.stdout.on('data', (chunk: Buffer) => {
      acknowledged += chunk.toString().split('\n').length - 1
      if (acknowledged >= 20) child.kill('SIGKILL')
    })
    await once(child, 'exit')

    const db = await openDatabase(join(dir, 'db'))
    const store = await LevelContentStore.open(db, quiet)
    for (let index = 0; index < acknowledged; index++) {
      const { delta, hash } = makeDelta(C, index)
      expect(await store.getDelta(C, index, hash), `delta ${index} of ${acknowledged}`).to.deep.equal(delta)
    }
    expect(await store.getBytecode(codeHashOf(utf8('code 0')))).to.deep.equal(utf8('code 0'))
    await db.close()
    await rm(dir, { recursive: true })
  })
})
