import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import type { Hash } from '@enigma/protocol'
import { BUNDLE_FILES, measurementOf, readBundle } from './src/attest/measurement.ts'

/** The source of each bundle file. */
const ENTRIES: Readonly<Record<(typeof BUNDLE_FILES)[number], string>> = {
  'enclave.mjs': 'src/main.ts',
  'wasm-thread.mjs': 'src/wasm/thread.ts'
}

const here = import.meta.dirname
export const DIST = join(here, 'dist')

/**
 * Bundles the enclave. A function of the sources and the installed packages alone, so that everyone gets the same measurement.
 * Files are replaced whole: an enclave that starts meanwhile loads the old or the new one.
 */
export async function buildEnclave(folder: string = DIST): Promise<Hash> {
  mkdirSync(folder, { recursive: true })
  for (const file of BUNDLE_FILES) {
    const temporary = join(folder, `.${file}.${process.pid}`)
    writeFileSync(temporary, await bundled(ENTRIES[file]))
    renameSync(temporary, join(folder, file))
  }
  return measurementOf(readBundle(folder))
}

async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: resolve(here, '..'), // paths in the bundle's comments are relative to it
    entryPoints: [join(here, entry)],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    charset: 'utf8',
    minifySyntax: true,
    legalComments: 'none',
    tsconfigRaw: {},
    logLevel: 'warning'
  })
  return outputFiles[0]!.contents
}

if (import.meta.main) console.log(await buildEnclave())
