import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import ts from 'typescript'
import { contractClass } from '../src/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const read = (path: string): Promise<string> => readFile(`${root}/${path}`, 'utf8')

const abi = [
  { type: 'constructor', inputs: [{ name: 'owner', type: 'address' }] },
  {
    type: 'function',
    name: 'mix',
    inputs: [
      { name: 'class', type: 'uint64[]' },
      { name: '', type: 'bool' },
      { name: 'data', type: 'bytes' },
      { name: 'options', type: 'string[]' }
    ],
    outputs: [{ name: '', type: 'bytes32[]' }]
  },
  { type: 'function', name: 'send', inputs: [], outputs: [] }
]

/** What the compiler says of a client that uses the class. */
function complaints(use: string): string[] {
  const files = new Map([
    [`${root}/generated-probe.ts`, contractClass('secret-mix', abi)],
    [
      `${root}/generated-use.ts`,
      `import type { EnigmaClient } from 'enigma-js'\nimport { SecretMix } from './generated-probe.ts'\ndeclare const client: EnigmaClient\nconst mix = SecretMix.at(client, '0x00')\n${use}`
    ]
  ])
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: []
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile: readReal } = host
  host.fileExists = path => files.has(path) || fileExists(path)
  host.readFile = path => files.get(path) ?? readReal(path)
  host.getSourceFile = (path, target) => {
    const text = host.readFile(path)
    return text === undefined ? undefined : ts.createSourceFile(path, text, target)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || files.has(file.fileName))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}

describe('secret-contracts/generate-class', function () {
  this.timeout(60_000)

  it('is what the template dApp has (enigma compile ... --types template-dapp/src/contracts)', async () => {
    const compiled = JSON.parse(await read('secret-contracts/build/millionaires.abi.json')) as object[]
    expect(await read('template-dapp/src/contracts/millionaires.ts')).to.equal(contractClass('millionaires', compiled))
  })

  it('knows arguments and results of every type, whatever they are called, and refuses others', () => {
    const uses = `
      const result: Promise<\`0x\${string}\`[]> = mix.mix([1n, 2], true, new Uint8Array(), ['x'])
      const nothing: Promise<undefined> = mix.send_()
      const task: Promise<string> = mix.send.mix([1n], false, '0x', []).then(({ taskId }) => taskId)
      const deployed = SecretMix.deploy(client, new Uint8Array(), '0x01')
      // @ts-expect-error a text is no number
      const wrong = mix.mix(['x'], true, '0x', [])
      // @ts-expect-error a number is no address
      const wrongToo = SecretMix.deploy(client, new Uint8Array(), 5)
      export { result, nothing, task, deployed, wrong, wrongToo }`
    expect(complaints(uses)).to.deep.equal([])
  })
})
