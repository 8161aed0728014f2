import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { BUNDLE_FILES, measurementOf, readBundle } from './src/attest/measurement.ts'
import type { Hash } from '@enigma/protocol'

/** The source of each bundle file. */
const ENTRIES: Readonly<Record<(typeof BUNDLE_FILES)[number], string>> = {
  'enclave.mjs': 'src/main.ts',
  'wasm-thread.mjs': 'src/wasm/thread.ts'
}

const here = import.meta.dirname
export const DIST = join(here, 'dist')

/** Bundles the enclave. A function of the sources and the installed packages alone, so that everyone gets the same measurement. */
export async function buildEnclave(folder: string = DIST): Promise<Hash> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const file of BUNDLE_FILES) {
    await build({
      absWorkingDir: resolve(here, '..'), // paths in comments are relative to it
      entryPoints: [join(here, ENTRIES[file])],
      outfile: join(folder, file),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      charset: 'utf8',
      treeShaking: true,
      minifySyntax: true,
      legalComments: 'none',
      sourcemap: false,
      tsconfigRaw: {},
      logLevel: 'warning'
    })
  }
  return measurementOf(readBundle(folder))
}

if (import.meta.main) console.log(await buildEnclave())
