import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

const maxLineLength = 20_000
const maxKeptLines = 2_000
const maxFileBytes = 64 << 20

/** Colours and cursor movements, which a log file must not have, and the return that some programs put before a line's end. */
// eslint-disable-next-line no-control-regex
const terminalCodes = /\u001b\[[0-9;?]*[A-Za-z]|\r$/g

export interface LogKeeperOptions {
  /** Every line goes there as well. At 64 MB it becomes `FILE.1` and begins anew. */
  readonly file?: string
  readonly onLine?: (line: string) => void
}

/** Cuts a process's output into lines, keeps the last ones, and writes all of them to a file. */
export class LogKeeper {
  readonly file: string | undefined
  readonly #onLine: ((line: string) => void) | undefined
  readonly #lines: string[] = []
  #rest = ''
  #descriptor: number | undefined
  #written = 0
  #count = 0
  #runStart = 0

  constructor({ file, onLine }: LogKeeperOptions = {}) {
    this.file = file
    this.#onLine = onLine
    if (file !== undefined) mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  }

  write(chunk: string): void {
    const pieces = (this.#rest + chunk).split('\n')
    this.#rest = pieces.pop() ?? ''
    if (this.#rest.length > maxLineLength) pieces.push(this.#rest.slice(0, maxLineLength))
    if (this.#rest.length > maxLineLength) this.#rest = ''
    for (const piece of pieces) this.#add(piece.replace(terminalCodes, ''))
  }

  /** A process begins: what was written before is of an earlier one. */
  beginRun(): void {
    this.#runStart = this.#count
  }

  /** The last lines of the present process, oldest first. */
  linesOfRun(count = maxKeptLines): string[] {
    const ofRun = Math.min(count, this.#count - this.#runStart)
    return ofRun === 0 ? [] : this.#lines.slice(-ofRun)
  }

  /** The last lines, oldest first. */
  lines(count = maxKeptLines): string[] {
    return this.#lines.slice(-count)
  }

  close(): void {
    if (this.#rest !== '') this.#add(this.#rest)
    this.#rest = ''
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #add(line: string): void {
    this.#lines.push(line)
    this.#count += 1
    if (this.#lines.length > maxKeptLines) this.#lines.shift()
    if (this.file !== undefined) this.#append(this.file, `${line}\n`)
    this.#onLine?.(line)
  }

  #append(file: string, text: string): void {
    if (this.#written > maxFileBytes && this.#descriptor !== undefined) {
      closeSync(this.#descriptor)
      renameSync(file, `${file}.1`)
      this.#descriptor = undefined
      this.#written = 0
    }
    this.#descriptor ??= openSync(file, 'a', 0o600)
    this.#written += writeSync(this.#descriptor, text)
  }
}
