import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { expect } from 'chai'
import { toHex } from '@enigma/protocol'
import { validateCode } from '@enigma/enclave-sim/wasm'
import { CompileError, compileContract, type SourceError } from '../src/index.ts'
import { sampleSource } from './harness.ts'

describe('secret-contracts/compiler', function () {
  this.timeout(60_000)
  let directory: string
  before(async () => void (directory = await mkdtemp(join(tmpdir(), 'enigma-compiler-'))))
  after(() => rm(directory, { recursive: true }))

  async function write(name: string, text: string): Promise<string> {
    const path = join(directory, name)
    await writeFile(path, text)
    return path
  }

  async function errorsOf(text: string): Promise<readonly SourceError[]> {
    try {
      await compileContract(await write('contract.ts', text), join(directory, 'out'))
    } catch (error) {
      if (error instanceof CompileError && error.facts.code === 'COMPILE_SOURCE') return error.facts.errors
      throw error
    }
    return []
  }

  it('names every function of the module by its index, imports first', async () => {
    const { wasmPath, functions, functionsPath } = await compileContract(sampleSource('voting'), join(directory, 'out'))
    const wasm = new Uint8Array(await readFile(wasmPath))
    const module = new WebAssembly.Module(wasm)
    const imports = WebAssembly.Module.imports(module).map(({ name }) => name)

    expect(JSON.parse(await readFile(functionsPath, 'utf8'))).to.deep.equal(functions)
    expect(functions.slice(0, imports.length)).to.deep.equal(imports)
    const sections = sectionsOf(wasm)
    expect(functions).to.have.length(imports.length + sections.functions)
    expect(functions[sections.exported('call')]).to.equal('enigma-entry/call')
    expect(functions[sections.exported('deploy')]).to.equal('enigma-entry/deploy')
    expect(functions.filter(name => name.startsWith('voting/'))).to.include('voting/castVote')
    expect(functions.join()).to.not.include('"')
  })

  it('writes bytecode that every seat accepts, its ABI, and the code hash', async () => {
    const result = await compileContract(sampleSource('millionaires'), join(directory, 'out'))
    const wasm = new Uint8Array(await readFile(result.wasmPath))

    expect(result.wasmPath).to.equal(join(directory, 'out', 'millionaires.wasm'))
    expect(result.codeHash).to.equal(toHex(keccak_256(wasm)))
    expect(validateCode(wasm).maximumPages).to.equal(128)
    expect(JSON.parse(await readFile(result.abiPath, 'utf8'))).to.deep.equal([
      { type: 'constructor', inputs: [], stateMutability: 'nonpayable' },
      {
        type: 'function',
        name: 'addMillionaire',
        inputs: [
          { name: 'who', type: 'address' },
          { name: 'netWorth', type: 'uint256' }
        ],
        outputs: [],
        stateMutability: 'nonpayable'
      },
      {
        type: 'function',
        name: 'computeRichest',
        inputs: [],
        outputs: [{ name: '', type: 'address' }],
        stateMutability: 'view'
      }
    ])
  })

  it('gives the same bytes for the same sources, wherever they lie and whatever was compiled before', async () => {
    const text = await readFile(sampleSource('flip-coin'), 'utf8')
    const first = await compileContract(sampleSource('flip-coin'), join(directory, 'a'))
    await compileContract(sampleSource('calculator'), join(directory, 'a'))
    await mkdir(join(directory, 'deep', 'er'), { recursive: true })
    const second = await compileContract(await write('deep/er/flip-coin.ts', text), join(directory, 'b'))
    expect(second.codeHash).to.equal(first.codeHash)
  })

  it('compiles contracts side by side', async () => {
    const names = ['calculator', 'flip-coin', 'millionaires', 'voting']
    const alone: string[] = []
    for (const name of names) alone.push((await compileContract(sampleSource(name), join(directory, 'c'))).codeHash)
    const together = await Promise.all(names.map(name => compileContract(sampleSource(name), join(directory, 'd'))))
    expect(together.map(({ codeHash }) => codeHash)).to.deep.equal(alone)
  })

  it('follows imports of the contract, and compiles one without exports', async () => {
    await write('helper.ts', 'export function twice(x: u64): u64 { return x * 2 }')
    expect(
      await errorsOf(`import { twice } from './helper'\nexport function four(): u64 { return twice(2) }`)
    ).to.deep.equal([])
    expect(await errorsOf('const x = 1')).to.deep.equal([])
  })

  describe('names file, line and column of', () => {
    const cases: [string, string, Partial<SourceError> & { message: string }][] = [
      ['a syntax error', 'export function f(: u32): u32 { return 1 }', { line: 1, message: 'Identifier expected.' }],
      [
        'a type error',
        `import { u256 } from '@enigma/sdk'\n\nexport function f(a: u256): u256 {\n  return a + 'x'\n}`,
        { line: 4, message: 'Type' }
      ],
      [
        'an unknown name',
        'export function f(): u32 {\n  return missing\n}',
        { line: 2, column: 10, message: "Cannot find name 'missing'" }
      ],
      [
        'a missing file',
        `import { x } from './gone'\nexport function f(): u32 { return x }`,
        { line: 1, message: 'not found' }
      ],
      [
        'a floating-point signature',
        'export function f(x: f64): void {}',
        { line: 1, column: 22, message: 'The type f64 cannot stand in a signature' }
      ],
      [
        'a signed integer in a signature',
        'export function f(): i32 { return 1 }',
        { line: 1, column: 22, message: 'The type i32 cannot' }
      ],
      [
        'a nullable type',
        'export function f(x: string | null): void {}',
        { line: 1, message: 'cannot stand in a signature' }
      ],
      [
        'a class of its own',
        'class Mine {}\nexport function f(): Mine { return new Mine() }',
        { line: 2, message: 'The type Mine cannot' }
      ],
      ['an optional argument', 'export function f(x: u32 = 1): void {}', { line: 1, message: 'none is optional' }],
      ['a generic function', 'export function f<T>(x: u32): void {}', { line: 1, message: 'cannot be generic' }],
      [
        'a constructor that returns',
        'export function constructor(): u32 { return 1 }',
        { line: 1, message: 'returns nothing' }
      ],
      ['exports in a list', 'function f(): void {}\nexport { f }', { line: 2, message: 'where they are declared' }]
    ]
    for (const [what, text, expected] of cases) {
      it(what, async () => {
        const errors = await errorsOf(text)
        expect(errors, 'there is an error').not.to.have.length(0)
        const { message, ...place } = expected
        expect(errors[0]).to.deep.include({ file: 'contract.ts', ...place })
        expect(errors[0]!.message).to.include(message)
      })
    }
  })

  it('finds two functions with the same selector', async () => {
    // a known collision of four bytes
    const errors = await errorsOf(
      `import { u256 } from '@enigma/sdk'\nexport function OwnerTransferV7b711143(x: u256): void {}\nexport function withdraw(x: u256): void {}`
    )
    expect(errors.map(({ message }) => message)).to.deep.equal([
      'withdraw(uint256) and OwnerTransferV7b711143(uint256) have the same selector; rename one.'
    ])
  })

  it('compiles the contract of the documentation, which names every host function', async () => {
    const page = await readFile(new URL('../../docs/spec/secret-contracts.md', import.meta.url), 'utf8')
    expect(await errorsOf(/```ts\n([\s\S]*?)```/.exec(page)![1]!)).to.deep.equal([])
    const host = await readFile(new URL('../sdk/assembly/host.ts', import.meta.url), 'utf8')
    const names = [...host.matchAll(/@external\("enigma", "(\w+)"\)/g)].map(found => found[1]!)
    expect(names).to.have.length(20)
    for (const name of names) expect(page).to.include(`| \`${name}(`)
  })

  it('says when there is no such contract', async () => {
    const error = await compileContract(join(directory, 'nothing.ts'), directory).catch((cause: CompileError) => cause)
    expect((error as CompileError).code).to.equal('COMPILE_NO_FILE')
  })

  it('refuses sources that reach for floating point, time or chance of the machine, so that deployment need not', async () => {
    const only = async (body: string): Promise<string> =>
      (await errorsOf(`export function f(x: u64): u64 { return ${body} }`)).map(({ message }) => message).join()
    expect(await only('<u64>(<f64>x * 1.5)')).to.match(/^The contract computes with floating-point/)
    expect(await only('Date.now()')).to.match(/env.Date.now, which enclaves do not offer/)
    expect(await only('<u64>Math.random()')).to.match(/env.seed/)
    expect(await only('x * 2')).to.equal('')
  })
})

/** What a module's binary says itself: how many functions it defines, and the index behind an export. */
function sectionsOf(wasm: Uint8Array): { functions: number; exported(name: string): number } {
  let at = 8
  let functions = 0
  const exports = new Map<string, number>()
  const number = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < wasm.length) {
    const id = wasm[at++]!
    const length = number()
    const end = at + length
    if (id === 3) functions = number()
    if (id === 7) {
      for (let left = number(); left > 0; left--) {
        const size = number()
        const name = new TextDecoder().decode(wasm.subarray(at, at + size))
        at += size
        const kind = wasm[at++]!
        const index = number()
        if (kind === 0) exports.set(name, index)
      }
    }
    at = end
  }
  return { functions, exported: name => exports.get(name) ?? -1 }
}
