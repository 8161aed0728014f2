import * as assemblyscript from 'assemblyscript'
import { newOptions, newProgram, parse } from 'assemblyscript'
import type { FunctionDeclaration, IdentifierExpression, NamedTypeNode, Node, TypeNode } from 'assemblyscript'
import { selectorOf } from './selector.ts'
import { arrayOf, scalarType, signatureOf, TYPE_NAMES } from './abi-types.ts'
import type { AbiFunction, AbiParameter, AbiType, ContractInterface } from './abi-types.ts'
import { sourceError, type SourceError } from './errors.ts'

/** AssemblyScript declares these as `const enum`, which type stripping cannot import; they are there all the same. */
const { NodeKind, CommonFlags } = assemblyscript as unknown as Record<
  'NodeKind' | 'CommonFlags',
  Record<string, number>
>

/** Exported under this name, a function is the constructor: it runs once, with the deployment's arguments. */
const CONSTRUCTOR = 'constructor'

/**
 * Reads the exported functions of a contract's main file with AssemblyScript's own parser.
 * @throws COMPILE_SOURCE for exports that cannot stand in an ABI. Syntax errors are left to the compiler, which reports them better.
 */
export function readInterface(text: string, file: string): ContractInterface {
  const program = newProgram(newOptions())
  parse(program, text, file, true)
  const statements = program.sources.find(source => source.normalizedPath === file)?.statements ?? []
  const errors: SourceError[] = []
  const complain = (node: Node, message: string): undefined => {
    const { start, source } = node.range
    errors.push({ file, line: source.lineAt(start), column: source.columnAt(), message })
  }

  const typeOf = (node: TypeNode): AbiType | undefined => {
    const type = namedType(node)
    return (
      type ?? complain(node, `The type ${node.range.toString()} cannot stand in a signature; these can: ${TYPE_NAMES}.`)
    )
  }

  const functions: AbiFunction[] = []
  let constructorInputs: AbiParameter[] | undefined
  for (const statement of statements) {
    const isExport = statement.kind === NodeKind.Export || statement.kind === NodeKind.ExportDefault
    if (isExport) complain(statement, 'Export functions of the main file where they are declared.')
    if (statement.kind !== NodeKind.FunctionDeclaration) continue
    const declaration = statement as FunctionDeclaration
    if ((declaration.flags & CommonFlags.Export!) === 0) continue
    const name = declaration.name.text
    const { parameters, returnType } = declaration.signature
    if (declaration.typeParameters !== null) complain(declaration.name, `${name} is exported, so it cannot be generic.`)
    const inputs: AbiParameter[] = []
    for (const parameter of parameters) {
      if (parameter.parameterKind !== 0)
        complain(parameter, 'An exported function takes all its arguments; none is optional.')
      const type = typeOf(parameter.type)
      if (type !== undefined) inputs.push({ name: parameter.name.text, type })
    }
    const isVoid = returnType.range.toString() === 'void'
    const output = isVoid ? undefined : typeOf(returnType)
    const decorators = (declaration.decorators ?? []).map(({ name }) => (name as IdentifierExpression).text)
    if (name === CONSTRUCTOR) {
      if (!isVoid) complain(returnType, 'The constructor returns nothing: declare it void.')
      constructorInputs = inputs
    } else {
      functions.push({ name, inputs, output, view: decorators.includes('view') })
    }
  }
  if (errors.length === 0) checkSelectors(functions, file)
  if (errors.length > 0) throw sourceError(errors)
  return { constructorInputs, functions }
}

function namedType(node: TypeNode): AbiType | undefined {
  if (node.kind !== NodeKind.NamedType || node.isNullable) return undefined
  const { name, typeArguments } = node as NamedTypeNode
  if (name.next !== null) return undefined
  const args = typeArguments ?? []
  if (args.length === 0) return scalarType(name.identifier.text)
  if (name.identifier.text !== 'Array' || args.length !== 1) return undefined
  const element = namedType(args[0]!)
  return element && arrayOf(element)
}

function checkSelectors(functions: readonly AbiFunction[], file: string): void {
  const seen = new Map<number, string>()
  for (const found of functions) {
    const signature = signatureOf(found)
    const other = seen.get(selectorOf(signature))
    if (other !== undefined) {
      throw sourceError([
        { file, line: 1, column: 1, message: `${signature} and ${other} have the same selector; rename one.` }
      ])
    }
    seen.set(selectorOf(signature), signature)
  }
}
