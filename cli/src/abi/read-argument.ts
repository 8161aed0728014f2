import type { AbiEntry, AbiParameter, SecretContractAbi } from 'enigma-js'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

/** Reads words of a command line as the arguments of a function. A word `-` is asked for on standard input. */
export async function readArguments(
  name: string,
  inputs: readonly AbiParameter[],
  words: readonly string[],
  io: Io
): Promise<unknown[]> {
  if (words.length !== inputs.length) {
    const wanted = inputs.map(({ type, name: label }) => `${type} ${label}`.trim()).join(', ')
    throw new CliError(
      { code: 'CLI_ARGUMENT', argument: name, type: `(${wanted})` },
      `${name} takes ${count(inputs.length)} (${wanted}), and ${words.length} ${words.length === 1 ? 'was' : 'were'} given.`
    )
  }
  const values: unknown[] = []
  for (const [index, { name: label, type }] of inputs.entries()) {
    const shown = label || `argument ${index + 1}`
    const word = words[index] === '-' ? await io.readLine(`${shown} (${type}): `) : words[index]!
    values.push(readValue(shown, type, word))
  }
  return values
}

const count = (n: number): string => (n === 1 ? 'one argument' : `${n} arguments`)

/** The entry of a function or, without a name, of the constructor. @throws CLI_ARGUMENT */
export function entryOf(abi: SecretContractAbi, name: string | null): AbiEntry {
  if (name === null) return abi.find(({ type }) => type === 'constructor') ?? { type: 'constructor', inputs: [] }
  const found = abi.find(entry => entry.type === 'function' && entry.name === name)
  if (found !== undefined) return found
  const known = abi.filter(({ type }) => type === 'function').map(entry => signature(entry))
  throw new CliError(
    { code: 'CLI_ARGUMENT', argument: name, type: 'function' },
    `The contract has no function ${name}.`,
    {
      hint: `It has: ${known.join(', ') || 'none'}`
    }
  )
}

export const signature = ({ name = 'constructor', inputs = [] }: AbiEntry): string =>
  `${name}(${inputs.map(({ type, name: label }) => `${type} ${label}`.trim()).join(', ')})`

/** One value from its text. @throws CLI_ARGUMENT, without the value: it may be a secret. */
export function readValue(label: string, type: string, word: string): unknown {
  const list = /^(.+)\[\]$/.exec(type)
  if (list !== null) return readList(label, type, word).map((item, i) => readValue(`${label}[${i}]`, list[1]!, item))
  const integer = /^(u?)int(\d*)$/.exec(type)
  if (integer !== null) return readInteger(label, type, word, integer[1] === 'u', Number(integer[2] || 256))
  switch (type) {
    case 'bool':
      if (word === 'true' || word === 'false') return word === 'true'
      throw wrong(label, type, 'write true or false')
    case 'string':
      return word
    case 'address':
      if (/^0x[0-9a-fA-F]{40}$/.test(word)) return word.toLowerCase()
      throw wrong(label, type, 'write 0x and 40 hexadecimal digits')
    default:
      return readBytes(label, type, word)
  }
}

function readInteger(label: string, type: string, word: string, unsigned: boolean, bits: number): bigint {
  if (!/^-?(\d[\d_]*|0x[0-9a-fA-F]+)n?$/.test(word)) {
    throw wrong(label, type, 'write a whole number, such as 1000000, 1_000_000 or 0xf4240')
  }
  const digits = word.replaceAll('_', '').replace(/n$/, '')
  const value = digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits)
  const [least, most] = unsigned
    ? [0n, 2n ** BigInt(bits) - 1n]
    : [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
  if (value < least || value > most)
    throw wrong(label, type, `it must be ${least} to 2^${unsigned ? bits : bits - 1} - 1`)
  return value
}

function readBytes(label: string, type: string, word: string): string {
  const fixed = /^bytes(\d*)$/.exec(type)
  if (fixed === null) throw wrong(label, type, 'this type is not supported here')
  if (!/^0x([0-9a-fA-F]{2})*$/.test(word)) throw wrong(label, type, 'write 0x and pairs of hexadecimal digits')
  const length = word.length / 2 - 1
  if (fixed[1] !== '' && length !== Number(fixed[1]))
    throw wrong(label, type, `it must have ${fixed[1]} bytes, not ${length}`)
  return word.toLowerCase()
}

/** The items of a JSON list as texts; large numbers keep all their digits. */
function readList(label: string, type: string, word: string): string[] {
  const source = (_: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value
  try {
    const items = JSON.parse(word, source as (key: string, value: unknown) => unknown) as unknown
    if (Array.isArray(items)) return items.map(item => (typeof item === 'string' ? item : JSON.stringify(item)))
  } catch {
    // the same sentence as for JSON that is no list
  }
  throw wrong(label, type, `write a list, such as '[1, 2, 3]'`)
}

const wrong = (label: string, type: string, how: string): CliError =>
  new CliError({ code: 'CLI_ARGUMENT', argument: label, type }, `${label} is not a ${type}: ${how}.`)
