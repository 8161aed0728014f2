import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** One error code, as the sources declare it. */
export interface ErrorEntry {
  readonly code: string
  readonly package: string
  /** From the comment above its declaration, else the sentence it is thrown with; empty if there is neither. */
  readonly meaning: string
  /** From the hints beside the declaration, which every error without a hint of its own has; empty if there is none. */
  readonly hint: string
}

const root = join(import.meta.dirname, '../..')
const sources = ['*/src/**/*.ts', 'secret-contracts/compiler/**/*.ts']
const isCode = (text: string): boolean => /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(text)

/**
 * All codes that packages throw on purpose: the literals in unions named `...Failure` or `...Code`, with their comments, and the
 * sentences at the places that throw them; and the hints in objects named `hints` or `..._HINTS`.
 */
export function errorCatalogue(): ErrorEntry[] {
  const entries = new Map<string, ErrorEntry>()
  const thrown = new Map<string, string>()
  const hints = new Map<string, string>()
  const paths = globSync(sources, { cwd: root, exclude: ['node_modules/**', '**/node_modules/**'] }).sort()
  for (const path of paths) {
    const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true)
    const home = path.split('/')[0]!
    for (const [code, meaning] of declaredIn(file)) {
      const key = `${home} ${code}`
      if (!entries.has(key)) entries.set(key, { code, package: home, meaning, hint: '' })
    }
    for (const [code, hint] of hintsIn(file)) hints.set(`${home} ${code}`, hint)
    thrownIn(file, (code, sentence, isAlarm) => {
      const key = `${home} ${code}`
      // An alarm stands in `/status`, not in an error: it is declared where it is raised.
      if (isAlarm && !entries.has(key)) entries.set(key, { code, package: home, meaning: '', hint: '' })
      if (!thrown.has(key)) thrown.set(key, sentence)
    })
  }
  return [...entries]
    .map(([key, entry]) => ({
      ...entry,
      meaning: entry.meaning || (thrown.get(key) ?? ''),
      hint: hints.get(key) ?? ''
    }))
    .sort((a, b) => (a.package === b.package ? compare(a.code, b.code) : compare(a.package, b.package)))
}

/** A code in an object, as the first argument of an error or an alarm, or anywhere if it has the prefix of one of ours. */
const CODE = '[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+'
const OURS = 'RPC|MGMT|ENCLAVE|PEER|CLI|DEVNET|MPC|ABI|COMPILE|TESTING|QUERY|EVIDENCE'
const USES = new RegExp(`\\bcode: '(${CODE})'|\\b(?:\\w*Error|alarm)\\('(${CODE})'|'((?:${OURS})_[A-Z0-9_]+)'`, 'g')

/** Every code that a source file throws, alarms or answers with, and where: what the catalogue must not lack. */
export function codesInUse(): { readonly code: string; readonly path: string }[] {
  const paths = globSync(sources, { cwd: root, exclude: ['node_modules/**', '**/node_modules/**'] }).sort()
  return paths.flatMap(path => {
    const text = readFileSync(join(root, path), 'utf8')
    const found = text.matchAll(USES)
    return [...found].map(([, ...groups]) => ({ code: groups.find(Boolean)!, path }))
  })
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function declaredIn(file: ts.SourceFile): [string, string][] {
  const found: [string, string][] = []
  for (const statement of file.statements) {
    if (!ts.isTypeAliasDeclaration(statement) || !/(Failure|Code)$/.test(statement.name.text)) continue
    const members = ts.isUnionTypeNode(statement.type) ? [...statement.type.types] : [statement.type]
    for (const member of members) {
      for (const code of codesOf(member)) found.push([code, commentAbove(file, member)])
    }
  }
  return found
}

/** The codes that one member of a union stands for. */
function codesOf(type: ts.TypeNode): string[] {
  if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal))
    return isCode(type.literal.text) ? [type.literal.text] : []
  if (ts.isUnionTypeNode(type)) return type.types.flatMap(codesOf)
  if (!ts.isTypeLiteralNode(type)) return []
  const member = type.members.find(item => ts.isPropertySignature(item) && item.name.getText() === 'code')
  return member !== undefined && ts.isPropertySignature(member) && member.type !== undefined ? codesOf(member.type) : []
}

/** The last doc comment before a union's member. In a union the bar stands between comment and member. */
function commentAbove(file: ts.SourceFile, node: ts.Node): string {
  const text = file.text
    .slice(0, node.getStart(file))
    .replace(/\|\s*$/, '')
    .trimEnd()
  if (!text.endsWith('*/')) return ''
  const comment = text.slice(text.lastIndexOf('/*'))
  if (!comment.startsWith('/**')) return ''
  const bare = comment.replace(/^\/\*\*|\*\/$/g, '').replace(/^\s*\* ?/gm, ' ')
  return bare.replace(/\s+/g, ' ').trim()
}

/** Calls `each` for every call whose first argument is `{ code: 'X', ... }` or `'X'`, and whose second is a sentence. */
function thrownIn(file: ts.SourceFile, each: (code: string, sentence: string, isAlarm: boolean) => void): void {
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
      const [first, second] = node.arguments ?? []
      const code = first === undefined ? '' : property(first, 'code') || wording(first)
      const sentence = second === undefined ? '' : wording(second)
      if (isCode(code) && sentence !== '') each(code, sentence, isAlarm(node))
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
}

const isAlarm = (node: ts.NewExpression | ts.CallExpression): boolean =>
  /(^|\.#?)alarm$/.test(node.expression.getText())

function property(node: ts.Node, name: string): string {
  if (!ts.isObjectLiteralExpression(node)) return ''
  const found = node.properties.find(item => ts.isPropertyAssignment(item) && item.name.getText() === name)
  return found !== undefined && ts.isPropertyAssignment(found) ? wording(found.initializer) : ''
}

/** Codes and hints of the objects that are named `hints` or `..._HINTS`; a hint of several codes may be a constant of the file. */
function hintsIn(file: ts.SourceFile): [string, string][] {
  const constants = new Map<string, string>()
  const found: [string, string][] = []
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined)
      constants.set(node.name.getText(), wording(node.initializer))
    const isHints =
      (ts.isPropertyDeclaration(node) || ts.isVariableDeclaration(node)) && /^hints$|_HINTS$/.test(node.name.getText())
    if (isHints && node.initializer !== undefined && ts.isObjectLiteralExpression(node.initializer)) {
      for (const entry of node.initializer.properties) {
        if (!ts.isPropertyAssignment(entry)) continue
        const hint = wording(entry.initializer) || (constants.get(entry.initializer.getText()) ?? '')
        if (isCode(entry.name.getText())) found.push([entry.name.getText(), hint])
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** A string as it stands, a template with dots for what is filled in, nothing for anything else. */
function wording(node: ts.Node): string {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  if (ts.isTemplateExpression(node))
    return [node.head.text, ...node.templateSpans.map(span => span.literal.text)].join('…')
  return ''
}
