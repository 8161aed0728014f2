import { commands } from './commands/index.ts'
import { report } from './errors.ts'
import { helpOf, overview } from './help.ts'
import type { Io } from './io.ts'
import { parse } from './parse.ts'

/** Runs one command line; resolves to the exit code and never rejects. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  try {
    if (words.length === 0 || ['--help', '-h', 'help'].includes(words[0]!)) {
      for (const line of overview(commands)) io.out(line)
      return words.length === 0 ? 1 : 0
    }
    const { command, given, help } = parse(words, commands, io.env)
    if (help) {
      for (const line of helpOf(command)) io.out(line)
      return 0
    }
    return await command.run(given, io)
  } catch (error) {
    return report(error, io)
  }
}
