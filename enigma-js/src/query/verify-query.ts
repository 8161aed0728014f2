import {
  address,
  fromHex,
  hash,
  openQueryOutcome,
  outputHashOf,
  recoverSigner,
  scAddr as scAddrFrom,
  typedDigest,
  type Address,
  type Domain,
  type Hash,
  type QueryAnswer,
  type QueryContractResult,
  type QueryOutcome,
  type ScAddr
} from '@enigma/protocol'
import { ClientError } from '../errors.ts'

/** What an answer must fit. */
export interface ExpectedAnswer {
  readonly domain: Domain
  readonly scAddr: ScAddr
  readonly envelopeHash: Hash
  readonly cek: Uint8Array
  /** The seat holders that the query was encrypted to; their evidence was verified before. */
  readonly signers: readonly Address[]
}

export interface CertifiedOutcome {
  readonly answer: QueryAnswer
  readonly signer: Address
  readonly outcome: QueryOutcome
}

export const answerWrong = (what: string, cause?: unknown): ClientError =>
  new ClientError({ code: 'QUERY_ANSWER_WRONG', what }, `The answer to the query was refused: ${what}.`, {
    cause
  })

/**
 * Checks what needs no chain: the answer is of this query and contract, a seat holder's enclave signed it, and the ciphertext is
 * the one it names and opens.
 *
 * @throws QUERY_ANSWER_WRONG
 */
export function openAnswer(given: QueryContractResult, expected: ExpectedAnswer): CertifiedOutcome {
  const { domain, scAddr, envelopeHash, cek, signers } = expected
  let answer: QueryAnswer
  let result: Uint8Array
  let signer: Address
  try {
    answer = {
      envelopeHash: hash(given.answer.envelopeHash),
      outputHash: hash(given.answer.outputHash),
      scAddr: scAddrFrom(given.answer.scAddr),
      deltaCount: Number(given.answer.deltaCount),
      headHash: hash(given.answer.headHash),
      block: Number(given.answer.block)
    }
    result = fromHex(given.result)
    signer = address(recoverSigner(typedDigest(domain, 'QueryAnswer', answer), fromHex(given.signature, 65)))
  } catch (cause) {
    throw answerWrong('it does not parse', cause)
  }
  if (answer.envelopeHash !== envelopeHash) throw answerWrong('it is of another query')
  if (answer.scAddr !== scAddr) throw answerWrong('it is of another contract')
  if (!signers.includes(signer)) throw answerWrong('it is not signed by an enclave that holds a seat of the contract')
  if (outputHashOf(result) !== answer.outputHash) throw answerWrong('its output is not the one that was signed')
  try {
    return { answer, signer, outcome: openQueryOutcome(cek, answer, result) }
  } catch (cause) {
    throw answerWrong('its output does not open with the key of this query', cause)
  }
}
