import { format } from 'prettier'
import { usageOf, type Command } from '../src/command.ts'
import { optionTerm } from '../src/help.ts'
import { commands } from '../src/commands/index.ts'
import { errorCatalogue } from './error-catalogue.ts'

/** The generated documents, by their path in the repository. */
export async function pages(): Promise<Map<string, string>> {
  return new Map([
    ['docs/cli.md', await tidy(cliPage())],
    ['docs/errors.md', await tidy(errorsPage())]
  ])
}

const tidy = (markdown: string): Promise<string> =>
  format(markdown, { parser: 'markdown', semi: false, singleQuote: true, printWidth: 120 })

const notice = '<!-- Made by `npm run docs -w cli`; change the code, not this file. -->'

/** Text for a cell: no bar and no tag may end it early. */
const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('\n', ' ')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')

function cliPage(): string {
  const intro = [
    '# The `enigma` command',
    notice,
    'In a checkout: `. tools/env.sh`, then `node_modules/.bin/enigma`, or put that folder on your `PATH`.',
    'Results go to standard output; progress and errors to standard error, an error as `CODE: sentence` and a `hint:`' +
      ' ([errors.md](errors.md)). Exit codes: 0 success, 2 the task failed, 1 any other error.',
    'Commands that speak to a network take the running devnet unless told otherwise. Private keys are read from files only. An argument' +
      ' of a function that should not stand in the process list or the shell history is written `-` and read from standard input.',
    'What a deployment left (name, address, ABI) and the keys that open the answers of your tasks are under `.enigma/<network>/client`,' +
      ' readable by you alone.'
  ]
  return [...intro, ...commands.map(section)].join('\n\n')
}

function section(command: Command): string {
  const { command: name, describe, positionals, options, examples } = command
  const parts = [`## enigma ${name}`, `${describe}.`, `\`\`\`text\n${usageOf(command)} [options]\n\`\`\``]
  if (positionals.length > 0) {
    parts.push(
      table(
        ['Argument', ''],
        positionals.map(({ name: label, describe: what }) => [`\`${label}\``, cell(what)])
      )
    )
  }
  const rows = Object.entries(options).map(([label, spec]) => [
    `\`${optionTerm(label, spec)}\``,
    cell(spec.describe),
    spec.env === undefined ? '' : `\`${spec.env}\``
  ])
  if (rows.length > 0) parts.push(table(['Option', '', 'Environment'], rows))
  parts.push(`\`\`\`sh\n${examples.join('\n')}\n\`\`\``)
  return parts.join('\n\n')
}

function errorsPage(): string {
  const entries = errorCatalogue()
  const parts = [
    '# Errors',
    notice,
    'Programs switch on the code, which keeps its meaning; people read the sentence and the hint. Over JSON-RPC the code stands in' +
      ' `error.data.code`. Dots stand for what is filled in.'
  ]
  for (const name of [...new Set(entries.map(entry => entry.package))]) {
    const rows = entries
      .filter(entry => entry.package === name)
      .map(({ code, meaning, hint }) => [`\`${code}\``, cell(meaning), cell(hint)])
    parts.push(`## ${name}`, table(['Code', 'Meaning', 'What to do'], rows))
  }
  return parts.join('\n\n')
}
