import type { DevnetWorker } from '@enigma/devnet'
import {
  TaskKind,
  ZERO_HASH,
  address,
  addressOfPrivateKey,
  envelopeHashOf,
  fromHex,
  openQueryOutcome,
  queryBody,
  randomBytes,
  sealEnvelope,
  signDigest,
  toHex,
  typedDigest,
  type ScAddr
} from '@enigma/protocol'
import { decodeResult, encodeCall } from '@enigma/protocol/secret-abi'
import { callWorker } from 'enigma-js'
import { counterContract } from '../../e2e/support/counter.ts'
import { must } from '../row.ts'
import type { FaultNet } from './fault-net.ts'
import { statusOf } from './inputs.ts'

/**
 * Asks this worker's own enclave for the counter until it answers, and fails the row unless the number is what the chain's verified tasks
 * come to at the block that the answer names.
 */
export async function requireOwnCount(net: FaultNet, worker: DevnetWorker, scAddr: ScAddr): Promise<void> {
  const ask = (): Promise<string> => wrongCount(net, worker, scAddr)
  const wrong = await net.eventually(`an answer of ${worker.name}'s own enclave`, ask)
  must(wrong === '', wrong)
}

/** Asks once. @returns what is wrong with the answer, or nothing. @throws its refusal */
export async function wrongCount(net: FaultNet, worker: DevnetWorker, scAddr: ScAddr): Promise<string> {
  const { value, block } = await countOf(net, worker, scAddr)
  const counted = (await net.ledger.receipts(scAddr)).filter(at => at <= block).length - 1 // the deployment
  if (value === BigInt(counted)) return ''
  return `${worker.name} answered ${value} for block ${block}, where ${counted} tasks were verified`
}

const GOOD_SECONDS = 120

/**
 * The number of a counter as this worker's own enclave has it: the query is sealed to that alone, so that no other seat answers in its
 * place, and asked by nobody in particular.
 *
 * @throws its refusal
 */
async function countOf(
  { devnet, ledger }: FaultNet,
  worker: DevnetWorker,
  scAddr: ScAddr
): Promise<{ readonly value: bigint; readonly block: number }> {
  const { abi } = await counterContract()
  const domain = { chainId: BigInt(devnet.chainId), enigma: address(devnet.enigma) }
  const [{ signer }, epoch, latest] = await Promise.all([
    statusOf(worker),
    ledger.epoch(),
    ledger.provider.getBlock('latest')
  ])
  const { seats } = await callWorker(worker.httpUrl, 'getWorkerEncryptionKey', { scAddr, epoch })
  const key = seats.find(seat => seat.signer === signer)?.encKey
  if (key === undefined) throw new Error(`${worker.name} has no seat`)
  const privateKey = randomBytes(32)
  const { data, fragment } = encodeCall(abi, 'current', [])
  const sender = addressOfPrivateKey(privateKey)
  const target = { ...domain, kind: TaskKind.query, scAddr, codeHash: ZERO_HASH, sender, epoch }
  const body = queryBody.encode({ callData: data, permit: null })
  const { envelope, cek } = sealEnvelope(target, [{ signer, key }], body)
  const notAfter = latest!.timestamp + GOOD_SECONDS
  const digest = typedDigest(domain, 'Query', { scAddr, envelopeHash: envelopeHashOf(envelope), notAfter })
  const asked = { envelope: toHex(envelope), notAfter, signature: toHex(signDigest(digest, privateKey)) }
  const { answer, result } = await callWorker(worker.httpUrl, 'queryContract', asked)
  const outcome = openQueryOutcome(cek, answer, fromHex(result))
  must(outcome.ok, `${worker.name} answered a query with failure ${outcome.reason}: ${outcome.message}`)
  return { value: decodeResult(fragment!, outcome.output) as bigint, block: answer.block }
}
