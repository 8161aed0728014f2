import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { compileContract, contractClass } from '@enigma/secret-contracts'
import { flag, text, type Command } from '../command.ts'
import { CliError } from '../errors.ts'
import { toJson } from '../abi/show-value.ts'

export const compile: Command = {
  command: 'compile',
  describe: 'Compile a secret contract to WebAssembly and its ABI',
  positionals: [{ name: 'source', describe: 'an AssemblyScript file, or a folder of contracts' }],
  options: {
    out: {
      type: 'string',
      value: 'FOLDER',
      describe: 'where .wasm and .abi.json go; default: `build` beside the source'
    },
    types: {
      type: 'string',
      value: 'FOLDER',
      describe: 'where a TypeScript class for enigma-js goes, with a method per function'
    },
    json: { type: 'boolean', describe: 'print the result as JSON' }
  },
  examples: [
    'enigma compile my-contract/secret-max.ts',
    'enigma compile my-contract --out my-contract/build',
    'enigma compile my-contract/secret-max.ts --types src/contracts'
  ],

  async run(given, io) {
    const source = resolve(given.positionals[0]!)
    const files = contractsIn(source)
    const out = resolve(text(given, 'out') ?? join(files.length === 1 ? dirname(files[0]!) : source, 'build'))
    const types = text(given, 'types')
    for (const file of files) {
      const { name, wasmPath, abiPath, abi, codeHash, codeBytes } = await compileContract(file, out)
      const typesPath = types === undefined ? null : writeClass(types, name, abi)
      if (flag(given, 'json')) io.out(toJson({ name, wasmPath, abiPath, typesPath, codeHash, codeBytes }))
      else io.out(`${name}  ${codeBytes} bytes  ${codeHash}  ${wasmPath}`)
    }
    return 0
  }
}

function writeClass(folder: string, name: string, abi: readonly object[]): string {
  mkdirSync(resolve(folder), { recursive: true })
  const path = join(resolve(folder), `${name}.ts`)
  writeFileSync(path, contractClass(name, abi))
  return path
}

/** The contract files of a folder: the one of the folder's own name, else all at its top. @throws CLI_FILE */
function contractsIn(path: string): string[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) return [path]
  const own = join(path, `${basename(path)}.ts`)
  if (existsSync(own)) return [own]
  const files = readdirSync(path).filter(name => name.endsWith('.ts') && !/\.(d|test)\.ts$/.test(name))
  if (files.length > 0) return files.sort().map(name => join(path, name))
  throw new CliError({ code: 'CLI_FILE', path }, `There is no contract in ${path}.`, {
    hint: 'A contract is an AssemblyScript file; its name ends in .ts.'
  })
}
