import { parseArgs } from 'node:util'
import { usageOf, type Command, type Given } from './command.ts'
import { usageError } from './errors.ts'

export interface Parsed {
  readonly command: Command
  readonly given: Given
  readonly help: boolean
}

/** Finds the command of the longest name that the words begin with. @throws CLI_USAGE */
export function parse(
  words: readonly string[],
  commands: readonly Command[],
  env: Readonly<Record<string, string | undefined>>
): Parsed {
  const command = commands
    .filter(({ command: name }) => name.split(' ').every((word, index) => words[index] === word))
    .sort((a, b) => b.command.length - a.command.length)[0]
  if (command === undefined) throw unknownCommand(words, commands)
  const rest = words.slice(command.command.split(' ').length)
  const { values, positionals } = read(command, rest)
  if (values.help === true) return { command, given: { positionals, options: {} }, help: true }
  checkCount(command, positionals)
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, spec]) => [
      name,
      (values[name] as string | boolean | undefined) ??
        (spec.env === undefined ? undefined : env[spec.env] || undefined)
    ])
  )
  return { command, given: { positionals, options }, help: false }
}

function read(command: Command, args: string[]): ReturnType<typeof parseArgs> {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short }
    ])
  )
  try {
    return parseArgs({ args, options: { ...options, help: { type: 'boolean', short: 'h' } }, allowPositionals: true })
  } catch (error) {
    const sentence = (error as Error).message.split('. ')[0]!.replace(/\.$/, '')
    throw usageError(`${sentence}.`, `See: enigma ${command.command} --help`)
  }
}

function checkCount(command: Command, positionals: readonly string[]): void {
  const least = command.positionals.filter(({ optional, rest }) => !optional && !rest).length
  const most = command.positionals.some(({ rest }) => rest) ? Infinity : command.positionals.length
  if (positionals.length < least) {
    throw usageError(
      `${capital(command.positionals[positionals.length]!.name)} is missing.`,
      `Usage: ${usageOf(command)}`
    )
  }
  if (positionals.length > most) {
    throw usageError(`There is one argument too many: ${positionals[most]}.`, `Usage: ${usageOf(command)}`)
  }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

function unknownCommand(words: readonly string[], commands: readonly Command[]): Error {
  const given = words
    .filter(word => !word.startsWith('-'))
    .slice(0, 2)
    .join(' ')
  const near = commands.filter(({ command }) => command.split(' ')[0] === words[0]).map(({ command }) => command)
  return usageError(
    given === '' ? 'Name a command.' : `There is no command '${given}'.`,
    near.length > 0 ? `There is: ${near.map(name => `enigma ${name}`).join(', ')}` : 'See: enigma --help'
  )
}
