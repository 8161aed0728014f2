/** A function or constructor of an ABI, in Ethereum's JSON form, as far as a class needs it. */
interface Entry {
  readonly type: string
  readonly name?: string
  readonly inputs: readonly { readonly name: string; readonly type: string }[]
  readonly outputs?: readonly { readonly type: string }[]
}

/** What the base class has already: a function of such a name gets a line behind it. */
const TAKEN = new Set([
  'abi',
  'at',
  'deploy',
  'scAddr',
  'call',
  'send',
  'query',
  'constructor',
  'prototype',
  'name',
  'length',
  'then'
])
/** Names that a parameter may not have. */
const WORDS = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static super switch ' +
    'this throw true try typeof var void while with yield client wasm options'
  ).split(' ')
)

/** `secret-max` -> `SecretMax` */
export const classNameOf = (contract: string): string => {
  const name = contract
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  return /^[A-Za-z]/.test(name) ? name : `Contract${name}`
}

/**
 * The TypeScript module of a contract for enigma-js: its ABI as a constant, and a class with a method per function.
 * The same ABI gives the same text.
 */
export function contractClass(contract: string, abi: readonly object[]): string {
  const entries = abi as readonly Entry[]
  const name = classNameOf(contract)
  const inputs = entries.find(({ type }) => type === 'constructor')?.inputs ?? []
  const functions = entries.filter(({ type }) => type === 'function')
  return `// Made by \`enigma compile --types\` from ${contract}.ts. Compile again instead of changing it.
import { TypedContract, type EnigmaClient, type ScAddr, type Task, type TaskOptions } from 'enigma-js'

const abi = ${JSON.stringify(abi, null, 2)} as const

/** The secret contract \`${contract}\`. Arguments are encrypted before they leave the page; results are verified and decrypted. */
export class ${name} extends TypedContract<typeof abi> {
  static readonly abi = abi

  /** The contract at an address: the id of its deployment. */
  static at(client: EnigmaClient, scAddr: string): ${name} {
    return new ${name}(client, scAddr, abi)
  }

  /** Records a deployment of the compiled bytecode; its \`result()\` is the address. */
  static deploy(${['client: EnigmaClient', 'wasm: Uint8Array', ...declared(inputs)].join(', ')}, options?: TaskOptions): Promise<Task<ScAddr>> {
    return client.deploy({ wasm, abi }, [${named(inputs).join(', ')}], options)
  }
${functions.map(method).join('')}}
`
}

function method({ name = '', inputs, outputs = [] }: Entry): string {
  const own = TAKEN.has(name) ? `${name}_` : name
  const result = outputs.length === 0 ? 'undefined' : outputs.length === 1 ? outputType(outputs[0]!.type) : 'unknown'
  return `
  ${own}(${[...declared(inputs), 'options?: TaskOptions'].join(', ')}): Promise<${result}> {
    return this.call.${name}(${[...named(inputs), 'options'].join(', ')})
  }
`
}

const named = (inputs: Entry['inputs']): string[] =>
  inputs.map(({ name }, index) => (name === '' ? `argument${index + 1}` : WORDS.has(name) ? `${name}_` : name))

const declared = (inputs: Entry['inputs']): string[] =>
  named(inputs).map((name, index) => `${name}: ${inputType(inputs[index]!.type)}`)

function inputType(type: string): string {
  if (type.endsWith('[]')) return `readonly ${bracketed(inputType(type.slice(0, -2)))}[]`
  if (/^u?int/.test(type)) return 'bigint | number'
  if (type === 'bool') return 'boolean'
  return type.startsWith('bytes') ? 'string | Uint8Array' : 'string'
}

function outputType(type: string): string {
  if (type.endsWith('[]')) return `${bracketed(outputType(type.slice(0, -2)))}[]`
  if (/^u?int/.test(type)) return 'bigint'
  if (type === 'bool') return 'boolean'
  return type === 'string' ? 'string' : '`0x${string}`'
}

const bracketed = (type: string): string => (/[ |]/.test(type) ? `(${type})` : type)
