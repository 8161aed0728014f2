import { expect } from 'chai'
import { BLOCK_GAS, INSTRUCTION_GAS, MEMORY_GAS, START_GAS } from '../../src/wasm/gas.ts'
import { assemble, type Code, type ModuleText } from './assemble.ts'
import { execute } from './support.ts'

const { simple, multiply, divide, global, load, store, branch, brTable, call, callIndirect, memoryGrow, memoryBulk } =
  INSTRUCTION_GAS
const block = BLOCK_GAS.small

/** Gas of the instructions of `call` alone, and of the functions it calls. */
function workGas(code: Code, text: Partial<ModuleText> = {}): number {
  const bytes = assemble({ memory: [0], ...text, call: code })
  const result = execute(bytes, { gasLimit: 100_000_000n })
  if (!result.ok && !/unreachable/.test(result.message)) throw new Error(result.message)
  const start = START_GAS.call + bytes.length * START_GAS.callPerCodeByte + (text.memory?.[0] ?? 0) * MEMORY_GAS.perPage
  return Number(result.gasUsed) - start
}

/** Each case by hand, from the rules in docs/spec/secret-contracts.md: a block is paid whole, when it is entered. */
const cases: [string, number, Code, Partial<ModuleText>?][] = [
  ['nothing', 0, []],
  [
    'one block of each kind of instruction',
    block + 10 * simple + multiply + divide + 2 * global,
    [
      'i32.const 7',
      'i32.const 3',
      'i32.add',
      'i32.const 3',
      'i32.mul',
      'i32.const 2',
      'i32.div_u',
      'global.set 0',
      'global.get 0',
      'drop',
      'nop',
      'i64.const 1',
      'i64.eqz',
      'drop'
    ],
    { globals: [['i32', true, 0]] }
  ],
  [
    'block and its end cost nothing and start nothing new at its front',
    block + 3 * simple,
    ['nop', 'block', 'nop', 'nop', 'end']
  ],
  [
    'what follows a block is a new one, since branches arrive there',
    2 * block + 2 * simple,
    ['block', 'nop', 'end', 'nop']
  ],
  [
    'what follows a loop is none: branches go to its start',
    2 * block + 3 * simple,
    ['nop', 'loop', 'nop', 'end', 'nop']
  ],
  ['an if that is not taken', block + simple + branch, ['i32.const 0', 'if', 'nop', 'nop', 'nop', 'end']],
  ['an if that is taken', 2 * block + simple + branch + 3 * simple, ['i32.const 1', 'if', 'nop', 'nop', 'nop', 'end']],
  [
    'the one side of an if',
    2 * block + simple + branch + 3 * simple,
    ['i32.const 1', 'if', 'nop', 'nop', 'nop', 'else', 'nop', 'end']
  ],
  [
    'the other side of an if',
    2 * block + simple + branch + simple,
    ['i32.const 0', 'if', 'nop', 'nop', 'nop', 'else', 'nop', 'end']
  ],
  ['a br_if that jumps', block + simple + branch, ['block', 'i32.const 1', 'br_if 0', 'nop', 'nop', 'end']],
  [
    'a br_if that does not',
    2 * block + simple + branch + 2 * simple,
    ['block', 'i32.const 0', 'br_if 0', 'nop', 'nop', 'end']
  ],
  ['nothing behind a br, a return or an unreachable', block + branch, ['block', 'br 0', 'nop', 'nop', 'end']],
  ['a return', block + branch, ['return', 'nop', 'nop']],
  ['an unreachable', block + simple, ['unreachable', 'nop', 'nop']],
  [
    'a br_table',
    2 * block + simple + brTable + simple,
    ['block', 'block', 'i32.const 1', 'br_table 0 1', 'end', 'nop', 'end', 'nop']
  ],
  [
    'the other way of a br_table',
    3 * block + simple + brTable + 2 * simple,
    ['block', 'block', 'i32.const 0', 'br_table 0 1', 'end', 'nop', 'end', 'nop']
  ],
  [
    'a loop by its turns',
    block + simple + global + 5 * (block + 2 * simple + 3 * global + branch),
    [
      'i32.const 5',
      'global.set 0',
      'loop',
      'global.get 0',
      'i32.const 1',
      'i32.sub',
      'global.set 0',
      'global.get 0',
      'br_if 0',
      'end'
    ],
    { globals: [['i32', true, 0]] }
  ],
  [
    'a call, and the callee',
    2 * block + call + 2 * simple,
    ['call 0'],
    { functions: [{ type: '->', body: ['nop', 'nop'] }] }
  ],
  ['a call of an empty function', block + call, ['call 0'], { functions: [{ type: '->', body: [] }] }],
  [
    'a call through the table',
    2 * block + simple + callIndirect + simple,
    ['i32.const 0', 'call_indirect 0'],
    { functions: [{ type: '->', body: ['nop'] }], table: [1], elements: [[0, [0]]] }
  ],
  [
    'loads and stores',
    block + 2 * simple + store + simple + load + simple,
    ['i32.const 0', 'i32.const 1', 'i32.store', 'i32.const 0', 'i32.load8_u', 'drop'],
    { memory: [1] }
  ],
  [
    'growing memory by two pages',
    block + simple + memoryGrow + simple + 2 * MEMORY_GAS.perPage,
    ['i32.const 2', 'memory.grow', 'drop']
  ],
  ['growing memory beyond its maximum', block + simple + memoryGrow + simple, ['i32.const 129', 'memory.grow', 'drop']],
  [
    'filling 800 bytes',
    block + 3 * simple + memoryBulk + 100,
    ['i32.const 0', 'i32.const 1', 'i32.const 800', 'memory.fill'],
    { memory: [1] }
  ],
  [
    'copying 801 bytes',
    block + 3 * simple + memoryBulk + 100,
    ['i32.const 0', 'i32.const 1', 'i32.const 801', 'memory.copy'],
    { memory: [1] }
  ]
]

describe('wasm/gas', () => {
  for (const [what, gas, code, text] of cases)
    it(`charges ${gas} for ${what}`, () => expect(workGas(code, text)).to.equal(gas))
})
