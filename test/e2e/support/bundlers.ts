import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as esbuild from 'esbuild'
import { build as viteBuild } from 'vite'
import webpack from 'webpack'

/** Bundles one entry into one ES module with a bundler's ordinary settings for the web, and gives its text. */
export type Bundle = (entry: string, out: string) => Promise<string>

async function withVite(entry: string, out: string): Promise<string> {
  const fault = (warning: unknown): never => {
    throw new Error(`vite: ${String((warning as { message?: string }).message ?? warning)}`)
  }
  const result = await viteBuild({
    root: dirname(entry),
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: entry, onwarn: fault, output: { format: 'es' } }
    }
  })
  const { output } = result as { output: readonly { type: string; code?: string }[] }
  const chunks = output.filter(({ type }) => type === 'chunk')
  if (chunks.length !== 1) throw new Error(`vite made ${chunks.length} chunks`)
  return save(out, chunks[0]!.code!)
}

async function withEsbuild(entry: string, out: string): Promise<string> {
  const options = {
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false
  } as const
  const { outputFiles, warnings } = await esbuild.build({ entryPoints: [entry], ...options })
  if (warnings.length > 0) throw new Error(`esbuild: ${warnings[0]!.text}`)
  return save(out, outputFiles[0]!.text)
}

async function withWebpack(entry: string, out: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const compiler = webpack({
      mode: 'production',
      target: 'web',
      context: dirname(entry),
      entry,
      output: { path: dirname(out), filename: basename(out), module: true },
      experiments: { outputModule: true },
      // Making it small takes longer than everything else here; unused modules are left out all the same.
      optimization: { minimize: false },
      performance: false
    })
    compiler.run((error, stats) => {
      compiler.close(() => {
        const told = stats?.toJson({ all: false, errors: true, warnings: true })
        const [first] = [...(told?.errors ?? []), ...(told?.warnings ?? [])]
        if (error ?? first) reject(error ?? new Error(`webpack: ${first!.message}`))
        else resolve()
      })
    })
  })
  return readFileSync(out, 'utf8')
}

function save(out: string, text: string): string {
  mkdirSync(join(dirname(out)), { recursive: true })
  writeFileSync(out, text)
  return text
}

export const bundlers: Readonly<Record<string, Bundle>> = {
  vite: withVite,
  esbuild: withEsbuild,
  webpack: withWebpack
}
