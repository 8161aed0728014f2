import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SecretContractAbi } from 'enigma-js'
import { CliError } from '../errors.ts'
import { readJson } from './json-file.ts'

/** The compiled samples of this checkout. */
const samples = fileURLToPath(new URL('../build/', import.meta.resolve('@enigma/secret-contracts')))

export interface CompiledFile {
  readonly name: string
  readonly wasm: Uint8Array
  readonly abi: SecretContractAbi
  /** Names of its functions by index, where the compiler's list is beside it. */
  readonly functions: readonly string[] | undefined
}

/**
 * A compiled contract: a .wasm file with its ABI beside it, or the name of a sample.
 * @throws CLI_CONTRACT, CLI_NO_ABI, CLI_FILE
 */
export function loadArtifact(contract: string, abiPath?: string): CompiledFile {
  const path = contract.endsWith('.wasm') ? contract : join(samples, `${contract}.wasm`)
  if (!contract.endsWith('.wasm') && !/^[\w-]+$/.test(contract)) throw unknown(contract)
  if (!existsSync(path)) throw unknown(contract)
  const besides = path.replace(/\.wasm$/, '.abi.json')
  if (abiPath === undefined && !existsSync(besides)) {
    throw new CliError({ code: 'CLI_NO_ABI', contract }, `There is no ABI beside ${contract}.`, {
      hint: `Give it with --abi, or put it at ${besides}.`
    })
  }
  const names = path.replace(/\.wasm$/, '.functions.json')
  return {
    name: basename(path, '.wasm'),
    wasm: readFileSync(path),
    abi: loadAbi(abiPath ?? besides),
    functions: existsSync(names) ? loadFunctionNames(names) : undefined
  }
}

/** @throws CLI_FILE */
export function loadFunctionNames(path: string): readonly string[] {
  const names = readJson(path)
  if (Array.isArray(names) && names.every(name => typeof name === 'string')) return names
  throw new CliError({ code: 'CLI_FILE', path }, `${path} is not a list of functions.`, {
    hint: '`enigma compile` writes it beside the bytecode, as NAME.functions.json.'
  })
}

/** @throws CLI_FILE */
export function loadAbi(path: string): SecretContractAbi {
  const abi = readJson(path)
  const isEntry = (entry: unknown): boolean => typeof (entry as { type?: unknown } | null)?.type === 'string'
  if (Array.isArray(abi) && abi.every(isEntry)) return abi as SecretContractAbi
  throw new CliError({ code: 'CLI_FILE', path }, `${path} is not the ABI of a secret contract.`)
}

const unknown = (contract: string): CliError =>
  new CliError({ code: 'CLI_CONTRACT', contract }, `There is no compiled contract ${contract}.`, {
    hint: 'Give a .wasm file (`enigma compile` makes one), or the name of a sample: calculator, flip-coin, millionaires, voting.'
  })
