import { usageOf, type Command, type OptionSpec } from './command.ts'

/** `--rpc URL, -r URL` */
export function optionTerm(name: string, { type, value, short }: OptionSpec): string {
  const suffix = type === 'string' ? ` ${value ?? 'TEXT'}` : ''
  return `${short === undefined ? '' : `-${short}, `}--${name}${suffix}`
}

export const optionText = ({ describe, env }: OptionSpec): string =>
  env === undefined ? describe : `${describe} [${env}]`

/** Two columns, the first as wide as its longest entry. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([first]) => first.length))
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`)
}

export function overview(commands: readonly Command[]): string[] {
  return [
    'usage: enigma <command> [arguments] [options]',
    '',
    ...columns(commands.map(({ command, describe }) => [command, describe])),
    '',
    'enigma <command> --help tells more. Results go to standard output, progress and errors to standard error.',
    'Exit codes: 0 success, 2 the task failed, 1 any other error.',
    '',
    'SIMULATION: the enclaves of this version are ordinary processes. They protect nothing against whoever runs the machine.'
  ]
}

export function helpOf(command: Command): string[] {
  const { describe, positionals, options, examples } = command
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines]
  return [
    `usage: ${usageOf(command)}${Object.keys(options).length > 0 ? ' [options]' : ''}`,
    '',
    describe,
    ...section('Arguments', columns(positionals.map(({ name, describe: what }) => [name, what]))),
    ...section(
      'Options',
      columns(Object.entries(options).map(([name, spec]) => [optionTerm(name, spec), optionText(spec)]))
    ),
    ...section(
      'Examples',
      examples.map(example => `  ${example}`)
    )
  ]
}
