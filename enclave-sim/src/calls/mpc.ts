import {
  mpcAgreementOf,
  mpcOfferDigest,
  mpcPackage,
  openForMpc,
  sealForMpc,
  x25519Pair,
  type MpcComputeRequest,
  type MpcComputeResponse,
  type MpcInputRequest,
  type MpcOffer,
  type MpcOfferRequest,
  type MpcOpenRequest,
  type MpcOpenResponse
} from '@enigma/protocol'
import { checkNetwork, foreignSecret, release } from '@enigma/mpc'
import { expand } from '@enigma/mpc/client'
import { enclaveError } from '../errors.ts'
import { checkOffers, pairSecret } from '../mpc-host/handshake.ts'
import { keepInput, type HostedSession } from '../mpc-host/mpc-host.ts'
import { OPERATIONS } from '../mpc-host/operations.ts'
import { evidence } from './lifecycle.ts'
import { sessionOf, workerOf, type Enclave } from './session.ts'

const LONGEST_WAIT_MS = 120_000

/** A key for one session, with the evidence of who made it. */
export function mpcOffer(enclave: Enclave, { session, nonce }: MpcOfferRequest): MpcOffer {
  const { identity } = workerOf(enclave)
  const pair = x25519Pair()
  enclave.mpc.offer(session, pair)
  const signature = identity.sign(mpcOfferDigest(session, pair.publicKey))
  return { session, key: pair.publicKey, attested: evidence(enclave, { nonce }), signature }
}

/** Checks who the others are, derives the keys of the links, and connects over the sockets that the host hands in. */
export async function mpcOpen(enclave: Enclave, request: MpcOpenRequest): Promise<MpcOpenResponse> {
  const { identity } = workerOf(enclave)
  const { session, offers, degree, active, timeoutMs } = request
  checkOffers({ identity, measurement: enclave.platform.measurement, nowSeconds: enclave.nowSeconds() }, request)
  const index = offers.findIndex(({ attested }) => attested.report.signer === identity.signer)
  if (index === -1) throw enclaveError('ENCLAVE_MPC_REFUSED', 'This enclave is not among the nodes of the session.')
  if (!/^[0-9a-f]+$/.test(request.prime) || timeoutMs < 1 || timeoutMs > LONGEST_WAIT_MS) {
    throw enclaveError('ENCLAVE_BAD_REQUEST', 'The modulus or the deadline of the session is not usable.')
  }
  const prime = BigInt(`0x${request.prime}`)
  const numbers = { wholeBits: request.wholeBits, fractionBits: request.fractionBits }
  // before the offer is used up and any socket is waited for
  checkNetwork({ prime, n: offers.length, t: degree, ...numbers })
  const own = enclave.mpc.takeOffer(session)
  if (own.publicKey !== offers[index]!.key) {
    throw enclaveError('ENCLAVE_MPC_REFUSED', 'The offer shown for this enclave is not the one it made.')
  }
  const agreement = mpcAgreementOf(request)
  const secrets = offers.map((offer, i) => (i === index ? null : pairSecret(identity, own, offer, agreement)))
  const init = { session, index, offers, secrets, prime, degree, active, numbers, timeoutMs, name: agreement }
  await enclave.mpc.open(init)
  return { index }
}

/** One operation after the other: all nodes must run them in the same order. */
function inTurn<T>(hosted: HostedSession, work: () => Promise<T>): Promise<T> {
  const turn = hosted.tail.then(work)
  hosted.tail = turn.catch(() => undefined)
  return turn
}

/** A data owner's shares for this enclave. All nodes check together that they are within the declared bound. */
export function mpcInput(
  enclave: Enclave,
  { session, name, magnitude, fraction, sealed }: MpcInputRequest
): Promise<void> {
  const { identity } = sessionOf(enclave)
  const hosted = enclave.mpc.session(session)
  const { wholeBits, fractionBits } = hosted.numbers
  if (magnitude > wholeBits - 1 || fraction > fractionBits) {
    throw enclaveError(
      'ENCLAVE_MPC_REFUSED',
      `The session computes with ${wholeBits} whole bits, sign included, and ${fractionBits} fraction bits; the input declares more.`
    )
  }
  return inTurn(hosted, async () => {
    const purpose = { label: 'input', session, node: identity.signer, name } as const
    const { kind, count, body, recipient, operations } = mpcPackage.decode(
      openForMpc(identity.transport, purpose, sealed)
    )
    const { field } = hosted.party
    const dealt =
      kind === 0 ? { kind: 'seed' as const, seed: body, count } : { kind: 'shares' as const, shares: body, count }
    if (count * field.bytes > 64 * 1024 * 1024) throw enclaveError('ENCLAVE_FULL', 'The input is too long.')
    const shares = expand(field, dealt)
    const value = await foreignSecret(hosted.party, shares, { magnitude, fraction })
    keepInput(hosted, name, { value, recipient, operations })
  })
}

/** Runs an operation with the other nodes; what leaves is this node's share of the result, for the recipient alone. */
export function mpcCompute(
  enclave: Enclave,
  { session, operation, inputs, recipient }: MpcComputeRequest
): Promise<MpcComputeResponse> {
  const { identity } = sessionOf(enclave)
  const hosted = enclave.mpc.session(session)
  const known = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation]! : undefined
  if (!known || inputs.length !== known.inputs) {
    throw enclaveError('ENCLAVE_BAD_REQUEST', 'There is no such operation on so many inputs.')
  }
  return inTurn(hosted, async () => {
    const values = inputs.map(name => {
      const input = hosted.inputs.get(name)
      if (!input) throw enclaveError('ENCLAVE_MPC_UNKNOWN', 'The session has no input of that name.')
      if (input.recipient !== recipient || !input.operations.includes(operation)) {
        throw enclaveError(
          'ENCLAVE_MPC_REFUSED',
          'The owner of an input does not allow this operation for this recipient.'
        )
      }
      return input.value
    })
    const result = await known.run(hosted.party, values)
    const shares = await release(hosted.party, result.shares)
    const purpose = { label: 'result', session, node: identity.signer, name: operation } as const
    return {
      fraction: result.fraction,
      sealed: sealForMpc(recipient, purpose, hosted.party.field.toBytes(shares).slice())
    }
  })
}
