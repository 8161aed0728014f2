/** `node tools/build.ts`: builds what changed since the last time and prints one line per part. Exits 1 if a part failed. */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runStep, seconds } from './run-step.ts'

const root = resolve(import.meta.dirname, '..')
const stampFolder = join(root, 'node_modules/.enigma-builds')

export interface BuildPart {
  readonly name: string
  /** The file whose presence says that this part exists; and the files that the output is a function of. */
  readonly script: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly command: readonly string[]
}

export const buildParts: readonly BuildPart[] = [
  {
    name: 'contracts',
    script: 'hardhat.config.ts',
    inputs: ['hardhat.config.ts', 'contracts/**/*.sol', 'test/contracts/**/*.sol'],
    outputs: ['artifacts/contracts'],
    command: ['node_modules/.bin/hardhat', 'build', '--quiet']
  },
  {
    name: 'secret contracts',
    script: 'secret-contracts/compiler/build-samples.ts',
    inputs: ['secret-contracts/**/*.ts', 'secret-contracts/**/*.json'],
    outputs: ['secret-contracts/build'],
    command: ['node', 'secret-contracts/compiler/build-samples.ts']
  },
  {
    name: 'enclave',
    script: 'enclave-sim/build.ts',
    inputs: ['enclave-sim/src/**/*', 'enclave-sim/build.ts', 'protocol/src/**/*', 'mpc/src/**/*'],
    outputs: ['enclave-sim/dist/enclave.mjs', 'enclave-sim/dist/wasm-thread.mjs'],
    command: ['node', 'enclave-sim/build.ts']
  },
  {
    name: 'template dApp',
    script: 'template-dapp/vite.config.ts',
    inputs: ['template-dapp/**/*', 'enigma-js/src/**/*', 'protocol/src/**/*', 'secret-contracts/**/*.ts'],
    outputs: ['template-dapp/dist/index.html'],
    command: ['node_modules/.bin/vite', 'build', 'template-dapp', '--logLevel', 'warn']
  }
]

/** Hash over everything the output depends on, the installed packages included. */
function inputHash({ inputs, command }: BuildPart): string {
  const hash = createHash('sha256')
    .update(command.join(' '))
    .update(readFileSync(join(root, 'package-lock.json')))
  const isOutput = (path: string): boolean => /(^|\/)(node_modules|dist|build|generated)(\/|$)/.test(path)
  const files = inputs
    .flatMap(pattern => globSync(pattern, { cwd: root, withFileTypes: true, exclude: entry => isOutput(entry.name) }))
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
  for (const file of [...new Set(files)].sort())
    hash.update(`\0${file.slice(root.length)}\0`).update(readFileSync(file))
  return hash.digest('hex')
}

/** Builds one part unless its inputs are those of its last good build. Resolves to a problem, or undefined. */
export async function build(part: BuildPart, say: (line: string) => void): Promise<string | undefined> {
  if (!existsSync(join(root, part.script))) return undefined
  const stampFile = join(stampFolder, part.name.replaceAll(' ', '-'))
  const stamp = inputHash(part)
  const outputsThere = part.outputs.every(path => existsSync(join(root, path)))
  if (outputsThere && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return undefined

  const started = Date.now()
  say(`building the ${part.name} ...`)
  const { problem, output } = await runStep(part.command, { cwd: root, timeoutMs: 300_000, quiet: true })
  if (problem !== undefined) return `${output.trimEnd()}\nBuilding the ${part.name} failed: ${explain(problem, output)}`
  mkdirSync(stampFolder, { recursive: true })
  writeFileSync(`${stampFile}.new`, stamp)
  renameSync(`${stampFile}.new`, stampFile) // a file of its own, should the old one have other names
  say(`built the ${part.name} in ${seconds(started)}`)
  return undefined
}

function explain(problem: string, output: string): string {
  return output.includes('ENOSPC') ? 'the disk is full.' : problem
}

if (import.meta.main) {
  process.chdir(root)
  for (const part of buildParts) {
    const problem = await build(part, line => console.error(`enigma: ${line}`))
    if (problem === undefined) continue
    console.error(problem)
    process.exitCode = 1
    break
  }
}
