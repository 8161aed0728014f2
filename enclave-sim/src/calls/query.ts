import {
  FailureReason,
  MAX_OUTPUT_BYTES,
  MAX_QUERY_GAS,
  TaskKind,
  ZERO_HASH,
  contextMismatch,
  envelopeHashOf,
  fromHex,
  keccakTuple,
  openBody,
  outputHashOf,
  queryBody,
  randomSeedOf,
  sealQueryOutcome,
  typedDigest,
  type ChainView,
  type ContractView,
  type Envelope,
  type QueryAnswer,
  type QueryBody,
  type QueryOutcome,
  type QueryRequest,
  type SignedQueryAnswer
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import type { RunInput, RunResult } from '../wasm/index.ts'
import { contentKeyOf, decodedEnvelope } from './inputs.ts'
import { queryRefused, requireAllowed } from './permits.ts'
import { shortened } from './receipts.ts'
import { workerOf, type Enclave } from './session.ts'
import type { WorkerParts } from './worker-parts.ts'

/** Queries that wait or run; more would keep tasks from the threads. */
const MAX_UNDER_WAY = 16

/**
 * R8: a read-only call by the envelope's sender, or by whom it permits. It runs on the state at the head of a fresh view, and the
 * answer is certified for that head and block. It writes nothing, costs nothing, and has a tenth of a task's gas.
 *
 * @throws ENCLAVE_QUERY_REFUSED, WORKER_BEHIND, INPUT_NOT_FOR_SEAT, ENCLAVE_NO_STATE_KEY, ENCLAVE_CODE_MISSING, ENCLAVE_BUSY, WASM_*
 */
export async function query(enclave: Enclave, request: QueryRequest): Promise<SignedQueryAnswer> {
  const parts = workerOf(enclave)
  const { counters, identity } = parts
  if (counters.queriesUnderWay >= MAX_UNDER_WAY) {
    throw enclaveError('ENCLAVE_BUSY', `${MAX_UNDER_WAY} queries are under way already.`)
  }
  const { view, contract, envelope } = asked(parts, request)
  const { scAddr, deltaCount, headHash, codeHash } = contract
  const state = parts.states.get(scAddr)
  if (state.headHash !== headHash || state.deltaCount !== deltaCount) {
    throw enclaveError('WORKER_BEHIND', `The state loaded has ${state.deltaCount} deltas; the chain has ${deltaCount}.`)
  }
  // Whoever lost its seats has no key, and answers no more, whatever state it holds.
  const stateKey = parts.stateKeys.get(scAddr, view.generation)
  const code = parts.codes.get(codeHash)
  const contentKey = contentKeyOf(parts, envelope)
  if (!contentKey) throw enclaveError('INPUT_NOT_FOR_SEAT', 'The query is not encrypted to a key of this enclave.')

  const envelopeHash = envelopeHashOf(request.envelope)
  const seed = randomSeedOf(stateKey, queryDigestOf(headHash, envelopeHash, view.block))
  const secrets = [contentKey, seed]
  counters.queriesUnderWay += 1
  try {
    const body = openedBody(envelope, contentKey)
    secrets.push(body.callData)
    const { sender: issuer } = envelope.context
    const { notAfter, signature } = request
    const { domain } = identity.binding
    requireAllowed({ domain, scAddr, issuer, envelopeHash, notAfter, signature, body }, view.time)
    const input: RunInput = {
      code,
      codeHash: fromHex(codeHash),
      entry: 'call',
      callData: body.callData,
      gasLimit: MAX_QUERY_GAS,
      readOnly: true,
      context: {
        caller: fromHex(issuer),
        scAddr: fromHex(scAddr),
        blockNumber: BigInt(view.block),
        timeSeconds: BigInt(view.time)
      },
      seed,
      state: state.entries
    }
    const outcome = outcomeOf(await enclave.pool.run(input))
    const place = { envelopeHash, headHash, block: view.block }
    const result = sealQueryOutcome(contentKey, place, outcome)
    const answer: QueryAnswer = { ...place, outputHash: outputHashOf(result), scAddr, deltaCount }
    return { answer, signature: identity.sign(typedDigest(domain, 'QueryAnswer', answer)), result }
  } finally {
    counters.queriesUnderWay -= 1
    for (const secret of secrets) secret.fill(0)
  }
}

/** The query in clear: of this network and kind, for a deployed contract of the view. */
function asked(
  { identity, views }: WorkerParts,
  request: QueryRequest
): { view: ChainView; contract: ContractView; envelope: Envelope } {
  const view = views.get(request.nonce)
  const envelope = decodedEnvelope(request.envelope)
  if (!envelope) throw queryRefused('its bytes are no envelope')
  const { scAddr, sender, epoch } = envelope.context
  const facts = { ...identity.binding.domain, kind: TaskKind.query, scAddr, codeHash: ZERO_HASH, sender, epoch }
  const mismatch = contextMismatch(envelope.context, facts)
  if (mismatch) throw queryRefused(`its ${mismatch} is not that of a query here`)
  const contract = view.contracts.find(c => c.scAddr === scAddr)
  if (!contract) throw queryRefused('the view says nothing of its contract')
  if (contract.deltaCount === 0) throw queryRefused('its contract is not deployed')
  return { view, contract, envelope }
}

function openedBody(envelope: Envelope, contentKey: Uint8Array): QueryBody {
  try {
    return queryBody.decode(openBody(envelope, contentKey))
  } catch (cause) {
    throw queryRefused('its body does not open, or is not that of a query', cause)
  }
}

/** Randomness of a query: never that of a task, and another at each block. */
const queryDigestOf = (headHash: string, envelopeHash: string, block: number) =>
  keccakTuple(['string', 'bytes32', 'bytes32', 'uint64'], ['enigma/query', headHash, envelopeHash, block])

function outcomeOf(result: RunResult): QueryOutcome {
  if (!result.ok) return failed(result.reason, result.message)
  if (result.output.length > MAX_OUTPUT_BYTES) {
    return failed(FailureReason.limit, `The output is larger than ${MAX_OUTPUT_BYTES} bytes.`)
  }
  return { ok: true, reason: FailureReason.none, message: '', output: result.output }
}

const failed = (reason: number, message: string): QueryOutcome => ({
  ok: false,
  reason,
  message: shortened(message),
  output: new Uint8Array()
})
