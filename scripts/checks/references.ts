import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryFiles, repositoryRoot } from './files.ts'
import { report } from './report.ts'

/** `` `symbol` (`path/file.ts:12`) `` in a document: that line of the file must hold the symbol's definition. */
const reference = /`(\w+)`(\s+)\(`([\w./-]+\.(?:ts|sol)):(\d+)`\)/g

const keywords = 'function|class|const|interface|type|contract|library|struct|async'

/** The line on which a symbol is defined, counted from 1; undefined if nothing there looks like its definition. */
export function definitionLine(source: string, symbol: string): number | undefined {
  const name = `${symbol}\\b`
  const shapes = [
    new RegExp(`^\\s*(?:export )?(?:abstract )?(?:(?:${keywords}) )+${name}`), // declared by a keyword
    new RegExp(`^\\s+(?:async )?${name}[(<]`), // a method
    new RegExp(`^\\s+${name}:`) // a property
  ]
  const lines = source.split('\n')
  for (const shape of shapes) {
    const index = lines.findIndex(line => shape.test(line))
    if (index !== -1) return index + 1
  }
  return undefined
}

/** A document with its line numbers put right, and what could not be. */
export function checkedReferences(
  path: string,
  text: string,
  sourceOf: (file: string) => string | undefined
): { fixed: string; problems: string[] } {
  const problems: string[] = []
  const fixed = text.replace(reference, (whole, symbol: string, space: string, file: string, number: string) => {
    const source = sourceOf(file)
    const line = source === undefined ? undefined : definitionLine(source, symbol)
    if (line === undefined) problems.push(`${path}: ${symbol} is not defined in ${file}`)
    else if (line !== Number(number)) problems.push(`${path}: ${symbol} is at ${file}:${line}, not ${number}`)
    return line === undefined ? whole : `\`${symbol}\`${space}(\`${file}:${line}\`)`
  })
  return { fixed, problems }
}

function sourceOf(file: string): string | undefined {
  try {
    return readFileSync(join(repositoryRoot, file), 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  const fix = process.argv.includes('--fix')
  const problems: string[] = []
  for (const path of repositoryFiles().filter(file => file.endsWith('.md'))) {
    const absolute = join(repositoryRoot, path)
    const text = readFileSync(absolute, 'utf8')
    const found = checkedReferences(path, text, sourceOf)
    if (fix && found.fixed !== text) writeFileSync(absolute, found.fixed)
    problems.push(...(fix ? found.problems.filter(problem => problem.includes('is not defined')) : found.problems))
  }
  if (problems.length > 0 && !fix) console.error('`node scripts/checks/references.ts --fix` puts line numbers right.')
  report('references', problems)
}
