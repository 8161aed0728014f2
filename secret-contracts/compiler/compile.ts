import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { toHex, type Hex } from '@enigma/protocol'
import * as asc from 'assemblyscript/asc'
import { abiJson, type ContractInterface } from './abi-types.ts'
import { refusedByEnclaves } from './check-text.ts'
import { CompileError, sourceError, type SourceError } from './errors.ts'
import { functionNames } from './function-names.ts'
import { generateEntry } from './generate-entry.ts'
import { readInterface } from './read-interface.ts'

export interface CompileOptions {
  /** `stub` never frees memory during a run, which suits short runs; `incremental` collects garbage, for 4 kB more code. */
  readonly runtime?: 'stub' | 'incremental'
}

export interface CompiledContract {
  readonly name: string
  readonly wasmPath: string
  readonly abiPath: string
  /** Names of the module's functions by index, imports first: what a trace counts gas by. They are not in the bytecode. */
  readonly functionsPath: string
  readonly functions: readonly string[]
  readonly codeHash: Hex // keccak256 of the bytecode
  readonly abi: object[]
  readonly codeBytes: number
}

const SDK_DIRECTORY = fileURLToPath(new URL('../sdk/assembly/', import.meta.url))
const SDK_IN_PATH = /(?:^|\/)node_modules\/@enigma\/sdk\/(.+)$/
const ENTRY = 'enigma-entry.ts'
const MAX_SOURCE_BYTES = 1024 * 1024

/**
 * Compiles a secret contract, the AssemblyScript file `sourcePath`, to `<outDir>/<name>.wasm`, `<name>.abi.json` and `<name>.functions.json`.
 * The name is the file's. The same sources give the same bytes, wherever they lie.
 * @throws {CompileError} COMPILE_SOURCE with file, line and column of each error; COMPILE_NO_FILE
 */
export async function compileContract(
  sourcePath: string,
  outDir: string,
  options: CompileOptions = {}
): Promise<CompiledContract> {
  const path = resolve(sourcePath)
  const directory = dirname(path)
  const file = basename(path)
  const name = file.replace(/\.ts$/, '')
  const text = await readFile(path, 'utf8').catch(cause => {
    throw new CompileError({ code: 'COMPILE_NO_FILE', path: sourcePath }, `There is no contract at ${sourcePath}.`, {
      cause
    })
  })
  const contract = readInterface(text, file)
  const { wasm, functions } = await assembleScript(directory, contract, name, options.runtime ?? 'stub')
  const abi = abiJson(contract)

  await mkdir(outDir, { recursive: true })
  const wasmPath = join(outDir, `${name}.wasm`)
  const abiPath = join(outDir, `${name}.abi.json`)
  await replaceFile(wasmPath, wasm)
  await replaceFile(abiPath, JSON.stringify(abi, null, 2) + '\n')
  const functionsPath = join(outDir, `${name}.functions.json`)
  await replaceFile(functionsPath, JSON.stringify(functions, null, 2) + '\n')
  return {
    name,
    wasmPath,
    abiPath,
    functionsPath,
    functions,
    codeHash: toHex(keccak_256(wasm)),
    abi,
    codeBytes: wasm.length
  }
}

async function assembleScript(
  directory: string,
  contract: ContractInterface,
  name: string,
  runtime: string
): Promise<{ readonly wasm: Uint8Array; readonly functions: readonly string[] }> {
  const entry = generateEntry(contract, `./${name}`)
  const errors: SourceError[] = []
  const texts = new Map<string, string>()
  let wasm: Uint8Array | undefined
  let module = ''
  const { error, stderr } = await asc.main(
    [
      ENTRY,
      ...['--outFile', 'out.wasm', '--textFile', 'out.wat', '--runtime', runtime, '--exportStart', '_initialize'],
      ...['--optimizeLevel', '3', '--shrinkLevel', '2', '--converge', '--noColors'],
      ...['--use', 'abort=~lib/@enigma/sdk/control/abort'],
      ...['--disable', 'nontrapping-f2i', '--maximumMemory', '128']
    ],
    {
      async readFile(filename) {
        if (filename === ENTRY) return entry
        const sdk = SDK_IN_PATH.exec(filename)?.[1]
        const found = await readSource(sdk === undefined ? resolve(directory, filename) : join(SDK_DIRECTORY, sdk))
        if (found !== null) texts.set(sdk === undefined ? filename : `~lib/@enigma/sdk/${sdk}`, found)
        return found
      },
      writeFile(_, contents) {
        if (typeof contents === 'string') module = contents
        else wasm = contents
      },
      listFiles: () => [],
      reportDiagnostic({ category, message, range }) {
        if (category !== ERROR_CATEGORY) return
        const source = range?.source?.normalizedPath ?? name
        errors.push({ file: source, ...positionOf(texts.get(source) ?? '', range?.start ?? 0), message })
      }
    }
  )
  if (errors.length > 0) throw sourceError(errors)
  if (error !== null || wasm === undefined) {
    throw new CompileError(
      { code: 'COMPILE_INTERNAL' },
      `The compiler failed: ${error?.message ?? stderr.toString()}`,
      { cause: error }
    )
  }
  const refused = refusedByEnclaves(module)
  if (refused.length > 0)
    throw sourceError(refused.map(message => ({ file: `${name}.ts`, line: 1, column: 1, message })))
  return { wasm, functions: functionNames(module) }
}

const ERROR_CATEGORY = 3 // AssemblyScript: 0 pedantic, 1 info, 2 warning, 3 error

async function readSource(path: string): Promise<string | null> {
  try {
    const bytes = await readFile(path)
    return bytes.length > MAX_SOURCE_BYTES ? null : bytes.toString('utf8')
  } catch {
    return null // the compiler tries several places, and says itself if none has it
  }
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

/** A reader of the file sees the old or the new one, never half of it. */
async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, content)
  await rename(temporary, path)
}
