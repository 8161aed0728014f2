import { readdir, readFile } from 'node:fs/promises'

/** An exported function in which nodes talk to each other, with the comment above it. */
export interface Conversation {
  /** Module and export, as in the catalogue. */
  readonly name: string
  readonly file: URL
  readonly comment: string
}

const SOURCES = new URL('../../src/', import.meta.url)
/** An exported function (or constant that is one) whose first parameter is a party or a channel. */
const EXPORTED =
  /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export (?:(async )?function (\w+)(?:<[^(]*>)?|const (\w+) = (async )?)\s*\(\s*(?:(?:party|op|branch): Party|channel: Channel|\{[^}]*\}: Party)\b/g

/** Read from the sources, so that a new protocol cannot be forgotten: those that wait for others. */
export async function conversations(): Promise<Conversation[]> {
  const files = (await readdir(SOURCES, { recursive: true })).filter(name => name.endsWith('.ts')).sort()
  const found: Conversation[] = []
  for (const name of files) {
    const file = new URL(name, SOURCES)
    const text = await readFile(file, 'utf8')
    for (const match of text.matchAll(EXPORTED)) {
      const [whole, comment = '', asyncFunction, functionName, constant, asyncConstant] = match
      // what is not marked async says what it returns
      const head = text.slice(match.index + whole.length).split(/=>|\{\n/, 1)[0]!
      if (asyncFunction ?? asyncConstant ?? /\)\s*:\s*Promise</.exec(head)) {
        found.push({ name: `${name.slice(0, -3)}.${functionName ?? constant}`, file, comment })
      }
    }
  }
  return found
}
