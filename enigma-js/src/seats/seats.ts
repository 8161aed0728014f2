import {
  SEATS,
  address,
  fromHex,
  hash,
  key32,
  recoverSigner,
  requireSeat,
  typedDigest,
  type Address,
  type EpochInfo,
  type GetWorkerEncryptionKeyResult,
  type Recipient,
  type ScAddr,
  type SeatJson,
  type SeatProof,
  type StakeLeaf
} from '@enigma/protocol'
import { ClientError } from '../errors.ts'
import { wrongAnswer } from '../rpc/call.ts'
import { verifyEvidence, type EvidenceRules } from './evidence.ts'

/** One draw of a contract in an epoch. */
export interface Seat {
  readonly k: number
  readonly operator: Address
  readonly signer: Address
  /** Grains. */
  readonly stake: bigint
}

/** The verified seats of a contract in an epoch. */
export interface Seats {
  readonly scAddr: ScAddr
  readonly epoch: number
  /** All draws; one worker may hold several. */
  readonly seats: readonly Seat[]
  /** Enclave signers of all seats, without repetition. */
  readonly signers: readonly Address[]
  /** Those whose key is known: the input can be encrypted to them. */
  readonly recipients: readonly Recipient[]
}

/**
 * Checks what a worker says about the seats of a contract against one `epochInfo` of the chain (R3):
 * every seat's draw and path, and of every seat with a key the key's signature and the enclave's evidence. A seat whose evidence is
 * refused is left out, as one without a key is.
 *
 * @throws EPOCH_STALE, SEAT_PROOF_WRONG, KEY_SIGNATURE_WRONG, EVIDENCE_*, WORKER_ANSWER_WRONG
 */
export async function verifySeats(
  url: string,
  answer: GetWorkerEncryptionKeyResult,
  scAddr: ScAddr,
  info: EpochInfo,
  rules: EvidenceRules
): Promise<Seats> {
  const { epoch } = info
  if (answer.epoch !== epoch) {
    throw new ClientError(
      { code: 'EPOCH_STALE', epoch: Number(answer.epoch), current: epoch },
      `The worker at ${url} answered for epoch ${Number(answer.epoch)} instead of ${epoch}.`,
      { hint: 'It is behind the chain; ask another worker or try again.' }
    )
  }
  if (!Array.isArray(answer.seats) || answer.seats.length !== SEATS)
    throw proofWrong(-1, `there must be ${SEATS} seats`)
  const seats: Seat[] = []
  const signers: Address[] = []
  const recipients: Recipient[] = []
  let refused: ClientError | undefined
  for (const k of Array.from({ length: SEATS }, (_, index) => index)) {
    const seat = (answer.seats as readonly SeatJson[]).find(other => other.k === k)
    if (seat === undefined) throw proofWrong(k, 'it is missing')
    const { signer, operator, stake } = verifySeat(url, seat, scAddr, info)
    seats.push({ k, operator, signer, stake })
    if (signers.includes(signer)) continue // several seats, one worker, one key
    signers.push(signer)
    if (seat.encKey === undefined) continue
    const key = verifyKey(seat, signer, info, rules)
    try {
      await verifyEvidence(seat.attested, { who: `seat ${k}`, signer, operator }, rules)
      recipients.push({ signer, key })
    } catch (error) {
      // Evidence expires, and code is revoked, while a worker holds a seat: it gets no key; the others still do.
      if (!isEvidenceFault(error)) throw error
      refused ??= error
    }
  }
  if (recipients.length === 0 && refused !== undefined) throw refused
  return { scAddr, epoch, seats, signers, recipients }
}

const isEvidenceFault = (error: unknown): error is ClientError =>
  error instanceof ClientError && error.code.startsWith('EVIDENCE_')

const proofWrong = (seat: number, what: string, cause?: unknown): ClientError =>
  new ClientError(
    { code: 'SEAT_PROOF_WRONG', seat, what },
    seat < 0 ? `The seats were refused: ${what}.` : `Seat ${seat} was refused: ${what}.`,
    { cause }
  )

function verifySeat(url: string, seat: SeatJson, scAddr: ScAddr, info: EpochInfo): StakeLeaf {
  let proof: SeatProof
  try {
    proof = {
      leaf: {
        index: Number(seat.index),
        operator: address(seat.operator),
        signer: address(seat.signer),
        stake: BigInt(seat.stake)
      },
      siblings: seat.path.slice(0, 33).map(({ hash: value, sum }) => ({ hash: hash(value), sum: BigInt(sum) }))
    }
  } catch (cause) {
    throw wrongAnswer(url, 'a seat does not parse', cause)
  }
  try {
    requireSeat(info, scAddr, seat.k, proof)
  } catch (cause) {
    throw proofWrong(seat.k, 'its path does not prove the draw', cause)
  }
  return proof.leaf
}

function verifyKey(seat: SeatJson, signer: Address, { epoch }: EpochInfo, { chainId, enigma }: EvidenceRules) {
  try {
    const key = key32(seat.encKey!)
    const digest = typedDigest({ chainId, enigma }, 'EncryptionKey', { epoch, key })
    if (recoverSigner(digest, fromHex(seat.encKeySig ?? '0x')) === signer) return key
  } catch {
    // the same refusal: nobody vouches for this key
  }
  throw new ClientError(
    { code: 'KEY_SIGNATURE_WRONG', seat: seat.k },
    `The encryption key of seat ${seat.k} is not signed by its enclave for epoch ${epoch}.`
  )
}
