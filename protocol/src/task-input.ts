import { codec, u8, type Codec } from './codec.ts'
import {
  openBody,
  sealEnvelope,
  type Envelope,
  type EnvelopeRandomness,
  type EnvelopeTarget,
  type Recipient
} from './envelope.ts'
import { ProtocolError } from './errors.ts'
import type { Hash } from './ids.ts'
import { MAX_CALL_DATA_BYTES } from './params.ts'

/** The body of a task's envelope: what to call, and what the requester wants to know besides the output. */
export interface TaskInput {
  /** A trace of the run, for the requester alone (trace.ts). It changes nothing else: neither gas nor output. */
  readonly trace: boolean
  readonly callData: Uint8Array
}
const TRACE = 1

/** u8 flags (1: trace; others are refused), the call data. docs/spec/encodings.md */
export const taskInput: Codec<TaskInput> = codec<TaskInput>(
  'TaskInput',
  1 + MAX_CALL_DATA_BYTES,
  ({ trace, callData }, out) => {
    u8.write(trace ? TRACE : 0, out)
    out.push(callData)
  },
  from => {
    const flags = u8.read(from)
    if (flags > TRACE) {
      throw new ProtocolError(
        { code: 'PROTOCOL_DECODE', what: 'TaskInput' },
        'The input sets a flag that is not known.'
      )
    }
    return { trace: flags === TRACE, callData: from.take(from.left).slice() }
  }
)

/**
 * Encrypts a task's input to its distinct seat holders.
 *
 * @throws PROTOCOL_TOO_LARGE above MAX_CALL_DATA_BYTES.
 */
export function sealTaskInput(
  target: EnvelopeTarget,
  recipients: readonly Recipient[],
  input: TaskInput,
  randomness?: EnvelopeRandomness
): { envelope: Uint8Array; inputHash: Hash; cek: Uint8Array } {
  if (input.callData.length > MAX_CALL_DATA_BYTES) {
    throw new ProtocolError(
      { code: 'PROTOCOL_TOO_LARGE', what: 'call data', limitBytes: MAX_CALL_DATA_BYTES },
      `The call data has ${input.callData.length} bytes; at most ${MAX_CALL_DATA_BYTES} fit an envelope.`
    )
  }
  return sealEnvelope(target, recipients, taskInput.encode(input), randomness)
}

/** @throws PROTOCOL_DECRYPT or PROTOCOL_DECODE: faults that every seat sees alike (BadInput). */
export const openTaskInput = (envelope: Envelope, cek: Uint8Array): TaskInput =>
  taskInput.decode(openBody(envelope, cek))
