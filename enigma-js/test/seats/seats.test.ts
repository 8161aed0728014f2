import { asciiBytes32, toHex, x25519Pair, type GetWorkerEncryptionKeyResult, type SeatJson } from '@enigma/protocol'
import { expect } from 'chai'
import type { EnigmaClient } from '../../src/index.ts'
import { refused } from '../support/refused.ts'
import { SC_ADDR, Scene, calculator, someHash, someSecret } from '../support/scene.ts'
import { Refusal } from '../support/worker-server.ts'

/** Alters one thing in every seat of a valid answer. */
type Alter = (seat: SeatJson, scene: Scene) => object

const attacks: [string, Alter, string][] = [
  [
    'another path',
    seat => ({ path: seat.path.map(node => ({ ...node, hash: someHash('node') })) }),
    'SEAT_PROOF_WRONG'
  ],
  ['a larger stake', seat => ({ stake: (BigInt(seat.stake) * 2n).toString() }), 'SEAT_PROOF_WRONG'],
  ['an own enclave in the leaf', () => ({ signer: `0x${'ab'.repeat(20)}` }), 'SEAT_PROOF_WRONG'],
  ['another index', seat => ({ index: seat.index ^ 1 }), 'SEAT_PROOF_WRONG'],
  ['the proof of a worker that was not drawn', (seat, scene) => strangerOf(seat, scene), 'SEAT_PROOF_WRONG'],
  ['a key of its own', () => ({ encKey: x25519Pair(someSecret('own')).publicKey }), 'KEY_SIGNATURE_WRONG'],
  ['a key without a signature', () => ({ encKeySig: undefined }), 'KEY_SIGNATURE_WRONG'],
  [
    'a key of an earlier epoch',
    (seat, scene) => ({ encKeySig: enclaveOf(seat, scene).keySignature(6) }),
    'KEY_SIGNATURE_WRONG'
  ],
  [
    'evidence of a foreign mode',
    (seat, scene) => ({ attested: enclaveOf(seat, scene).attested({}, { tee: asciiBytes32('sgx') }) }),
    'EVIDENCE_MODE'
  ],
  [
    'code that nobody allowed',
    (seat, scene) => ({ attested: enclaveOf(seat, scene).attested({}, { measurement: someHash('code') }) }),
    'EVIDENCE_MEASUREMENT'
  ],
  [
    'the evidence of another enclave',
    (seat, scene) => ({ attested: scene.enclaves[(seat.index + 1) % 3]!.attested() }),
    'EVIDENCE_WRONG'
  ],
  ['no evidence', () => ({ attested: undefined }), 'EVIDENCE_WRONG'],
  ['something that is no number', () => ({ stake: 'much' }), 'WORKER_ANSWER_WRONG']
]

const enclaveOf = (seat: SeatJson, scene: Scene) => scene.enclaves[seat.index]!

function strangerOf(seat: SeatJson, scene: Scene): object {
  const index = (seat.index + 1) % 3
  const { leaf, siblings } = scene.tree.prove(index)
  const path = siblings.map(({ hash, sum }) => ({ hash, sum: sum.toString() }))
  return { index, operator: leaf.operator, signer: leaf.signer, path }
}

describe('enigma-js/seats', () => {
  let scene: Scene
  let client: EnigmaClient
  beforeEach(async () => {
    scene = await Scene.open()
    client = await scene.connect()
  })
  afterEach(() => scene.close())

  const compute = () => client.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
  const answer = (result: GetWorkerEncryptionKeyResult): void =>
    void (scene.server.handlers.getWorkerEncryptionKey = () => result)

  /** Neither a signature was asked for, nor anything sent. */
  const nothingHappened = (): void => {
    expect(scene.chain.sent).to.deep.equal([])
    expect(scene.inputs).to.deep.equal([])
  }

  for (const [what, alter, code] of attacks) {
    it(`refuses seats with ${what}`, async () => {
      const { epoch, seats } = scene.seats(SC_ADDR)
      answer({ epoch, seats: seats.map(seat => ({ ...seat, ...alter(seat, scene) })) })

      expect((await refused(compute())).code).to.equal(code)
      nothingHappened()
    })
  }

  it('refuses an answer for another epoch', async () => {
    answer(scene.seats(SC_ADDR, 6))

    expect((await refused(compute())).code).to.equal('EPOCH_STALE')
    nothingHappened()
  })

  it('refuses an answer that withholds a seat', async () => {
    const { epoch, seats } = scene.seats(SC_ADDR)
    answer({ epoch, seats: seats.slice(1) })

    expect((await refused(compute())).code).to.equal('SEAT_PROOF_WRONG')
  })

  it('refuses an answer that gives one seat twice', async () => {
    const { epoch, seats } = scene.seats(SC_ADDR)
    answer({ epoch, seats: [seats[0]!, seats[0]!, seats[2]!] })

    expect((await refused(compute())).code).to.equal('SEAT_PROOF_WRONG')
  })

  it('leaves out a seat holder whose evidence has expired, and encrypts to the others', async () => {
    const { epoch, seats } = scene.seats(SC_ADDR)
    const expired = seats[0]!.signer
    answer({
      epoch,
      seats: seats.map(seat =>
        seat.signer === expired ? { ...seat, attested: enclaveOf(seat, scene).attested({}, { expiry: 1 }) } : seat
      )
    })
    const others = new Set(seats.map(({ signer }) => signer).filter(signer => signer !== expired))
    expect(others.size, 'the scene must have another seat holder').to.be.greaterThan(0)

    await compute()

    const input = toHex(scene.inputs[0]!)
    expect(input).to.not.include(expired.slice(2))
    for (const signer of others) expect(input).to.include(signer.slice(2))
  })

  it('stops before paying when no seat holder has a key, and names the block of the next epoch', async () => {
    const { epoch, seats } = scene.seats(SC_ADDR)
    answer({ epoch, seats: seats.map(({ encKey: _, ...seat }) => seat) })

    const error = await refused(compute())

    expect(error.facts).to.deep.equal({ code: 'NO_SEAT_REACHABLE', epoch: 7, nextEpochBlock: 150 })
    expect(error.hint).to.include('150')
    nothingHappened()
  })

  it('goes to the next worker when the first one lies', async () => {
    const other = await Scene.open()
    try {
      const network = { enigma: client.enigma, rpc: [other.server.url, scene.server.url], mode: 'simulation' as const }
      const careful = await scene.connect({ network })
      other.server.handlers.getWorkerEncryptionKey = () => scene.seats(SC_ADDR, 6)
      other.server.handlers.sendTaskInput = () => {
        throw new Refusal('WORKER_BUSY', 'Not now.')
      }

      await careful.compute(SC_ADDR, calculator, 'sub', [76n, 17n])

      expect(scene.inputs).to.have.length(1)
    } finally {
      await other.close()
    }
  })
})
