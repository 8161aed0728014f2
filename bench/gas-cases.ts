import { CODE_LIMITS } from '@enigma/enclave-sim/wasm'
import { assemble, firstFunction, instructions, type Code, type ModuleText } from '@enigma/enclave-sim/wasm-testing'

const COPIES = 32

/** Locals are stored once a turn: what nobody sees, the optimising compiler leaves out. */
const loop = (body: Code, text: Partial<ModuleText> = {}, locals = ''): Uint8Array<ArrayBuffer> => {
  const seen = locals
    .split(' ')
    .filter(Boolean)
    .flatMap((type, i) => ['i32.const 16', `local.get ${i}`, `${type}.store`])
  const endless = { type: '->', locals, body: ['loop', ...repeat(body), ...seen, 'br 0', 'end'] }
  const module: ModuleText = { memory: [128], ...text, functions: [...(text.functions ?? []), endless] }
  return assemble({ ...module, call: [`call ${firstFunction(module) + (text.functions?.length ?? 0)}`] })
}
const repeat = (body: Code): Code => Array.from({ length: COPIES }, () => body).flat()

/** x = x `op` y; y = y `op` x: every step waits for the one before, and no two can be folded into one. */
const step = (type: 'i32' | 'i64', op: string): Uint8Array<ArrayBuffer> =>
  loop(
    ['local.get 0', 'local.get 1', `${type}.${op}`, 'local.tee 0', 'local.get 1', `${type}.${op}`, 'local.set 1'],
    {},
    `${type} ${type}`
  )

/** The next number of a linear congruential generator, left in local 0: no branch predictor follows its bit 16. */
const lcg: Code = ['local.get 0', 'i32.const 1103515245', 'i32.mul', 'i32.const 12345', 'i32.add', 'local.set 0']

/** A pointer chase through 8 MiB, each step to another cache line. */
const chase = (): Uint8Array<ArrayBuffer> => {
  return loop(
    [...lcg, 'local.get 0', 'i32.const 8388604', 'i32.and', 'i32.load', 'local.get 0', 'i32.add', 'local.set 0'],
    {},
    'i32'
  )
}

/** The most locals a function may have, less one. */
const MAX = CODE_LIMITS.locals - 1

/** One function as large as may be, with as many locals as may be, around `count` small bodies. */
const large = (count: number, body: (i: number) => Code): Uint8Array<ArrayBuffer> => {
  const room = CODE_LIMITS.functionBytes * 0.95 - 2 * CODE_LIMITS.locals
  const bodies: Code = []
  let bytes = 0
  for (let i = 0; i < count && (bytes += instructions(body(i)).length) < room; i++) bodies.push(...body(i))
  const locals = 'i64 '.repeat(MAX)
  return assemble({ functions: [{ type: '->', locals, body: ['loop', ...bodies, 'br 0', 'end'] }], call: ['call 0'] })
}

/** Small functions of many blocks, called in turn. */
const crowd = (count: number): Uint8Array<ArrayBuffer> => {
  const body = Array.from({ length: 12 }, (_, k) => [`local.get ${k}`, 'i32.wrap_i64', 'if', 'end']).flat()
  const functions = Array.from({ length: count }, () => ({ type: '->', locals: 'i64 '.repeat(20), body }))
  const calls = ['loop', ...functions.map((_, i) => `call ${i}`), 'br 0', 'end']
  return assemble({ functions: [...functions, { type: '->', body: calls }], call: [`call ${count}`] })
}

