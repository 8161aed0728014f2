import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CompileError } from './errors.ts'
import { compileContract } from './compile.ts'

/** Compiles every sample to secret-contracts/build. Run by `npm run build:secret-contracts`. */
const samples = new URL('../samples/', import.meta.url)
const build = fileURLToPath(new URL('../build/', import.meta.url))

try {
  for (const entry of (await readdir(samples, { withFileTypes: true })).filter(found => found.isDirectory())) {
    const source = fileURLToPath(new URL(`${entry.name}/${entry.name}.ts`, samples))
    const { name, codeBytes, codeHash } = await compileContract(source, build)
    console.log(`${name.padEnd(16)} ${String(codeBytes).padStart(6)} bytes  ${codeHash}`)
  }
} catch (error) {
  if (!(error instanceof CompileError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
