import { signatureOf, type AbiFunction, type AbiParameter, type AbiType, type ContractInterface } from './abi-types.ts'
import { selectorOf } from './selector.ts'

/**
 * Writes the AssemblyScript file that stands between the platform and a contract: `deploy` decodes the constructor's arguments,
 * `call` finds the function by its selector, decodes, calls, and encodes the result.
 */
export function generateEntry({ constructorInputs, functions }: ContractInterface, module: string): string {
  const names = [
    ...(constructorInputs ? ['constructor as constructor_'] : []),
    ...functions.map(({ name }) => `${name} as f_${name}`)
  ]
  const helpers = new Map<string, string>()
  const cases = functions.map(found => {
    const selector = `0x${selectorOf(signatureOf(found)).toString(16).padStart(8, '0')}`
    return `    case ${selector}: { // ${signatureOf(found)}\n${callOf(found, helpers)}      return\n    }`
  })
  const deployment = `${decode(constructorInputs ?? [], 0, signatureOf({ name: 'constructor', inputs: constructorInputs ?? [] }), helpers)}${
    constructorInputs ? `      constructor_(${names_(constructorInputs)})\n` : ''
  }`
  return [
    `import { AbiReader, AbiWriter, AbiPosition, Address, Bytes32, badInput, selector, u256 } from '@enigma/sdk'`,
    ...(names.length > 0
      ? [`import { ${names.join(', ')} } from ${JSON.stringify(module)}`]
      : [`import ${JSON.stringify(module)}`]),
    '',
    'export function deploy(): void {',
    '  const input = AbiReader.input()',
    deployment + '}',
    '',
    'export function call(): void {',
    '  const input = AbiReader.input()',
    '  switch (selector(input)) {',
    ...cases,
    `    default: badInput('the contract has no function with this selector')`,
    '  }',
    '}',
    '',
    ...helpers.values(),
    ''
  ].join('\n')
}

const names_ = (inputs: readonly AbiParameter[]): string => inputs.map((_, i) => `a${i}`).join(', ')

function callOf(found: AbiFunction, helpers: Map<string, string>): string {
  const call = `f_${found.name}(${names_(found.inputs)})`
  const before = decode(found.inputs, 4, signatureOf(found), helpers)
  if (found.output === undefined) return `${before}      ${call}\n`
  return `${before}      const result = ${call}\n      const out = new AbiWriter(1)\n      ${write(found.output, 'out', 'result', helpers)}\n      out.finish()\n`
}

function decode(
  inputs: readonly AbiParameter[],
  skip: number,
  signature: string,
  helpers: Map<string, string>
): string {
  const lines = [`const reader = new AbiReader(input, ${skip}, ${inputs.length}, ${JSON.stringify(signature)})`]
  inputs.forEach(({ type }, i) => lines.push(`const a${i} = ${read(type, 'reader', helpers)}`))
  lines.push('reader.finish()')
  return lines.map(line => `      ${line}\n`).join('')
}

const helperName = (prefix: string, type: AbiType): string => `${prefix}_${type.source.replace(/[<>]/g, '_')}`

/** An expression that reads one value; arrays through a function of their own. */
function read(type: AbiType, reader: string, helpers: Map<string, string>): string {
  if (type.element === undefined) return `${reader}.${type.method}()`
  const name = helperName('read', type)
  if (!helpers.has(name)) {
    helpers.set(name, '') // so that it stands in front of nothing that needs it twice
    const element = read(type.element, 'reader', helpers)
    helpers.set(
      name,
      `function ${name}(reader: AbiReader): ${type.source} {
  const outer = new AbiPosition()
  const length = reader.enter(outer)
  const list = new ${type.source}(length)
  for (let i = 0; i < length; i++) list[i] = ${element}
  reader.leave(outer)
  return list
}
`
    )
  }
  return `${name}(${reader})`
}

/** A statement that writes one value. */
function write(type: AbiType, writer: string, value: string, helpers: Map<string, string>): string {
  if (type.element === undefined) return `${writer}.${type.method}(${value})`
  const name = helperName('write', type)
  if (!helpers.has(name)) {
    helpers.set(name, '')
    const element = write(type.element, 'writer', 'list[i]', helpers)
    helpers.set(
      name,
      `function ${name}(writer: AbiWriter, list: ${type.source}): void {
  const outer = new AbiPosition()
  writer.enter(outer, list.length)
  for (let i = 0; i < list.length; i++) ${element}
  writer.leave(outer)
}
`
    )
  }
  return `${name}(${writer}, ${value})`
}
