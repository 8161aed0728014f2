import {
  MAX_QUERY_CALL_BYTES,
  TaskKind,
  ZERO_HASH,
  codeOf,
  envelopeHashOf,
  hash,
  queryBody,
  sealEnvelope,
  toHex,
  type Address,
  type Hash,
  type QueryAnswer,
  type ScAddr
} from '@enigma/protocol'
import { decodeResult, encodeCall, type SecretContractAbi } from '@enigma/protocol/secret-abi'
import { ClientError } from '../errors.ts'
import { callWorker } from '../rpc/call.ts'
import type { Session } from '../session.ts'
import { reasonName } from '../task/answer.ts'
import { isForOtherKeys } from '../task/deliver.ts'
import { sleep } from '../waiting.ts'
import { answerWrong, openAnswer, type CertifiedOutcome } from './verify-query.ts'

export interface QueryOptions {
  readonly signal?: AbortSignal | undefined
}

/** An answer with what certifies it. */
export interface CertifiedResult<T = unknown> {
  readonly value: T
  /** The contract's head at which it was computed, as the chain has it. */
  readonly deltaCount: number
  readonly headHash: Hash
  readonly block: number
  /** The enclave that signed it: a seat holder of the contract. */
  readonly signer: Address
}

/** The signed query is good for so long, by the chain's clock. */
const GOOD_SECONDS = 120
/** The epoch may end, and a head may come, under a query. */
const MAX_ATTEMPTS = 4
/** How long our own node may take to reach the block that an answer is of. */
const NODE_WAIT_MS = 5_000

/**
 * A read-only call: no transaction and no fee. The answer is computed on the contract's present head and certified by a seat
 * holder's enclave; that head is compared with the chain.
 *
 * @throws QUERY_FAILED with the contract's reason; QUERY_ANSWER_WRONG, QUERY_STALE; NO_SEAT_REACHABLE, SC_UNKNOWN, USER_REJECTED,
 *   or the worker's code, such as WORKER_BEHIND
 */
export async function query(
  session: Session,
  scAddr: ScAddr,
  abi: SecretContractAbi,
  name: string,
  args: readonly unknown[],
  { signal }: QueryOptions = {}
): Promise<CertifiedResult> {
  const { data, fragment } = encodeCall(abi, name, args)
  if (data.length > MAX_QUERY_CALL_BYTES) {
    const what = `the arguments of a query have at most ${MAX_QUERY_CALL_BYTES} bytes`
    throw new ClientError({ code: 'CLIENT_SETTING', what }, `Of ${name}, ${what}.`)
  }
  let renewed = false
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted()
    try {
      const { answer, signer, outcome } = await ask(session, scAddr, data, signal)
      if (!outcome.ok) throw failed(outcome.reason, outcome.message)
      const { deltaCount, headHash, block } = answer
      return { value: decodeResult(fragment!, outcome.output), deltaCount, headHash, block, signer }
    } catch (error) {
      const renews: boolean = !renewed && isForOtherKeys(error)
      if (tries >= MAX_ATTEMPTS || !(renews || isPassing(error))) throw error
      renewed ||= renews
      if (renews) session.seats.forget(scAddr)
      await sleep(session.timeouts.pollMs, signal)
    }
  }
}

/** The epoch or the head moved meanwhile, or the seats are busy or just starting: another query is needed. */
const PASSING = ['EPOCH_STALE', 'WORKER_BEHIND', 'QUERY_STALE', 'CHAIN_BEHIND', 'ENCLAVE_BUSY', 'WORKER_ENCLAVE_DOWN']
const isPassing = (error: unknown): boolean => PASSING.includes(codeOf(error))

async function ask(
  session: Session,
  scAddr: ScAddr,
  callData: Uint8Array,
  signal: AbortSignal | undefined
): Promise<CertifiedOutcome> {
  const { chain, domain, workers, seats, queryKeys } = session
  const [epoch, latest] = await Promise.all([chain.currentEpoch(), chain.latestBlock()])
  if (epoch === 0) throw new ClientError({ code: 'NO_EPOCH' }, 'No epoch has begun: no worker is drawn yet.')
  const [{ recipients }, key] = await Promise.all([
    seats.find(scAddr, epoch, signal),
    queryKeys.keyFor(scAddr, latest.timeSeconds)
  ])
  const body = queryBody.encode({ callData, permit: key.permit })
  const target = { ...domain, kind: TaskKind.query, scAddr, codeHash: ZERO_HASH, sender: key.issuer, epoch }
  const { envelope, cek } = sealEnvelope(target, recipients, body)
  const envelopeHash = envelopeHashOf(envelope)
  const notAfter = latest.timeSeconds + GOOD_SECONDS
  const signature = toHex(await key.sign({ scAddr, envelopeHash, notAfter }))
  const expected = { domain, scAddr, envelopeHash, cek, signers: recipients.map(({ signer }) => signer) }
  return workers.any(async url => {
    const given = await callWorker(url, 'queryContract', { envelope: toHex(envelope), notAfter, signature }, { signal })
    const opened = openAnswer(given, expected)
    await requireFresh(session, opened.answer, latest.block, signal)
    return opened
  }, signal)
}

/**
 * The head that the answer was computed on is the chain's at the answer's block, and no older than what this client had seen of the
 * chain when it asked: what it wrote itself before is in it.
 *
 * @throws QUERY_STALE, QUERY_ANSWER_WRONG
 */
async function requireFresh(
  { chain, timeouts }: Session,
  { scAddr, deltaCount, headHash, block }: QueryAnswer,
  seen: number,
  signal: AbortSignal | undefined
): Promise<void> {
  const until = Date.now() + NODE_WAIT_MS
  let head = await chain.blockNumber()
  while (head < block && Date.now() < until) {
    await sleep(Math.min(timeouts.pollMs, 250), signal)
    head = await chain.blockNumber()
  }
  if (head < block) throw answerWrong(`it is of block ${block}, which the chain has not reached`)
  const headAt = async (at: number): Promise<boolean> => {
    const [, found, count] = await chain.read('secretContract', [scAddr], { block: at })
    return hash(found as string) === headHash && Number(count) === deltaCount
  }
  if (!(await headAt(block))) throw answerWrong('its head is not the one that the chain has at its block')
  if (block >= seen || (await headAt(seen))) return
  throw new ClientError(
    { code: 'QUERY_STALE', block, seen },
    `The answer is of block ${block}, and the contract had changed by block ${seen}.`
  )
}

function failed(reason: number, message: string): ClientError {
  const name = reasonName(reason)
  return new ClientError(
    { code: 'QUERY_FAILED', reason, reasonName: name, readable: message },
    `The query failed (${name})${message === '' ? '.' : `: ${message}`}`,
    name === 'readOnly' ? { hint: 'This function writes; call it as a task.' } : {}
  )
}
