import {
  MAX_BYTECODE_BYTES,
  MAX_ENVELOPE_BYTES,
  EnvelopeVerdict,
  TaskKind,
  ZERO_HASH,
  asError,
  codeHashOf,
  envelopeCodec,
  inputHashOf,
  printable,
  type Address,
  type Envelope,
  type EnvelopeContext
} from '@enigma/protocol'
import { requireOpenEpoch } from '../chain/open-epoch.ts'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { ContentStore } from '../sync/interfaces.ts'
import type { ReachPoint } from '../ops/crash-points.ts'
import { WorkerError } from '../errors.ts'
import { untilIndexed } from './views.ts'
import type { EnvelopeStore } from './envelope-store.ts'

export interface IntakeParts {
  readonly chain: ChainReader
  readonly enclave: Enclave
  readonly envelopes: EnvelopeStore
  readonly content: Pick<ContentStore, 'putBytecode' | 'getBytecode'>
  readonly reach: ReachPoint
}

/** A client may know a block that this worker indexes a moment later. */
const CATCH_UP_MS = 2_000

const malformed = (what: string): WorkerError =>
  new WorkerError({ code: 'ENVELOPE_MALFORMED', what }, `The input was refused: ${what}.`)

/**
 * Takes an input as a seat holder (R4): every fact that can be checked in clear is, then the enclave says whether it can
 * open it, then it goes to disk. Only after that it is acknowledged, so that nobody pays for an input that is lost.
 */
export function createIntake({ chain, enclave, envelopes, content, reach }: IntakeParts) {
  function decode(bytes: Uint8Array): Envelope {
    if (bytes.length > MAX_ENVELOPE_BYTES) {
      throw new WorkerError(
        { code: 'ENVELOPE_TOO_LARGE', bytes: bytes.length, limitBytes: MAX_ENVELOPE_BYTES },
        `The input has ${bytes.length} bytes; at most ${MAX_ENVELOPE_BYTES} are taken.`
      )
    }
    try {
      return envelopeCodec.decode(bytes)
    } catch (cause) {
      throw new WorkerError({ code: 'ENVELOPE_MALFORMED', what: 'encoding' }, 'The input is not an envelope.', {
        cause
      })
    }
  }

  function requireNetwork(x: EnvelopeContext): void {
    if (x.chainId !== chain.facts.chainId || x.enigma !== chain.facts.enigma)
      throw malformed('it is for another network')
    if (x.kind !== TaskKind.deploy && x.kind !== TaskKind.compute)
      throw malformed('it is neither a deployment nor a call')
  }

  async function requireEpoch({ epoch }: EnvelopeContext): Promise<void> {
    if (epoch === (chain.currentEpoch()?.epoch ?? 0) + 1) await nextHead()
    requireOpenEpoch(chain, epoch)
  }

  async function requireContract({ kind, scAddr }: EnvelopeContext): Promise<void> {
    if (kind === TaskKind.deploy) {
      if (chain.contract(scAddr)) throw malformed('a contract is deployed at this address already')
      return
    }
    if (!chain.contract(scAddr)) await nextHead()
    if (chain.contract(scAddr)) return
    throw new WorkerError({ code: 'SC_UNKNOWN', scAddr }, `There is no secret contract at ${scAddr}.`, {
      hint: 'Check the address, and that its deployment succeeded. Nothing was paid.'
    })
  }

  const nextHead = (): Promise<void> => untilIndexed(chain, chain.head().number + 1, CATCH_UP_MS).catch(() => undefined)

  function requireSeat({ epoch, scAddr }: EnvelopeContext, signer: Address): void {
    if (chain.seats(epoch, scAddr).some(leaf => leaf.signer === signer)) return
    throw new WorkerError(
      { code: 'WORKER_NOT_SELECTED', scAddr, epoch },
      `This worker holds no seat of ${scAddr} in epoch ${epoch}.`
    )
  }

  async function requireBytecode(x: EnvelopeContext, bytecode: Uint8Array | null): Promise<number> {
    if (x.kind !== TaskKind.deploy) {
      if (x.codeHash !== ZERO_HASH) throw malformed('a call names a code hash')
      return 0
    }
    if (!bytecode) {
      if (await content.getBytecode(x.codeHash)) return 0
      throw malformed('a deployment without its bytecode')
    }
    if (bytecode.length > MAX_BYTECODE_BYTES) throw malformed(`more than ${MAX_BYTECODE_BYTES} bytes of bytecode`)
    if (codeHashOf(bytecode) === x.codeHash) return bytecode.length
    throw new WorkerError(
      { code: 'BYTECODE_MISMATCH', codeHash: x.codeHash },
      'The bytecode is not the one that the input was encrypted for.'
    )
  }

  /** @throws STORE_FAILED if the disk refuses: whoever opened the database raises the alarm */
  async function onDisk(write: Promise<unknown>): Promise<void> {
    try {
      await write
    } catch (cause) {
      const reason = printable(asError(cause).message)
      throw new WorkerError({ code: 'STORE_FAILED', reason }, 'The disk of this worker refuses the input.', {
        hint: 'Nothing was stored and nothing is paid. Ask another worker.',
        cause
      })
    }
  }

  return {
    /** @returns the hash by which the input is kept. @throws see TaskService.storeEnvelope */
    async take(bytes: Uint8Array, bytecode: Uint8Array | null): Promise<ReturnType<typeof inputHashOf>> {
      const { context } = decode(bytes)
      const inputHash = inputHashOf(bytes)
      if (envelopes.has(inputHash)) return inputHash
      requireNetwork(context)
      await requireEpoch(context)
      await requireContract(context)
      requireSeat(context, enclave.identity.signer)
      const size = bytes.length + (await requireBytecode(context, bytecode))
      envelopes.requireRoom(context.sender, size)
      const { verdict } = await enclave.call('checkEnvelope', { envelope: bytes })
      if (verdict === EnvelopeVerdict.notForSeat) {
        throw new WorkerError(
          { code: 'INPUT_NOT_FOR_SEAT', inputHash },
          'The enclave of this seat cannot open the input.',
          {
            hint: 'It was encrypted to another key. Ask for the keys of the epoch and encrypt again. Nothing was paid.'
          }
        )
      }
      if (verdict !== EnvelopeVerdict.forSeat) throw malformed('the enclave does not take it for an envelope')
      if (context.kind === TaskKind.deploy && bytecode) await onDisk(content.putBytecode(bytecode, context.sender))
      envelopes.requireRoom(context.sender, size) // others may have come meanwhile
      const { sender, scAddr, epoch } = context
      const recorded = chain.tasksByInput(inputHash).length > 0
      await onDisk(envelopes.put({ inputHash, sender, scAddr, epoch, bytes: size, recorded }, bytes))
      reach('envelope')
      return inputHash
    }
  }
}
