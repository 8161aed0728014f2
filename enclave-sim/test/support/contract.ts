import { concatBytes, fromHex, utf8, type Address } from '@enigma/protocol'
import { assemble, type Code } from '../wasm/assemble.ts'

/** The functions of the test contract, by the first byte of the call data. */
export const Op = {
  get: 0,
  set: 1,
  random: 2,
  context: 3,
  divide: 4,
  callback: 5,
  spin: 6,
  fail: 7,
  big: 8,
  hashing: 9,
  callBackTo: 10, // target (20), gas (u32, little endian), data
  callBackAndFail: 11,
  dice: 12,
  setAt: 13, // key (1 byte), value
  logged: 14
} as const

/** Call data for `Op.callBackTo`, which also writes the target into the state. */
export function callBackTo(target: Address, data: Uint8Array, gas: number): Uint8Array {
  const gasBytes = new Uint8Array(4)
  new DataView(gasBytes.buffer).setUint32(0, gas, true)
  return call(Op.callBackTo, concatBytes(fromHex(target), gasBytes, data))
}

export const call = (op: number, argument: Uint8Array = new Uint8Array()): Uint8Array =>
  concatBytes(Uint8Array.of(op), argument)

// Memory: 0 the key "k", 16 messages, 256 input, 4096 results.
const KEY = ['i32.const 0', 'i32.const 1']
const imports = [
  'input_length',
  'input_copy',
  'output_set',
  'revert',
  'bad_input',
  'state_length',
  'state_read',
  'state_write',
  'caller',
  'contract_address',
  'block_number',
  'block_time',
  'random',
  'callback_set',
  'keccak256',
  'log'
] as const
const host = (name: (typeof imports)[number]): string => `call ${imports.indexOf(name)}`

/** Runs `body` if the first byte of the input is `op`, and returns. */
const when = (op: number, body: Code): Code => [
  'i32.const 256',
  'i32.load8_u',
  `i32.const ${op}`,
  'i32.eq',
  'if',
  ...body,
  'return',
  'end'
]

const NO_ARGUMENT = utf8('the constructor wants an argument')
const LOG_ENTRY = utf8('a log entry')
const GAVE_UP = utf8('the contract does not like this')

/** A contract with one value, `k`, and a function for everything that a test needs. */
export const testContract: Uint8Array = assemble({
  imports: [...imports],
  memory: [2, 8],
  data: [
    [0, utf8('k')],
    [16, NO_ARGUMENT],
    [80, GAVE_UP],
    [160, LOG_ENTRY]
  ],
  deploy: [
    host('input_length'),
    'i32.eqz',
    'if',
    'i32.const 16',
    `i32.const ${NO_ARGUMENT.length}`,
    host('bad_input'),
    'end',
    'i32.const 256',
    host('input_copy'),
    ...KEY,
    'i32.const 256',
    host('input_length'),
    host('state_write')
  ],
  call: [
    'i32.const 256',
    host('input_copy'),
    ...when(Op.get, [
      'i32.const 4096',
      ...KEY,
      'i32.const 4096',
      'i32.const 65000',
      host('state_read'),
      host('output_set')
    ]),
    ...when(Op.set, [...KEY, 'i32.const 257', host('input_length'), 'i32.const 1', 'i32.sub', host('state_write')]),
    ...when(Op.setAt, [
      'i32.const 257',
      'i32.const 1',
      'i32.const 258',
      host('input_length'),
      'i32.const 2',
      'i32.sub',
      host('state_write')
    ]),
    ...when(Op.random, [
      'i32.const 4096',
      'i32.const 32',
      host('random'),
      ...KEY,
      'i32.const 4096',
      'i32.const 32',
      host('state_write'),
      'i32.const 4096',
      'i32.const 32',
      host('output_set')
    ]),
    ...when(Op.logged, [
      'i32.const 4096',
      ...KEY,
      'i32.const 4096',
      'i32.const 65000',
      host('state_read'),
      'drop',
      'drop',
      'i32.const 160',
      `i32.const ${LOG_ENTRY.length}`,
      host('log')
    ]),
    ...when(Op.dice, [
      'i32.const 4096',
      'i32.const 32',
      host('random'),
      'i32.const 4096',
      'i32.const 32',
      host('output_set')
    ]),
    ...when(Op.context, [
      'i32.const 4096',
      host('caller'),
      'i32.const 4116',
      host('contract_address'),
      'i32.const 4148',
      host('block_number'),
      'i64.store',
      'i32.const 4156',
      host('block_time'),
      'i64.store',
      'i32.const 4096',
      'i32.const 68',
      host('output_set')
    ]),
    ...when(Op.divide, ['i32.const 1', 'i32.const 0', 'i32.div_u', 'drop']),
    ...when(Op.callback, ['i32.const 4096', 'i32.const 4096', 'i32.const 4', 'i32.const 1000', host('callback_set')]),
    ...when(Op.spin, ['loop', 'br 0', 'end']),
    ...when(Op.fail, ['i32.const 80', `i32.const ${GAVE_UP.length}`, host('revert')]),
    ...when(Op.callBackTo, [
      'i32.const 257',
      'i32.const 281',
      host('input_length'),
      'i32.const 25',
      'i32.sub',
      'i32.const 277',
      'i32.load',
      host('callback_set'),
      ...KEY,
      'i32.const 257',
      'i32.const 20',
      host('state_write')
    ]),
    ...when(Op.callBackAndFail, [
      'i32.const 4096',
      'i32.const 4096',
      'i32.const 4',
      'i32.const 1000',
      host('callback_set'),
      'i32.const 80',
      `i32.const ${GAVE_UP.length}`,
      host('revert')
    ]),
    ...when(Op.big, ['i32.const 4096', 'i32.const 65536', host('output_set')])
  ]
})
