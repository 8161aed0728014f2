import { assemble, type Code, type FunctionText } from './assemble.ts'

/** A small, repeatable generator of random numbers (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let a = seed >>> 0
  return below => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

type Type = 'i32' | 'i64'
const TYPES: Type[] = ['i32', 'i64']
const BINARY = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'.split(' ')
const COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'.split(' ')
const UNARY = 'clz ctz popcnt'.split(' ')
const LOADS: Record<Type, string[]> = {
  i32: 'load load8_s load8_u load16_s load16_u'.split(' '),
  i64: 'load load8_s load8_u load16_s load16_u load32_s load32_u'.split(' ')
}
const STORES: Record<Type, string[]> = {
  i32: 'store store8 store16'.split(' '),
  i64: 'store store8 store16 store32'.split(' ')
}

interface Scope {
  readonly locals: Type[]
  /** Result types of the enclosing blocks, innermost last; undefined = a loop, or a block without result. */
  readonly labels: { readonly type: Type | undefined; readonly loop: boolean }[]
  readonly fuel: number // index of the i32 local that bounds loops
  readonly callable: { readonly index: number; readonly params: Type[]; readonly result: Type }[]
}

/**
 * A random valid module without imports: integer instructions of every kind, nested blocks, loops bounded by fuel, branches of every
 * kind, memory, globals, calls direct and through the table, memory.grow, copy and fill. Its `call` stores results in memory.
 */