/** By name, a module that spends all its gas on one thing. */
export const cases: Record<string, () => Uint8Array<ArrayBuffer>> = {
  'i32.add': () => step('i32', 'add'),
  'i64.add': () => step('i64', 'add'),
  'i32.rotl': () => step('i32', 'rotl'),
  'i64.mul': () => step('i64', 'mul'),
  'i32.mul': () => step('i32', 'mul'),
  'i64.popcnt': () =>
    loop(['local.get 0', 'i64.popcnt', 'local.get 1', 'i64.add', 'local.tee 1', 'local.set 0'], {}, 'i64 i64'),
  'i64.clz': () =>
    loop(['local.get 0', 'i64.clz', 'local.get 1', 'i64.add', 'local.tee 1', 'local.set 0'], {}, 'i64 i64'),
  'i32.div_u': () =>
    loop(['i32.const -1', 'local.get 0', 'i32.const 3', 'i32.or', 'i32.div_u', 'local.set 0'], {}, 'i32'),
  'i64.div_u': () =>
    loop(['i64.const -1', 'local.get 0', 'i64.const 3', 'i64.or', 'i64.div_u', 'local.set 0'], {}, 'i64'),
  'i64.div_s': () =>
    loop(
      ['i64.const 9223372036854775807', 'local.get 0', 'i64.const 3', 'i64.or', 'i64.div_s', 'local.set 0'],
      {},
      'i64'
    ),
  'i64.rem_u': () =>
    loop(['i64.const -1', 'local.get 0', 'i64.const 3', 'i64.or', 'i64.rem_u', 'local.set 0'], {}, 'i64'),
  'i64.rem_s': () =>
    loop(
      ['i64.const 9223372036854775807', 'local.get 0', 'i64.const 3', 'i64.or', 'i64.rem_s', 'local.set 0'],
      {},
      'i64'
    ),
  'select, unpredictable': () =>
    loop(
      [...lcg, 'local.get 0', 'local.get 1', 'local.get 0', 'i32.const 65536', 'i32.and', 'select', 'local.set 1'],
      {},
      'i32 i32'
    ),
  'if, unpredictable': () =>
    loop(
      [
        ...lcg,
        'local.get 0',
        'i32.const 65536',
        'i32.and',
        'if',
        'local.get 0',
        'i32.const 1',
        'i32.add',
        'local.set 0',
        'end'
      ],
      {},
      'i32'
    ),
  'br_if, not taken': () => loop(['block', 'local.get 0', 'br_if 0', 'end'], {}, 'i32'),
  'br_table, unpredictable': () =>
    loop(
      [
        ...lcg,
        ...'block block block block block block block block'.split(' '),
        'local.get 0',
        'i32.const 16',
        'i32.shr_u',
        'i32.const 7',
        'i32.and',
        'br_table 0 1 2 3 4 5 6 7',
        ...Array<string>(8).fill('end')
      ],
      {},
      'i32'
    ),
  'global.set': () => loop(['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0'], { globals: [['i32', true, 0]] }),
  'i32.load, cached': () => loop(['local.get 0', 'i32.load', 'local.set 0'], {}, 'i32'),
  'i32.load, scattered': chase,
  'i64.store, cached': () => loop(['i32.const 8', 'local.get 0', 'i64.store'], {}, 'i64'),
  'i32.store, scattered': () =>
    loop([...lcg, 'local.get 0', 'i32.const 8388604', 'i32.and', 'local.get 0', 'i32.store'], {}, 'i32'),
  'call, leaf': () => loop(['call 0'], { functions: [{ type: '->', body: [] }] }),
  'call, with frame': () =>
    loop(['call 1'], {
      functions: [
        { type: '->', body: [] },
        { type: '->', body: ['call 0'] }
      ]
    }),
  'call, 500 locals': () =>
    loop(['call 0'], {
      functions: [{ type: '->', locals: 'i64 '.repeat(500), body: ['i32.const 0', 'if', 'call 0', 'end'] }]
    }),
  call_indirect: () =>
    loop(['i32.const 0', 'call_indirect 0'], {
      functions: [{ type: '->', body: [] }],
      table: [1],
      elements: [[0, [0]]]
    }),
  'call_indirect, unpredictable': () =>
    loop(
      [...lcg, 'local.get 0', 'i32.const 16', 'i32.shr_u', 'i32.const 3', 'i32.and', 'call_indirect 0'],
      {
        functions: Array.from({ length: 4 }, () => ({ type: '->', body: [] })),
        table: [4],
        elements: [[0, [0, 1, 2, 3]]]
      },
      'i32'
    ),
  'recursion to the limit': () =>
    loop(['call 0'], {
      functions: [
        {
          type: '->',
          locals: 'i32',
          body: [
            'global.get 0',
            'i32.const 3000',
            'i32.lt_u',
            'if',
            'global.get 0',
            'i32.const 1',
            'i32.add',
            'global.set 0',
            'call 0',
            'end',
            'i32.const 0',
            'global.set 0'
          ]
        }
      ],
      globals: [['i32', true, 0]]
    }),
  'memory.size': () => loop(['memory.size', 'drop']),
  'memory.grow, refused': () => loop(['i32.const 1', 'memory.grow', 'drop']),
  'memory.copy, 0 bytes': () => loop(['i32.const 0', 'i32.const 8', 'i32.const 0', 'memory.copy']),
  'memory.copy, 4 MiB': () => loop(['i32.const 0', 'i32.const 4194304', 'i32.const 4194304', 'memory.copy']),
  'memory.fill, 8 MiB': () => loop(['i32.const 0', 'i32.const 1', 'i32.const 8388608', 'memory.fill']),
  // What keeps the optimising compiler busy for longer than the run: these show the speed of unoptimised code.
  'large function of branches': () =>
    large(20_000, i => [
      `local.get ${(i * 7) % MAX}`,
      'i32.wrap_i64',
      'if',
      `local.get ${(i * 13) % MAX}`,
      'i64.const 1',
      'i64.add',
      `local.set ${(i * 31) % MAX}`,
      'end'
    ]),
  'large function of arithmetic': () =>
    large(20_000, i => [
      `local.get ${(i * 7) % MAX}`,
      `local.get ${(i * 13) % MAX}`,
      'i64.add',
      'i64.const 77',
      'i64.rotl',
      `local.set ${(i * 31) % MAX}`
    ]),
  'large function of loads': () =>
    large(20_000, i => [
      `local.get ${(i * 7) % MAX}`,
      'i32.wrap_i64',
      'i32.const 65535',
      'i32.and',
      'i64.load',
      `local.set ${(i * 31) % MAX}`
    ]),
  'large function of loops': () =>
    large(20_000, i => [
      'loop',
      `local.get ${i % MAX}`,
      'i64.const 1',
      'i64.add',
      `local.tee ${(i + 1) % MAX}`,
      'i32.wrap_i64',
      'i32.const 1',
      'i32.and',
      'br_if 0',
      'end'
    ]),
  'functions of 500 KiB': () => crowd(3400),
  'functions of 32 KiB': () => crowd(210),
  'host: block_number': () => loop(['call 0', 'drop'], { imports: ['block_number'] }),
  'host: caller': () => loop(['i32.const 0', 'call 0'], { imports: ['caller'] }),
  'host: output_set, 0 bytes': () => loop(['i32.const 0', 'i32.const 0', 'call 0'], { imports: ['output_set'] }),
  'host: output_set, 64 KiB': () => loop(['i32.const 0', 'i32.const 65536', 'call 0'], { imports: ['output_set'] }),
  'host: state_read, absent': () =>
    loop(['i32.const 0', 'i32.const 256', 'i32.const 0', 'i32.const 0', 'call 0', 'drop'], { imports: ['state_read'] }),
  'host: state_read, 64 KiB': () =>
    loop(['i32.const 0', 'i32.const 4', 'i32.const 0', 'i32.const 65536', 'call 0', 'drop'], {
      imports: ['state_read']
    }),
  'host: state_write, small, one key': () =>
    loop(['i32.const 0', 'i32.const 4', 'i32.const 0', 'i32.const 4', 'call 0'], { imports: ['state_write'] }),
  'host: state_write, 64 KiB': () =>
    loop(['i32.const 0', 'i32.const 4', 'i32.const 0', 'i32.const 65536', 'call 0'], { imports: ['state_write'] }),
  'host: state_remove, absent': () =>
    loop(['i32.const 0', 'i32.const 256', 'call 0', 'drop'], { imports: ['state_remove'] }),
  'host: random, 1 byte': () => loop(['i32.const 0', 'i32.const 1', 'call 0'], { imports: ['random'] }),
  'host: random, 64 KiB': () => loop(['i32.const 0', 'i32.const 65536', 'call 0'], { imports: ['random'] }),
  'host: keccak256, 0 bytes': () =>
    loop(['i32.const 0', 'i32.const 0', 'i32.const 0', 'call 0'], { imports: ['keccak256'] }),
  'host: keccak256, 135 bytes': () =>
    loop(['i32.const 0', 'i32.const 135', 'i32.const 0', 'call 0'], { imports: ['keccak256'] }),
  'host: keccak256, 1 MiB': () =>
    loop(['i32.const 0', 'i32.const 1048576', 'i32.const 0', 'call 0'], { imports: ['keccak256'] }),
  'host: ecrecover': () =>
    loop(['i32.const 0', 'i32.const 32', 'i32.const 128', 'call 0', 'drop'], {
      imports: ['ecrecover'],
      data: [[0, signed()]]
    }),
  'host: encrypt, 1 byte': () =>
    loop(['i32.const 0', 'i32.const 0', 'i32.const 1', 'i32.const 64', 'call 0', 'drop'], { imports: ['encrypt'] }),
  'host: encrypt, 64 KiB': () =>
    loop(['i32.const 0', 'i32.const 0', 'i32.const 65536', 'i32.const 65536', 'call 0', 'drop'], {
      imports: ['encrypt']
    }),
  'host: decrypt, 64 KiB, forged': () =>
    loop(['i32.const 0', 'i32.const 0', 'i32.const 65536', 'i32.const 65536', 'call 0', 'drop'], {
      imports: ['decrypt']
    }),
  'host: callback_set, 4 KiB, 0 gas': () =>
    loop(['i32.const 0', 'i32.const 0', 'i32.const 4096', 'i32.const 0', 'call 0'], { imports: ['callback_set'] })
}

/** A hash (32 bytes) and a valid signature r, s, v over it (65 bytes): r = 1 is a point on the curve. */
function signed(): Uint8Array {
  const bytes = new Uint8Array(97)
  bytes.fill(0x11, 0, 32)
  bytes[63] = 1
  bytes[95] = 1
  bytes[96] = 27
  return bytes
}
