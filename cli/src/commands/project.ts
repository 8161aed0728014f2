import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { devAccount, devnetDown, devnetUp } from '@enigma/devnet'
import { compileContract } from '@enigma/secret-contracts'
import { accountOptions } from '../account.ts'
import { wholeNumber, type Command } from '../command.ts'
import { withClient } from '../connect.ts'
import { loadAbi } from '../files/artifact.ts'
import { gasOptions, readGas } from '../gas.ts'
import { findNetwork, networkOptions } from '../network.ts'
import { announcer, follow } from '../progress.ts'
import { contractSources, createProject, findProject, projectFiles } from '../project/layout.ts'
import { servePage } from '../project/page.ts'

export const init: Command = {
  command: 'init',
  describe: 'Make a project: a secret contract, its test, a client script and a page',
  positionals: [{ name: 'folder', describe: 'must be empty or not there' }],
  options: {},
  examples: ['enigma init my-dapp'],
  run({ positionals }, io) {
    const path = createProject(positionals[0]!)
    io.out(`Made ${path}. Its README.md says what to do next:`)
    io.out(`  cd ${relative(process.cwd(), path) || '.'} && enigma test`)
    return Promise.resolve(0)
  }
}

export const test: Command = {
  command: 'test',
  describe: "Run the project's unit tests of its contracts, without a network",
  positionals: [{ name: 'flags', describe: 'for mocha, after --', rest: true }],
  options: {},
  examples: ['enigma test', 'enigma test -- --grep secret-max'],

  /** Exits as mocha does: with the number of tests that failed. */
  async run({ positionals }) {
    const project = findProject()
    const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js')
    const args = [mocha, `${projectFiles.tests}/**/*.test.ts`, ...positionals]
    const child = spawn(process.execPath, args, {
      cwd: project,
      stdio: 'inherit',
      env: { ...process.env, NODE_NO_WARNINGS: '1' }
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    return code ?? 1
  }
}

export const migrate: Command = {
  command: 'migrate',
  describe: "Compile and deploy all of the project's contracts; writes deployed.json for scripts and pages",
  positionals: [],
  options: { ...gasOptions, ...accountOptions, ...networkOptions },
  examples: ['enigma migrate', 'enigma migrate --account 12'],

  async run(given, io) {
    const project = findProject()
    const sources = contractSources(project)
    const { rpc, chainUrl, enigma, isDevnet } = findNetwork(given, io)
    return withClient(given, io, true, async ({ client, book }) => {
      const contracts: Record<string, unknown> = {}
      for (const source of sources) {
        const { name, wasmPath, abiPath, functions } = await compileContract(source, join(project, projectFiles.build))
        io.err(`${name}:`)
        const abi = loadAbi(abiPath)
        const { onStage, seen } = announcer(io)
        const task = await client.deploy({ wasm: readFileSync(wasmPath), abi }, [], { ...readGas(given), onStage })
        const address = await follow(task, io, seen)
        book.add({ name, scAddr: address, abi, functions })
        contracts[name] = { address, abi }
        io.out(`${name}  ${address}`)
      }
      const network = { enigma, rpc, chainUrl, mode: 'simulation' }
      // A key that everybody knows, and only on a devnet: so that scripts and page work as they are.
      const testAccount = isDevnet ? devAccount(11) : undefined
      const file = join(project, projectFiles.deployed)
      writeFileSync(file, `${JSON.stringify({ network, contracts, testAccount }, null, 2)}\n`)
      return 0
    })
  }
}

export const page: Command = {
  command: 'page',
  describe: "Bundle the project's page and serve it, until Ctrl-C",
  positionals: [],
  options: { port: { type: 'string', value: 'PORT', describe: 'default: any free one' } },
  examples: ['enigma page', 'enigma page --port 8090'],
  run: (given, io) => servePage(findProject(), wholeNumber(given, 'port') ?? 0, io)
}

export const start: Command = {
  command: 'start',
  describe: 'Start a test network on this machine and come back when it is ready',
  positionals: [],
  options: { workers: { type: 'string', short: 'n', value: 'N', describe: 'number of workers, 1 to 9; default: 3' } },
  examples: ['enigma start'],
  run: (given, io) => devnetUp({ simulation: true, detach: true, workers: wholeNumber(given, 'workers') }, io)
}

export const stop: Command = {
  command: 'stop',
  describe: 'Stop the test network of this machine',
  positionals: [],
  options: {},
  examples: ['enigma stop'],
  run: (_, io) => devnetDown(io)
}
