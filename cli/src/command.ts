import { usageError } from './errors.ts'
import type { Io } from './io.ts'

/** One option of a command, as data: parsing, help and docs/cli.md are made from it. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly describe: string
  readonly short?: string
  /** What stands for the value in the help: `--rpc URL`. */
  readonly value?: string
  /** Environment variable that is read when the option is not given. */
  readonly env?: string
}

export interface PositionalSpec {
  readonly name: string
  readonly describe: string
  readonly optional?: boolean
  /** Takes all that is left. Only the last one may. */
  readonly rest?: boolean
}

export interface Given {
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
}

export interface Command {
  /** The words that name it: `task watch`. */
  readonly command: string
  readonly describe: string
  readonly positionals: readonly PositionalSpec[]
  readonly options: Readonly<Record<string, OptionSpec>>
  readonly examples: readonly string[]
  /** Resolves to the exit code: 0 for success, 2 when a task failed, 1 for any other error. */
  run(given: Given, io: Io): Promise<number>
}

/** The value of a string option. */
export const text = ({ options }: Given, name: string): string | undefined => options[name] as string | undefined
export const flag = ({ options }: Given, name: string): boolean => options[name] === true

/** The value of an option that is a whole number. @throws CLI_USAGE */
export function wholeNumber(given: Given, name: string): number | undefined {
  const word = text(given, name)
  if (word === undefined) return undefined
  if (!/^\d{1,9}$/.test(word)) throw usageError(`--${name} takes a whole number.`)
  return Number(word)
}

/** `enigma call <contract> <function> [arguments...]` */
export function usageOf({ command, positionals }: Command): string {
  const words = positionals.map(({ name, optional, rest }) => {
    const shown = rest ? `${name}...` : name
    return optional || rest ? `[${shown}]` : `<${shown}>`
  })
  return ['enigma', command, ...words].join(' ')
}
