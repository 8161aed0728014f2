import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import type { HardhatUserConfig } from 'hardhat/types/config'
import { commands, parse } from '@enigma/cli'

const root = join(import.meta.dirname, '../..')
const pages = globSync(['*.md', 'docs/*.md', 'docs/spec/*.md', 'cli/template/*.md', 'template-dapp/*.md'], {
  cwd: root
})

interface Fence {
  readonly page: string
  readonly language: string
  readonly text: string
}

const fencesOf = (page: string): Fence[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w*)[^\n]*\n([^]*?)^```$/gm)].map(([, language, text]) => ({
    page,
    language: language!,
    text: text!
  }))

const fences = pages.flatMap(fencesOf)

/** Lines of shell, those that end with a backslash joined with the next, without comments. */
const linesOf = ({ text }: Fence): string[] =>
  text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map(line => line.replace(/(^|\s)#.*$/, '').trim())
    .filter(line => line !== '')

/** Settings of a node, from where they are declared. */
const nodeSettings = new Set(
  [...readFileSync(join(root, 'worker/src/config.ts'), 'utf8').matchAll(/^ {2}'?([a-z-]+)'?: \{ type: '/gm)].map(
    ([, name]) => name!
  )
)

/** @throws what is wrong with a command line of `enigma` */
function checkEnigma(words: readonly string[]): void {
  const { command, given } = parse(words, commands, {})
  if (command.command !== 'node') return
  for (const word of given.positionals.filter(setting => setting.startsWith('--'))) {
    if (!nodeSettings.has(word.slice(2).split('=')[0]!)) throw new Error(`a node has no setting ${word}`)
  }
}

const CALL = /^(?:\.{0,2}\/)?enigma /

/** @throws what is wrong with a line of shell that a page shows; true if it is one of our programs */
function check(line: string): boolean {
  const plain = line.replace(/^(?:[A-Z_]+=\S+ +)+/, '').split(/ (?:\||>|&&) /)[0]!
  if (CALL.test(plain)) {
    checkEnigma(plain.split(/ +/).slice(1))
    return true
  }
  const image = /^docker run (?:.* )?enigma:latest (.*)$/.exec(plain)?.[1]
  if (image !== undefined) {
    checkEnigma(image.split(/ +/))
    return true
  }
  const flags = /^\.\/launch\.sh(.*)$/.exec(plain)?.[1]
  if (flags !== undefined) {
    const known = /getopts '([^']+)'/.exec(readFileSync(join(root, 'launch.sh'), 'utf8'))![1]!
    for (const flag of flags.matchAll(/ -(\w)/g)) if (!known.includes(flag[1]!)) throw new Error(`no flag -${flag[1]}`)
    return true
  }
  const script = /^(?:npx hardhat run|node|bash) ([\w./-]+\.(?:ts|sh))/.exec(plain)?.[1]
  if (script === undefined || script.startsWith('my-')) return false
  if (!existsSync(join(root, script))) throw new Error(`there is no ${script}`)
  return true
}

/** Code that a test of its own runs: a page's fences in that language are all taken from the page there. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'README.md': 'test/e2e/readme.test.ts',
  'docs/guide-secret-contracts.md': 'secret-contracts/test/guide.test.ts',
  'docs/spec/secret-contracts.md': 'secret-contracts/test/compiler.test.ts',
  'docs/guide-testing.md': 'testing/test/guide.test.ts',
  'docs/guide-hardhat.md': 'scripts/test/snippets.test.ts',
  'docs/spec/callbacks.md': 'scripts/test/snippets.test.ts'
}

describe('snippets of the documents', function () {
  this.timeout(60_000)

  it('shows command lines that the programs take', () => {
    const wrong: string[] = []
    let checked = 0
    for (const fence of fences.filter(({ language }) => ['', 'sh'].includes(language))) {
      for (const line of linesOf(fence)) {
        try {
          if (check(line)) checked++
        } catch (error) {
          wrong.push(`${fence.page}: ${line}: ${(error as Error).message}`)
        }
      }
    }
    expect(wrong).to.deep.equal([])
    expect(checked).to.be.above(50)
  })

  it('finds a command line that no program takes', () => {
    for (const line of [
      'enigma cal calculator sub 1 2',
      './enigma call calculator sub --gas 7',
      'enigma node worker -- --enigma 0x1 --bootstap x',
      'docker run enigma:latest node worker -- --nothing',
      './launch.sh -s -x',
      'npx hardhat run scripts/nothing.ts --network external'
    ]) {
      expect(() => check(line), line).to.throw()
    }
  })

  it('has a test for every page with code', () => {
    const code = fences.filter(({ language }) => ['ts', 'js', 'solidity', 'tsx'].includes(language))
    expect([...new Set(code.map(({ page }) => page))].filter(page => !(page in RUN_ELSEWHERE))).to.deep.equal([])
    for (const [page, test] of Object.entries(RUN_ELSEWHERE)) {
      const name = page.split('/').at(-1)!
      expect(readFileSync(join(root, test), 'utf8'), `${test} does not speak of ${page}`).to.include(name)
    }
  })

  it('shows a configuration that Hardhat takes', async () => {
    const [{ text }] = fencesOf('docs/guide-hardhat.md').filter(({ language }) => language === 'ts') as [Fence]
    const folder = join(root, 'build', `snippet-${process.pid}`) // inside, so that the packages are found
    mkdirSync(folder, { recursive: true })
    try {
      const file = join(folder, 'hardhat.config.ts')
      writeFileSync(file, text.replace('0x…', `0x${'12'.repeat(20)}`))
      const { default: config } = (await import(pathToFileURL(file).href)) as { default: HardhatUserConfig }
      const hre = await createHardhatRuntimeEnvironment(config, {}, folder)

      for (const task of ['enigma:compile', 'enigma:deploy']) expect(hre.tasks.getTask(task).id).to.deep.equal([task])
      expect(hre.config.enigma.networks.devnet!.rpc).to.have.length(2)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('shows a guard for targets of callbacks that compiles', async () => {
    const [{ text }] = fencesOf('docs/spec/callbacks.md').filter(({ language }) => language === 'solidity') as [Fence]
    const { default: solc } = (await import('solc')) as unknown as { default: { compile(input: string): string } }
    const source = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;
interface IGateway { function secretContract() external view returns (bytes32); }
contract Target {
  IGateway immutable gateway;
  uint256 public calls;
  constructor(IGateway g) { gateway = g; }
${text}
  function react(bytes32 expected) external onlySecretContract(expected) { calls++; }
}`
    const input = {
      language: 'Solidity',
      sources: { 'Target.sol': { content: source } },
      settings: { outputSelection: { '*': { '*': ['evm.bytecode.object'] } } }
    }
    const { errors = [], contracts } = JSON.parse(solc.compile(JSON.stringify(input))) as {
      errors?: { severity: string; formattedMessage: string }[]
      contracts: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>
    }
    expect(errors.map(({ formattedMessage }) => formattedMessage)).to.deep.equal([])
    expect(contracts['Target.sol']!.Target!.evm.bytecode.object.length).to.be.above(200)
  })
})
