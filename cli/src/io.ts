import { createInterface } from 'node:readline'

/** All that commands know of the terminal, so that a test can be one. */
export interface Io {
  /** Results. */
  out(line: string): void
  /** Progress, errors, hints. */
  err(line: string): void
  /** The next line of standard input, for what should not stand on a command line. @throws at its end */
  readLine(prompt: string): Promise<string>
  readonly env: Readonly<Record<string, string | undefined>>
}

export function terminal(): Io {
  let lines: AsyncIterator<string> | undefined
  return {
    out: line => console.log(line),
    err: line => console.error(line),
    env: process.env,
    async readLine(prompt) {
      if (process.stdin.isTTY) process.stderr.write(prompt)
      lines ??= createInterface({ input: process.stdin, terminal: false })[Symbol.asyncIterator]()
      const { value, done } = (await lines.next()) as IteratorResult<string, undefined>
      if (done) throw new Error('standard input ended')
      return value
    }
  }
}
