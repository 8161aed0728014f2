import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CliError } from '../errors.ts'

/** Writes a file that only its owner may read; readers see the old one or the new one, never half of one. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const next = `${path}.${process.pid}.next`
  writeFileSync(next, text, { mode: 0o600 })
  renameSync(next, path)
}

/** The text of a file, or null if there is none. @throws CLI_FILE */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new CliError({ code: 'CLI_FILE', path }, `${path} cannot be read.`, { cause })
  }
}

/** @throws CLI_FILE */
export function readJson(path: string): unknown {
  const text = readText(path)
  if (text === null) throw new CliError({ code: 'CLI_FILE', path }, `There is no file ${path}.`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliError({ code: 'CLI_FILE', path }, `${path} is not JSON.`, { cause })
  }
}
