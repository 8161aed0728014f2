import { fromHex, scAddr, taskId, type RpcMethodName, type ScAddr, type TaskId } from '@enigma/protocol'
import { invalidParams, reading } from './errors.ts'
import { METHOD_SPECS } from './openrpc.ts'
import { schemaFault } from './schema.ts'

/** The parameters of each method, decoded. */
export interface DecodedParams {
  getInfo: Record<string, never>
  getWorkerEncryptionKey: { readonly scAddr: ScAddr; readonly epoch: number }
  deploySecretContract: { readonly envelope: Uint8Array; readonly bytecode: Uint8Array }
  sendTaskInput: { readonly envelope: Uint8Array }
  getTaskStatus: { readonly taskId: TaskId }
  getTaskResult: { readonly taskId: TaskId }
  queryContract: { readonly envelope: Uint8Array; readonly notAfter: number; readonly signature: Uint8Array }
  subscribeTask: { readonly taskId: TaskId }
  unsubscribeTask: { readonly subscription: string }
  'rpc.discover': Record<string, never>
}

type Readers<T> = { readonly [K in keyof T]: (checked: unknown) => T[K] }

const hexed = (text: unknown): Uint8Array => fromHex(text as string)
const same = <T>(value: unknown): T => value as T
const contract = (text: unknown): ScAddr => scAddr(text as string)
const task = (text: unknown): TaskId => taskId(text as string)

/** What fits the schema of the OpenRPC document becomes what the handlers work with. */
const READERS: { readonly [M in RpcMethodName]: Readers<DecodedParams[M]> } = {
  getInfo: {},
  getWorkerEncryptionKey: { scAddr: contract, epoch: same },
  deploySecretContract: { envelope: hexed, bytecode: hexed },
  sendTaskInput: { envelope: hexed },
  getTaskStatus: { taskId: task },
  getTaskResult: { taskId: task },
  queryContract: { envelope: hexed, notAfter: same, signature: hexed },
  subscribeTask: { taskId: task },
  unsubscribeTask: { subscription: same },
  'rpc.discover': {}
}

/**
 * Takes `{...}`, or `[{...}]` as older clients send it. Every field must be there, fit its schema, and no other may be there.
 *
 * @throws RPC_INVALID_PARAMS
 */
export function decodeParams<M extends RpcMethodName>(method: M, params: unknown): DecodedParams[M] {
  const given = namedParams(params)
  const schemas = METHOD_SPECS[method].params
  const readers = READERS[method] as Record<string, (checked: unknown) => unknown>
  const unknown = Object.keys(given).find(name => !Object.hasOwn(schemas, name))
  if (unknown !== undefined) throw invalidParams('params', `${method} has no parameter of that name.`)
  const decoded: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(schemas)) {
    if (!Object.hasOwn(given, name)) throw invalidParams(name, `${method} needs ${name}.`)
    const fault = schemaFault(schema, given[name])
    if (fault !== null) throw invalidParams(name, `${name} ${fault}.`)
    decoded[name] = reading(name, () => readers[name]!(given[name]))
  }
  return decoded as DecodedParams[M]
}

function namedParams(params: unknown): Record<string, unknown> {
  if (params === undefined || params === null) return {}
  const only: unknown = Array.isArray(params) && params.length <= 1 ? (params[0] ?? {}) : params
  if (typeof only === 'object' && only !== null && !Array.isArray(only)) return only as Record<string, unknown>
  throw invalidParams('params', 'Parameters must be an object of named fields.')
}
