import { openDeterministic, sealDeterministic } from './aead.ts'
import { bool, bytes, list, message, struct, text, u32, uint, type Codec } from './codec.ts'
import { MAX_STATE_KEY_BYTES } from './delta.ts'
import { abiEncode } from './hashing.ts'
import type { Hash } from './ids.ts'
import { runKeyOf } from './keys.ts'
import { pad, unpad } from './padding.ts'

/** What a run says besides its output: its log and, where it was asked for, its trace. For the requester alone. docs/spec/traces.md */

export const MAX_LOG_ENTRIES = 64
export const MAX_LOG_ENTRY_BYTES = 4 * 1024
/** Of all entries of a run together. */
export const MAX_LOG_BYTES = 60 * 1024
export const MAX_TRACE_EVENTS = 1024
export const MAX_TRACE_FUNCTIONS = 512
/** Largest ciphertext of either: a padded 64 KiB and the tag. */
export const MAX_ASIDE_BYTES = 64 * 1024 + 16
const MAX_PLAINTEXT = 64 * 1024 - 4

/** One call of the contract to the platform. */
export interface TraceEvent {
  readonly call: string // host function: state_read, log, random, ...
  readonly gasUsed: number // of the task, after it
  readonly key: Uint8Array // of a state function; else empty
  readonly size: number // bytes read, written, logged, hashed, ...
  readonly data: Uint8Array // of a log entry; else empty
}

/** Gas that one of the contract's functions took itself, without those it called. */
export interface FunctionGas {
  readonly index: number // in the module, imports first
  readonly calls: number
  readonly gas: number
}
/** Gas that calls of one host function took. */
export interface HostGas {
  readonly call: string
  readonly calls: number
  readonly gas: number
}

/** The same for every seat (R6). What is in no list is gas for starting the run and for memory. */
export interface TaskTrace {
  readonly gasUsed: number
  readonly functions: readonly FunctionGas[] // most gas first
  readonly host: readonly HostGas[] // most gas first
  readonly events: readonly TraceEvent[] // in order
  /** Events or functions beyond the bounds were left out; sums are complete. */
  readonly truncated: boolean
}

const taskTrace: Codec<TaskTrace> = message<TaskTrace>(
  'TaskTrace',
  1,
  {
    gasUsed: uint,
    functions: list(struct<FunctionGas>('FunctionGas', { index: u32, calls: uint, gas: uint }), MAX_TRACE_FUNCTIONS),
    host: list(struct<HostGas>('HostGas', { call: text(24), calls: uint, gas: uint }), 64),
    events: list(
      struct<TraceEvent>('TraceEvent', {
        call: text(24),
        gasUsed: uint,
        key: bytes(MAX_STATE_KEY_BYTES),
        size: u32,
        data: bytes(MAX_LOG_ENTRY_BYTES)
      }),
      MAX_TRACE_EVENTS
    ),
    truncated: bool
  },
  MAX_PLAINTEXT
)
interface TaskLog {
  readonly entries: readonly Uint8Array[]
}
const taskLog: Codec<TaskLog> = message<TaskLog>(
  'TaskLog',
  1,
  { entries: list(bytes(MAX_LOG_ENTRY_BYTES), MAX_LOG_ENTRIES) },
  MAX_PLAINTEXT
)

type Label = 'log' | 'trace'
const aad = (label: Label, runDigest: Hash): Uint8Array => abiEncode(['string', 'bytes32'], [label, runDigest])

/** AES-GCM-SIV with nonce 0: should two runs ever differ in these, it gives away no more than that. */
const seal = (label: Label, cek: Uint8Array, runDigest: Hash, plaintext: Uint8Array): Uint8Array =>
  sealDeterministic(runKeyOf(cek, label, runDigest), pad(plaintext), aad(label, runDigest))
const open = (label: Label, cek: Uint8Array, runDigest: Hash, ciphertext: Uint8Array): Uint8Array =>
  unpad(openDeterministic(label, runKeyOf(cek, label, runDigest), ciphertext, aad(label, runDigest)))

/** Of a successful run always, also if it has no entries: whoever leaves it out is found out. */
export const sealLog = (cek: Uint8Array, runDigest: Hash, entries: readonly Uint8Array[]): Uint8Array =>
  seal('log', cek, runDigest, taskLog.encode({ entries }))
/** @throws PROTOCOL_DECRYPT, PROTOCOL_DECODE */
export const openLog = (cek: Uint8Array, runDigest: Hash, ciphertext: Uint8Array): readonly Uint8Array[] =>
  taskLog.decode(open('log', cek, runDigest, ciphertext)).entries

export const sealTrace = (cek: Uint8Array, runDigest: Hash, trace: TaskTrace): Uint8Array =>
  seal('trace', cek, runDigest, taskTrace.encode(trace))
/** @throws PROTOCOL_DECRYPT, PROTOCOL_DECODE */
export const openTrace = (cek: Uint8Array, runDigest: Hash, ciphertext: Uint8Array): TaskTrace =>
  taskTrace.decode(open('trace', cek, runDigest, ciphertext))