export function randomModule(seed: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(seed)
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!
  const constant = (type: Type): string =>
    `${type}.const ${pick([0, 1, -1, 2, 7, 31, 64, 255, 65_535, -128, type === 'i32' ? -2147483648 : '-9223372036854775808', random(2 ** 31) - 2 ** 30])}`

  const address = (scope: Scope, depth: number): Code => [
    ...value(scope, 'i32', depth),
    `i32.const ${random(12) === 0 ? 131_071 : 16_383}`,
    'i32.and'
  ] // some are out of bounds

  function value(scope: Scope, type: Type, depth: number): Code {
    const locals = scope.locals.flatMap((local, i) => (local === type && i !== scope.fuel ? [i] : []))
    if (depth <= 0) return locals.length > 0 && random(2) === 0 ? [`local.get ${pick(locals)}`] : [constant(type)]
    const other: Type = type === 'i32' ? 'i64' : 'i32'
    const next = (of: Type = type): Code => value(scope, of, depth - 1 - random(2))
    switch (random(16)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const op = pick(BINARY)
        const divisor = /div|rem/.test(op) && random(8) > 0 ? [`${type}.const 1`, `${type}.or`] : [] // mostly not zero
        return [...next(), ...next(), ...divisor, `${type}.${op}`]
      }
      case 4:
        return [...next(), `${type}.${pick([...UNARY, 'extend8_s', 'extend16_s'])}`]
      case 5: {
        if (type === 'i64') return [...next('i32'), `i64.extend_i32_${pick(['s', 'u'])}`]
        const of = pick(TYPES)
        return [...next(of), ...next(of), `${of}.${pick(COMPARE)}`]
      }
      case 6:
        return type === 'i32' ? [...next(other), pick(['i32.wrap_i64', 'i64.eqz'])] : [...next(), 'i64.extend32_s']
      case 7:
        return [...next(), ...next(), ...next('i32'), 'select']
      case 8:
        return [
          ...address(scope, depth - 2),
          `${type}.${pick(LOADS[type])} ${random(20) === 0 ? 65_000 : pick([0, 1, 8])}`
        ]
      case 9:
        return [`global.get ${type === 'i32' ? 0 : 1}`]
      case 10: {
        const inner = { ...scope, labels: [...scope.labels, { type, loop: false }] }
        const body = [...statements(inner, depth - 1), ...value(inner, type, depth - 1)]
        return ['block ' + type, ...body, 'end']
      }
      case 11: {
        const inner = { ...scope, labels: [...scope.labels, { type, loop: false }] }
        return [
          ...next('i32'),
          'if ' + type,
          ...value(inner, type, depth - 1),
          'else',
          ...value(inner, type, depth - 1),
          'end'
        ]
      }
      case 12: {
        const callees = scope.callable.filter(({ result }) => result === type)
        if (callees.length === 0) return next()
        const callee = pick(callees)
        return [...callee.params.flatMap(param => value(scope, param, depth - 2)), `call ${callee.index}`]
      }
      case 13:
        return locals.length > 0 ? [...next(), `local.tee ${pick(locals)}`] : next()
      case 14:
        if (type === 'i32') return pick([['memory.size'], [`i32.const ${random(3)}`, 'memory.grow']])
        return next()
      default:
        // through the table, to functions 0..3 of type () -> i64; sometimes beyond it, or to another type
        if (type === 'i64' && scope.callable.length > 4)
          return [`i32.const ${random(20) === 0 ? 4 + random(2) : random(4)}`, 'call_indirect 0']
        return next()
    }
  }

  function statements(scope: Scope, depth: number): Code {
    return Array.from({ length: 1 + random(3) }, () => statement(scope, depth)).flat()
  }

  function statement(scope: Scope, depth: number): Code {
    const type = pick(TYPES)
    const settable = scope.locals.flatMap((local, i) => (local === type && i !== scope.fuel ? [i] : []))
    if (depth <= 0) return settable.length > 0 ? [constant(type), `local.set ${pick(settable)}`] : ['nop']
    const less = depth - 1
    switch (random(13)) {
      case 0:
      case 1:
        return settable.length > 0 ? [...value(scope, type, less), `local.set ${pick(settable)}`] : ['nop']
      case 2:
        return [...value(scope, type, less), `global.set ${type === 'i32' ? 0 : 1}`]
      case 3:
        return [
          ...address(scope, less - 1),
          ...value(scope, type, less),
          `${type}.${pick(STORES[type])} ${pick([0, 4, 1000])}`
        ]
      case 4:
        return [
          ...value(scope, 'i32', less),
          'if',
          ...statements(inside(scope), less),
          ...(random(2) ? ['else', ...statements(inside(scope), less)] : []),
          'end'
        ]
      case 5:
        return ['block', ...statements(inside(scope), less), 'end']
      case 6: {
        const inner = inside(scope, true)
        const turn = [
          `local.get ${scope.fuel}`,
          'i32.const 1',
          'i32.sub',
          `local.tee ${scope.fuel}`,
          'i32.const 0',
          'i32.gt_s',
          'br_if 0'
        ]
        return ['loop', ...statements(inner, less), ...turn, 'end']
      }
      case 7:
      case 8: {
        // out of some block; not to a loop's start, which only its fuel may allow
        const unconditional = random(3) === 0
        const from = unconditional ? inside(scope) : scope // inside an if, so that what follows is not all dead
        const targets = from.labels.flatMap((label, i) =>
          label.loop ? [] : [{ ...label, depth: from.labels.length - 1 - i }]
        )
        if (targets.length === 0) return ['nop']
        const target = pick(targets)
        const operand = target.type === undefined ? [] : value(from, target.type, less)
        const condition = value(from, 'i32', less)
        if (!unconditional)
          return [...operand, ...condition, `br_if ${target.depth}`, ...(target.type === undefined ? [] : ['drop'])]
        const same = targets.filter(({ type: wanted }) => wanted === target.type).map(found => found.depth)
        const jump = random(2)
          ? [`br ${target.depth}`]
          : [...condition, `br_table ${pick(same)} ${pick(same)} ${pick(same)}`]
        return [...value(scope, 'i32', less), 'if', ...operand, ...jump, 'end']
      }
      case 9:
        return [
          ...address(scope, 0),
          ...address(scope, 0),
          `i32.const ${random(300)}`,
          pick(['memory.copy', 'memory.fill'])
        ]
      case 10:
        return random(6) === 0
          ? [...value(scope, 'i32', less), 'if', 'unreachable', 'end']
          : [...value(scope, type, less), 'drop']
      case 11:
        return [
          ...value(scope, 'i32', less),
          'if',
          ...value(inside(scope), scope.labels[0]!.type!, less),
          'return',
          'end'
        ]
      default:
        return [...value(scope, type, less), 'drop', 'nop']
    }
  }

  const inside = (scope: Scope, loop = false): Scope => ({
    ...scope,
    labels: [...scope.labels, { type: undefined, loop }]
  })

  const functions: FunctionText[] = []
  const callable: Scope['callable'][number][] = []
  for (let index = 0; index < 5 + random(4); index++) {
    const simple = index < 4 // what the table holds
    const params = simple ? [] : Array.from({ length: random(4) }, () => pick(TYPES))
    const result: Type = simple ? 'i64' : pick(TYPES)
    const extra = Array.from({ length: random(5) }, () => pick(TYPES))
    const locals: Type[] = [...params, ...extra, 'i32']
    const fuel = locals.length - 1
    const scope: Scope = {
      locals,
      fuel,
      labels: [{ type: result, loop: false }],
      callable: simple ? [] : [...callable]
    }
    const body: Code = [
      `i32.const ${random(20)}`,
      `local.set ${fuel}`,
      ...statements(scope, 4),
      ...value(scope, result, 4)
    ]
    functions.push({ type: `${params.join(' ')} -> ${result}`, locals: [...extra, 'i32'].join(' '), body })
    callable.push({ index, params, result })
  }
  const call = callable.flatMap(({ index, params, result }, i) => [
    `i32.const ${60_000 + 8 * i}`,
    ...params.map(constant),
    `call ${index}`,
    `${result}.store`
  ])
  return assemble({
    functions,
    call,
    memory: [1, 3 + random(3)],
    table: [5],
    elements: [[0, [0, 1, 2, 3]]],
    globals: [
      ['i32', true, 5],
      ['i64', true, -3]
    ],
    data: [[0, Uint8Array.from({ length: 64 }, () => random(256))]]
  })
}
