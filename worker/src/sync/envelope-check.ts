import { TaskKind, codeHashOf, envelopeCodec, inputHashOf, type Envelope } from '@enigma/protocol'
import { requireOpenEpoch } from '../chain/open-epoch.ts'
import type { ChainReader } from '../chain/reader.ts'
import { WorkerError } from '../errors.ts'

type Chain = Pick<ChainReader, 'facts' | 'contract' | 'currentEpoch' | 'head'>

/**
 * What any worker can see of an input before anything is relayed or paid: that it is whole, for this network, for a
 * contract that exists, for an epoch in which it can still be recorded, and that the bytecode is the one it names.
 *
 * @throws ENVELOPE_MALFORMED, SC_UNKNOWN, EPOCH_STALE, BYTECODE_MISMATCH
 */
export function requireDeliverable(chain: Chain, bytes: Uint8Array, bytecode: Uint8Array | null): Envelope {
  const envelope = decodeEnvelope(bytes)
  const { chainId, enigma, kind, scAddr, codeHash, epoch } = envelope.context
  if (chainId !== chain.facts.chainId || enigma !== chain.facts.enigma) {
    throw malformed('network', 'The input was made for another network.')
  }
  if (kind === TaskKind.deploy) {
    if (bytecode === null)
      throw malformed('bytecode', 'A deployment comes with its bytecode: call deploySecretContract.')
    if (codeHashOf(bytecode) !== codeHash) {
      throw new WorkerError(
        { code: 'BYTECODE_MISMATCH', codeHash },
        'The bytecode is not the one that the input names.'
      )
    }
  } else if (kind === TaskKind.compute) {
    if (bytecode !== null) throw malformed('bytecode', 'Only a deployment comes with bytecode.')
    if (!chain.contract(scAddr)) {
      throw new WorkerError({ code: 'SC_UNKNOWN', scAddr }, `There is no secret contract at ${scAddr}.`, {
        hint: 'Check the address, and that its deployment has succeeded on this network.'
      })
    }
  } else {
    throw malformed('kind', 'Only deployments and computations are tasks.')
  }
  requireOpenEpoch(chain, epoch)
  return envelope
}

function decodeEnvelope(bytes: Uint8Array): Envelope {
  try {
    return envelopeCodec.decode(bytes)
  } catch (cause) {
    throw malformed('encoding', `The input ${inputHashOf(bytes)} is not an envelope of this version.`, cause)
  }
}

function malformed(what: string, sentence: string, cause?: unknown): WorkerError {
  return new WorkerError({ code: 'ENVELOPE_MALFORMED', what }, sentence, { cause })
}
