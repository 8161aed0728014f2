import {
  MAX_ASIDE_BYTES,
  MAX_BYTECODE_BYTES,
  MAX_ENVELOPE_BYTES,
  TASK_STAGES,
  type RpcMethodName
} from '@enigma/protocol'
import {
  addressText,
  bytes32,
  count,
  decimal,
  flag,
  hexBytes,
  listOf,
  objectOf,
  orNull,
  words,
  type Schema
} from './schema.ts'

interface MethodSpec {
  readonly summary: string
  readonly params: Readonly<Record<string, Schema>>
  readonly result: Schema
}

const report = objectOf({
  signer: addressText(),
  transportKey: bytes32(),
  operator: addressText(),
  chainId: decimal(),
  enigma: addressText(),
  principalSigner: addressText(),
  nonce: count()
})
const attested = objectOf({ report, evidence: hexBytes(0, 64 * 1024) })
const seat = objectOf({
  k: count(),
  index: count(),
  operator: addressText(),
  signer: addressText(),
  stake: decimal('grains'),
  path: listOf(objectOf({ hash: bytes32(), sum: decimal() }), 64),
  'encKey?': bytes32("the enclave's X25519 key for the epoch"),
  'encKeySig?': hexBytes(65, 65),
  'attested?': attested
})
const taskEvent = objectOf({
  stage: { type: 'string', enum: TASK_STAGES },
  'block?': count(),
  'signer?': addressText(),
  'signature?': hexBytes(65, 65),
  'detail?': words(1024)
})
const receipt = objectOf({
  taskId: bytes32(),
  scAddr: bytes32(),
  kind: count(),
  ok: flag,
  reason: count(),
  codeHash: bytes32(),
  inputHash: bytes32(),
  gasLimit: decimal(),
  epoch: count(),
  recordBlock: count(),
  recordTime: count('seconds'),
  prevHead: bytes32(),
  deltaHash: bytes32(),
  outputHash: bytes32(),
  gasUsed: decimal(),
  callbackTarget: addressText(),
  callbackDataHash: bytes32(),
  callbackGas: count()
})
const info = objectOf({
  peerId: words(128),
  status: { type: 'string', enum: ['initializing', 'unregistered', 'registered', 'logged-in'] },
  version: words(32),
  role: { type: 'string', enum: ['bootstrap', 'principal', 'worker'] },
  name: words(256),
  chainId: decimal(),
  enigma: addressText(),
  deploymentBlockHash: bytes32(),
  confirmations: count(),
  epoch: count(),
  operator: addressText(),
  mode: words(32),
  simulation: flag,
  isolation: words(32),
  measurement: bytes32(),
  attested: orNull(attested),
  principal: orNull(attested),
  peers: count()
})
const stored = objectOf({ inputHash: bytes32(), stored: listOf(addressText(), 8) })
const envelope = hexBytes(1, MAX_ENVELOPE_BYTES, 'R3 of docs/spec/protocol.md')
const subscription: Schema = { type: 'string', minLength: 34, maxLength: 34, pattern: '^0x[0-9a-f]{32}$' }

/**
 * Every method with the schemas of its parameters and result. The server checks parameters against these very schemas, and
 * answers this document at `rpc.discover` and GET /openrpc.json.
 */
export const METHOD_SPECS: Readonly<Record<RpcMethodName, MethodSpec>> = {
  getInfo: { summary: 'Who this node is, and on which network.', params: {}, result: info },
  getWorkerEncryptionKey: {
    summary: 'The seats of a secret contract in an epoch, with proofs and keys.',
    params: { scAddr: bytes32('address of the secret contract'), epoch: count() },
    result: objectOf({ epoch: count(), seats: listOf(seat, 8) })
  },
  deploySecretContract: {
    summary: 'Delivers the input of a deployment and its bytecode to the seats, before it is recorded.',
    params: { envelope, bytecode: hexBytes(1, MAX_BYTECODE_BYTES) },
    result: stored
  },
  sendTaskInput: {
    summary: 'Delivers the input of a task to the seats, before it is recorded.',
    params: { envelope },
    result: stored
  },
  getTaskStatus: {
    summary: 'How far a task has come.',
    params: { taskId: bytes32() },
    result: objectOf({
      taskId: bytes32(),
      status: { enum: [null, 'UNVERIFIED', 'INPROGRESS', 'SUCCESS', 'FAILED', 'ETHEREUMFAILURE'] },
      chainStatus: count(),
      events: listOf(taskEvent, 64)
    })
  },
  getTaskResult: {
    summary: 'The encrypted result of a settled task with its receipt; null while there is none.',
    params: { taskId: bytes32() },
    result: orNull(
      objectOf({
        taskId: bytes32(),
        receipt,
        signature: hexBytes(65, 65),
        result: hexBytes(0, 256 * 1024),
        log: hexBytes(0, MAX_ASIDE_BYTES),
        trace: hexBytes(0, MAX_ASIDE_BYTES)
      })
    )
  },
  queryContract: {
    summary: 'A read-only call, without transaction or fee: the encrypted outcome and the enclave that vouches for it.',
    params: {
      envelope,
      notAfter: count('seconds since 1970'),
      signature: hexBytes(65, 65, "the asker's, over EIP-712 Query")
    },
    result: objectOf({
      answer: objectOf({
        envelopeHash: bytes32(),
        outputHash: bytes32(),
        scAddr: bytes32(),
        deltaCount: count(),
        headHash: bytes32(),
        block: count()
      }),
      signature: hexBytes(65, 65, "the enclave's, over EIP-712 QueryAnswer"),
      result: hexBytes(0, 256 * 1024)
    })
  },
  subscribeTask: {
    summary: 'WebSocket only: notifications `taskEvent` with {subscription, event} from now on.',
    params: { taskId: bytes32() },
    result: subscription
  },
  unsubscribeTask: { summary: 'Ends a subscription.', params: { subscription }, result: flag },
  'rpc.discover': { summary: 'This document.', params: {}, result: { type: 'object' } }
}

export const RPC_METHOD_NAMES = Object.keys(METHOD_SPECS) as readonly RpcMethodName[]

const descriptor = (name: string, schema: Schema) => ({ name, required: true, schema })

/** The OpenRPC 1.3.2 document of a worker's JSON-RPC. */
export function openRpcDocument(version: string) {
  return {
    openrpc: '1.3.2',
    info: { title: 'Enigma worker', version, description: 'docs/spec/json-rpc.md', license: { name: 'MIT' } },
    methods: RPC_METHOD_NAMES.map(name => {
      const { summary, params, result } = METHOD_SPECS[name]
      return {
        name,
        summary,
        paramStructure: 'by-name',
        params: Object.entries(params).map(([param, schema]) => descriptor(param, schema)),
        result: { name: 'result', schema: result },
        errors: [
          { code: -32602, message: 'A parameter does not fit its schema; data.code is RPC_INVALID_PARAMS.' },
          { code: -32000, message: 'Refused; data.code says why (docs/errors.md). data.status 44: too often.' }
        ]
      }
    })
  }
}
