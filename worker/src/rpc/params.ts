import {
  MAX_BYTECODE_BYTES,
  MAX_ENVELOPE_BYTES,
  fromHex,
  scAddr,
  taskId,
  type RpcMethodName,
  type ScAddr,
  type TaskId
} from '@enigma/protocol'
import { invalidParams, reading } from './errors.ts'

/** The parameters of each method, decoded. */
export interface DecodedParams {
  getInfo: Record<string, never>
  getWorkerEncryptionKey: { readonly scAddr: ScAddr; readonly epoch: number }
  deploySecretContract: { readonly envelope: Uint8Array; readonly bytecode: Uint8Array }
  sendTaskInput: { readonly envelope: Uint8Array }
  getTaskStatus: { readonly taskId: TaskId }
  getTaskResult: { readonly taskId: TaskId }
  subscribeTask: { readonly taskId: TaskId }
  unsubscribeTask: { readonly subscription: string }
}

type Field<T> = (value: unknown, name: string) => T
type Fields<T> = { readonly [K in keyof T]: Field<T[K]> }

function textField<T>(read: (text: string) => T): Field<T> {
  return (value, name) => {
    if (typeof value !== 'string') throw invalidParams(name, `${name} must be a string.`)
    return reading(name, () => read(value))
  }
}

const scAddrField = textField<ScAddr>(scAddr)
const taskIdField = textField<TaskId>(taskId)
const subscriptionField = textField<string>(text => {
  if (/^0x[0-9a-f]{32}$/.test(text)) return text
  throw invalidParams('subscription', 'subscription must be an id that subscribeTask answered.')
})

/** `max` bytes in 0x hex; the length is checked before anything is decoded. */
const bytesField =
  (max: number): Field<Uint8Array> =>
  (value, name) => {
    if (typeof value === 'string' && value.length > 2 + 2 * max) {
      throw invalidParams(name, `${name} is larger than ${max} bytes.`)
    }
    return textField(text => fromHex(text))(value, name)
  }

const epochField: Field<number> = (value, name) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalidParams(name, `${name} must be a whole number, zero or more.`)
}

const FIELDS: { readonly [M in RpcMethodName]: Fields<DecodedParams[M]> } = {
  getInfo: {},
  getWorkerEncryptionKey: { scAddr: scAddrField, epoch: epochField },
  deploySecretContract: { envelope: bytesField(MAX_ENVELOPE_BYTES), bytecode: bytesField(MAX_BYTECODE_BYTES) },
  sendTaskInput: { envelope: bytesField(MAX_ENVELOPE_BYTES) },
  getTaskStatus: { taskId: taskIdField },
  getTaskResult: { taskId: taskIdField },
  subscribeTask: { taskId: taskIdField },
  unsubscribeTask: { subscription: subscriptionField }
}
export const RPC_METHOD_NAMES = Object.keys(FIELDS) as readonly RpcMethodName[]

/**
 * Takes `{...}`, or `[{...}]` as older clients send it. Every field must be there, and no other.
 *
 * @throws RPC_INVALID_PARAMS
 */
export function decodeParams<M extends RpcMethodName>(method: M, params: unknown): DecodedParams[M] {
  const given = namedParams(params)
  const fields = FIELDS[method] as Record<string, Field<unknown>>
  const unknown = Object.keys(given).find(name => !Object.hasOwn(fields, name))
  if (unknown !== undefined) throw invalidParams('params', `${method} has no parameter of that name.`)
  const decoded: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (!Object.hasOwn(given, name)) throw invalidParams(name, `${method} needs ${name}.`)
    decoded[name] = field(given[name], name)
  }
  return decoded as DecodedParams[M]
}

function namedParams(params: unknown): Record<string, unknown> {
  if (params === undefined || params === null) return {}
  const only: unknown = Array.isArray(params) && params.length <= 1 ? (params[0] ?? {}) : params
  if (typeof only === 'object' && only !== null && !Array.isArray(only)) return only as Record<string, unknown>
  throw invalidParams('params', 'Parameters must be an object of named fields.')
}
