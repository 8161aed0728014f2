import type { Io } from '../../src/index.ts'

/** A terminal that remembers. */
export interface TestIo extends Io {
  readonly outLines: string[]
  readonly errLines: string[]
}

export function testIo(env: Record<string, string> = {}, input: string[] = []): TestIo {
  const outLines: string[] = []
  const errLines: string[] = []
  return {
    outLines,
    errLines,
    env,
    out: line => void outLines.push(line),
    err: line => void errLines.push(line),
    readLine: () => {
      const line = input.shift()
      return line === undefined ? Promise.reject(new Error('standard input ended')) : Promise.resolve(line)
    }
  }
}
