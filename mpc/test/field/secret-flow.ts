/**
 * Follows what was loaded from memory through the code of a module of `wasm.ts`: everything loaded counts as secret, and so does all that
 * is computed from it. Locals stay secret once they were: stricter than needed, and enough. An instruction that is not known here is an
 * error, so nothing new slips through.
 */
export type Leak = 'branch' | 'address'

class Reader {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isDone(): boolean {
    return this.at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.at++]!
  }

  number(): number {
    let [value, factor] = [0, 1]
    for (;;) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
  }

  take(size: number): Uint8Array {
    return this.#bytes.subarray(this.at, (this.at += size))
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.number()))
  }
}

/** Names and bodies of the exported functions, with their numbers of parameters. */
function functionsOf(module: Uint8Array): { name: string; params: number; body: Uint8Array }[] {
  const reader = new Reader(module)
  reader.take(8)
  const sections = new Map<number, Reader>()
  while (!reader.isDone) {
    const id = reader.byte()
    sections.set(id, new Reader(reader.take(reader.number())))
  }
  const [types, exported, code] = [1, 7, 10].map(id => sections.get(id)!) as [Reader, Reader, Reader]
  return Array.from({ length: types.number() }, (_, i) => {
    if (i === 0) exported.number() + code.number()
    types.byte()
    const params = types.number()
    types.take(params)
    types.take(types.number())
    const name = exported.text()
    exported.byte()
    exported.number()
    return { name, params, body: code.take(code.number()) }
  })
}

const LOADS = [0x29, 0x35]
const STORES = [0x37, 0x3e]
const BINARY = [0x49, 0x4d, 0x6a, 0x6b, 0x6c, 0x71, 0x7c, 0x7d, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88]
const SIMD = { const: 12, lane: 29, loads: [0, 9, 92, 93], binary: [206, 222, 223] }

function leaksOf(body: Uint8Array, params: number): Set<Leak> {
  const head = new Reader(body)
  let locals = params
  for (let groups = head.number(); groups > 0; groups--) {
    locals += head.number()
    head.byte()
  }
  const secret = Array<boolean>(locals).fill(false)
  const leaks = new Set<Leak>()
  // loops carry secrets back to their beginning: again until nothing changes
  for (let before = -1; before !== secret.filter(Boolean).length;) {
    before = secret.filter(Boolean).length
    const reader = new Reader(body)
    reader.at = head.at
    const stack: boolean[] = []
    const pop = (): boolean => {
      if (stack.length === 0) throw new Error('The stack is empty.')
      return stack.pop()!
    }
    const address = (): void => void (pop() && leaks.add('address'))
    const load = (): void => {
      reader.number()
      reader.number()
      address()
      stack.push(true)
    }
    const both = (): void => {
      const [a, b] = [pop(), pop()]
      stack.push(a || b)
    }
    while (!reader.isDone) {
      const code = reader.byte()
      if (code === 0x03) reader.byte()
      else if (code === 0x04) {
        reader.byte()
        if (pop()) leaks.add('branch')
      } else if (code === 0x05 || code === 0x0b) continue
      else if (code === 0x0d) {
        reader.number()
        if (pop()) leaks.add('branch')
      } else if (code === 0x20) stack.push(secret[reader.number()]!)
      else if (code === 0x21) {
        const local = reader.number()
        secret[local] = pop() || secret[local]!
      } else if (code === 0x41 || code === 0x42) {
        reader.number()
        stack.push(false)
      } else if (code === 0xa7) stack.push(pop())
      else if (BINARY.includes(code)) both()
      else if (LOADS.includes(code)) load()
      else if (STORES.includes(code)) {
        reader.number()
        reader.number()
        pop()
        address()
      } else if (code === 0xfd) {
        const operation = reader.number()
        if (operation === SIMD.const) {
          reader.take(16)
          stack.push(false)
        } else if (operation === SIMD.lane) {
          reader.byte()
          stack.push(pop())
        } else if (SIMD.loads.includes(operation)) load()
        else if (SIMD.binary.includes(operation)) both()
        else throw new Error(`SIMD instruction ${operation} is not known here.`)
      } else throw new Error(`Instruction ${code} is not known here.`)
    }
  }
  return leaks
}

/** What each exported function lets depend on what it loads. */
export const secretFlow = (module: Uint8Array): Record<string, Leak[]> =>
  Object.fromEntries(functionsOf(module).map(({ name, params, body }) => [name, [...leaksOf(body, params)]]))
