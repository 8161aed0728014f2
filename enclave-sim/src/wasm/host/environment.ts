import { gcmsiv } from '@noble/ciphers/aes.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { HOST_GAS } from '../gas.ts'
import { RUN_LIMITS } from '../limits.ts'
import { FAILURE_REASON } from '../reasons.ts'
import type { EthereumCallback, RunContext } from '../run-types.ts'
import type { HostImport } from './imports.ts'
import { randomStream } from './prf.ts'
import type { RunState } from './state.ts'
import { RunStop } from './stop.ts'

/** What the host calls of one run share. */
export interface EnvironmentInit {
  readonly callData: Uint8Array
  readonly readOnly: boolean
  readonly context: RunContext
  readonly seed: Uint8Array
  readonly state: RunState
  /** Takes gas from the run, or ends it. */
  readonly charge: (gas: number) => void
  readonly memory: () => WebAssembly.Memory
}

/** The effects of a run, apart from its state. */
export interface Effects {
  output: Uint8Array
  callback: EthereumCallback | null
  readonly log: Uint8Array[]
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
const readable = new TextDecoder()

/** The host functions of one run: gas first, then bounds, then the effect. Pointers come as signed 32-bit numbers and are made unsigned. */
export function createEnvironment(init: EnvironmentInit) {
  const { callData, readOnly, context, state, charge } = init
  const effects: Effects = { output: new Uint8Array(0), callback: null, log: [] }
  const random = randomStream(init.seed, 'enigma/wasm/random')
  const nonces = randomStream(init.seed, 'enigma/wasm/nonce')
  let cached = new Uint8Array(0)
  let logged = 0

  /** The contract's memory; a fresh view when it has grown. */
  const memory = (): Uint8Array => {
    if (cached.length === 0) cached = new Uint8Array(init.memory().buffer)
    return cached
  }
  const view = (pointer: number, length: number): Uint8Array => {
    const start = pointer >>> 0
    const size = length >>> 0
    if (start + size > memory().length)
      throw new RunStop(FAILURE_REASON.TRAP, 'The contract gave the platform memory out of bounds.')
    return memory().subarray(start, start + size)
  }
  const copy = (pointer: number, length: number): Uint8Array => view(pointer, length).slice()
  const put = (pointer: number, bytes: Uint8Array): void => view(pointer, bytes.length).set(bytes)
  const limit = (value: number, max: number, what: string): void => {
    if (value >>> 0 > max)
      throw new RunStop(FAILURE_REASON.LIMIT, `${what}: ${value >>> 0} is more than the limit of ${max}.`)
  }
  const keyAt = (pointer: number, length: number): string => {
    limit(length, RUN_LIMITS.keyBytes, 'Bytes of a state key')
    if (length === 0) throw new RunStop(FAILURE_REASON.LIMIT, 'A state key must not be empty.')
    const key = view(pointer, length)
    return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
  }
  const mayChange = (what: string): void => {
    if (readOnly) throw new RunStop(FAILURE_REASON.READ_ONLY, `A query cannot ${what}; send a task instead.`)
  }
  const change = (key: string, value: Uint8Array | null): void => {
    state.set(key, value)
    limit(state.stateBytes, RUN_LIMITS.stateBytes, "Bytes of the contract's state")
    limit(state.deltaBytes, RUN_LIMITS.deltaBytes, 'Bytes of state that one run changes')
  }
  const message = (pointer: number, length: number): string => {
    charge((length >>> 0) * HOST_GAS.copyPerByte)
    const text = readable.decode(copy(pointer, Math.min(length >>> 0, RUN_LIMITS.messageBytes)))
    return text.replace(/[\p{Cc}\p{Cs}]/gu, ' ')
  }
  /** Cost of work on `length` bytes. A length that no buffer can have is stopped by the gas it would cost. */
  const sized = ({ base, perByte }: { base: number; perByte: number }, length: number): void =>
    charge(base + (length >>> 0) * perByte)

  const functions: Record<HostImport, (...args: number[]) => number | bigint | void> = {
    input_length: () => {
      charge(HOST_GAS.context)
      return callData.length
    },
    input_copy: to => {
      charge(HOST_GAS.context + callData.length * HOST_GAS.copyPerByte)
      put(to!, callData)
    },
    output_set: (from, length) => {
      charge(HOST_GAS.output + (length! >>> 0) * HOST_GAS.copyPerByte)
      limit(length!, RUN_LIMITS.outputBytes, 'Bytes of output')
      effects.output = copy(from!, length!)
    },
    revert: (from, length) => {
      throw new RunStop(FAILURE_REASON.REVERT, message(from!, length!) || 'The contract gave up without saying why.')
    },
    bad_input: (from, length) => {
      throw new RunStop(
        FAILURE_REASON.BAD_INPUT,
        message(from!, length!) || 'The contract does not understand its input.'
      )
    },

    state_length: (key, keyLength) => {
      charge(HOST_GAS.stateRead.base)
      return state.get(keyAt(key!, keyLength!))?.length ?? -1
    },
    state_read: (key, keyLength, to, capacity) => {
      charge(HOST_GAS.stateRead.base)
      const value = state.get(keyAt(key!, keyLength!))
      if (value === undefined) return -1
      if (value.length <= capacity! >>> 0) {
        charge(value.length * HOST_GAS.stateRead.perByte)
        put(to!, value)
      }
      return value.length
    },
    state_write: (key, keyLength, from, length) => {
      mayChange('write state')
      sized(HOST_GAS.stateWrite, (keyLength! >>> 0) + (length! >>> 0))
      limit(length!, RUN_LIMITS.valueBytes, 'Bytes of a state value')
      change(keyAt(key!, keyLength!), copy(from!, length!))
    },
    state_remove: (key, keyLength) => {
      mayChange('remove state')
      sized(HOST_GAS.stateRemove, keyLength!)
      const name = keyAt(key!, keyLength!)
      if (state.get(name) === undefined) return 0
      change(name, null)
      return 1
    },

    caller: to => {
      charge(HOST_GAS.context)
      put(to!, context.caller)
    },
    contract_address: to => {
      charge(HOST_GAS.context)
      put(to!, context.scAddr)
    },
    block_number: () => {
      charge(HOST_GAS.context)
      return context.blockNumber
    },
    block_time: () => {
      charge(HOST_GAS.context)
      return context.timeSeconds
    },

    random: (to, length) => {
      sized(HOST_GAS.random, length!)
      limit(length!, RUN_LIMITS.hostBufferBytes, 'Random bytes in one call')
      put(to!, random(length!))
    },
    keccak256: (from, length, to) => {
      sized(HOST_GAS.keccak256, length!)
      put(to!, keccak_256(view(from!, length!)))
    },
    ecrecover: (hash, signature, to) => {
      charge(HOST_GAS.ecrecover)
      const address = recoverAddress(copy(hash!, 32), copy(signature!, 65))
      if (address === undefined) return 0
      put(to!, address)
      return 1
    },
    encrypt: (key, from, length, to) => {
      sized(HOST_GAS.cipher, length!)
      limit(length!, RUN_LIMITS.hostBufferBytes, 'Bytes to encrypt')
      const nonce = nonces(NONCE_BYTES)
      const sealed = gcmsiv(copy(key!, 32), nonce).encrypt(copy(from!, length!))
      put(to!, nonce)
      put((to! >>> 0) + NONCE_BYTES, sealed)
      return NONCE_BYTES + sealed.length
    },
    decrypt: (key, from, length, to) => {
      sized(HOST_GAS.cipher, length!)
      limit(length!, RUN_LIMITS.hostBufferBytes + NONCE_BYTES + TAG_BYTES, 'Bytes to decrypt')
      const sealed = copy(from!, length!)
      const keyBytes = copy(key!, 32)
      if (sealed.length < NONCE_BYTES + TAG_BYTES) return -1
      let opened: Uint8Array
      try {
        opened = gcmsiv(keyBytes, sealed.subarray(0, NONCE_BYTES)).decrypt(sealed.subarray(NONCE_BYTES))
      } catch {
        return -1 // wrong key or altered bytes: the contract decides what that means
      }
      put(to!, opened)
      return opened.length
    },

    callback_set: (target, data, length, gas) => {
      mayChange('call Ethereum back')
      limit(gas!, RUN_LIMITS.callbackGas, 'Gas of the Ethereum callback')
      sized(HOST_GAS.callback, length!)
      charge(gas! * HOST_GAS.callback.perEthereumGas)
      limit(length!, RUN_LIMITS.callbackBytes, 'Bytes of the Ethereum callback')
      effects.callback = { target: copy(target!, 20), data: copy(data!, length!), gas: gas! }
    },
    log: (from, length) => {
      sized(HOST_GAS.log, length!)
      limit(length!, RUN_LIMITS.logBytes, 'Bytes of a log entry')
      limit(effects.log.length + 1, RUN_LIMITS.logs, 'Log entries')
      logged += length! >>> 0
      limit(logged, RUN_LIMITS.logTotalBytes, 'Bytes of all log entries')
      effects.log.push(copy(from!, length!))
    }
  }
  /** For a trace: no gas, no trap. */
  const peek = (pointer: number, length: number): Uint8Array =>
    pointer + length > memory().length ? new Uint8Array(0) : memory().slice(pointer, pointer + length)
  return { functions, effects, peek }
}

/** The Ethereum address that signed `hash`; undefined if nobody can have. High-s signatures are refused: they are copies of another one. */
function recoverAddress(hash: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  const v = signature[64]!
  const recovery = v >= 27 ? v - 27 : v
  if (recovery > 1) return undefined
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.subarray(0, 64), 'compact')
    if (parsed.hasHighS()) return undefined
    const point = parsed.addRecoveryBit(recovery).recoverPublicKey(hash)
    return keccak_256(point.toBytes(false).subarray(1)).slice(12)
  } catch {
    return undefined
  }
}
