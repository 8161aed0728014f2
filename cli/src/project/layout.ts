import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CliError } from '../errors.ts'

/** A dApp's folder as `enigma init` makes it. */
export const projectFiles = {
  contracts: 'contracts',
  tests: 'test',
  page: 'page',
  build: 'build',
  deployed: 'deployed.json'
} as const

const repository = resolve(import.meta.dirname, '../../..')
const template = resolve(import.meta.dirname, '../../template')

/** What a project imports, from the checkout's own node_modules: nothing is downloaded, and it always fits this version. */
const LINKED = [
  'enigma-js',
  '@enigma/testing',
  '@enigma/secret-contracts',
  '@enigma/protocol',
  'ethers',
  'chai',
  'mocha',
  '@types/mocha',
  '@types/chai'
] as const

/** Makes a project. @throws CLI_FILE unless the folder is empty or not there */
export function createProject(folder: string): string {
  const path = resolve(folder)
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new CliError({ code: 'CLI_FILE', path }, `${path} is not empty.`, {
      hint: 'Name a folder that is not there yet.'
    })
  }
  // Whole or not at all.
  const making = `${path}.making`
  rmSync(making, { recursive: true, force: true })
  cpSync(template, making, { recursive: true })
  const manifest = {
    name: basename(path)
      .toLowerCase()
      .replace(/[^a-z0-9-]/g, '-'),
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: { test: 'enigma test', migrate: 'enigma migrate', page: 'enigma page' }
  }
  writeFileSync(join(making, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  writeFileSync(join(making, '.gitignore'), 'node_modules/\nbuild/\ndeployed.json\n')
  linkPackages(making)
  if (existsSync(path)) rmSync(path, { recursive: true })
  renameSync(making, path)
  return path
}

function linkPackages(folder: string): void {
  const bin = join(folder, 'node_modules/.bin')
  mkdirSync(bin, { recursive: true })
  for (const name of LINKED) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(realpathSync(join(repository, 'node_modules', name)), link)
  }
  symlinkSync(join(repository, 'enigma'), join(bin, 'enigma')) // finds the Node.js that it needs
}

/** The project that this folder is. @throws CLI_FILE */
export function findProject(folder = '.'): string {
  const path = resolve(folder)
  if (existsSync(join(path, projectFiles.contracts))) return path
  throw new CliError({ code: 'CLI_FILE', path }, `${path} is no project: it has no folder ${projectFiles.contracts}.`, {
    hint: '`enigma init NAME` makes one.'
  })
}

/** Source files of the project's contracts, by name. @throws CLI_FILE if there is none */
export function contractSources(project: string): readonly string[] {
  const folder = join(project, projectFiles.contracts)
  const sources = readdirSync(folder)
    .filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .sort()
  if (sources.length > 0) return sources.map(file => join(folder, file))
  throw new CliError({ code: 'CLI_FILE', path: folder }, `There is no contract in ${folder}.`)
}

/** The file that tells client scripts and pages where the contracts are. */
export function readDeployed(project: string): string {
  const path = join(project, projectFiles.deployed)
  if (existsSync(path)) return readFileSync(path, 'utf8')
  throw new CliError({ code: 'CLI_FILE', path }, 'The contracts are not deployed yet.', {
    hint: 'Run `enigma migrate`.'
  })
}
