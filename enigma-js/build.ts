/**
 * `node enigma-js/build.ts`: the library for browsers, as ES modules.
 *
 * - dist/enigma.js: without ethers, which the page has anyway or takes from its own bundler.
 * - dist/enigma.bundle.js: with ethers, for a page without a build step.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** A page should not wait for it: about as much as one small picture. */
export const MAX_GZIPPED_BYTES = 60 * 1024

const root = import.meta.dirname
const entry = join(root, 'src/index.ts')

/** One bundle as text. `platform: browser` makes esbuild refuse modules of Node.js. */
export async function bundle(withEthers: boolean): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [withEthers ? join(root, 'bundle-entry.ts') : entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    external: withEthers ? [] : ['ethers']
  })
  return outputFiles[0]!.text
}

export const gzippedBytes = (text: string): number => gzipSync(text, { level: 9 }).length

if (import.meta.main) {
  const dist = join(root, 'dist')
  mkdirSync(dist, { recursive: true })
  for (const [name, withEthers] of [
    ['enigma.js', false],
    ['enigma.bundle.js', true]
  ] as const) {
    const text = await bundle(withEthers)
    writeFileSync(join(dist, name), text)
    console.log(`${name.padEnd(17)} ${text.length} bytes, ${gzippedBytes(text)} gzipped`)
  }
}
