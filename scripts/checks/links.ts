import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { repositoryFiles, repositoryRoot } from './files.ts'
import { report } from './report.ts'

/**
 * Links of a Markdown text that lead nowhere: relative files that are not there, and `path:line` references (in
 * backticks) whose file is missing or shorter than the line.
 */
export function deadLinks(path: string, text: string, lineCount: (file: string) => number | undefined): string[] {
  const problems: string[] = []
  text.split('\n').forEach((line, index) => {
    const where = `${path}:${index + 1}`
    for (const [, target = ''] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      const file = target.split('#', 1)[0] ?? ''
      if (file === '' || /^[a-z]+:/.test(file)) continue
      const resolved = normalize(file.startsWith('/') ? file.slice(1) : join(dirname(path), file))
      if (lineCount(resolved) === undefined) problems.push(`${where}: link to ${target} leads nowhere`)
    }
    for (const [, file = '', number = '0'] of line.matchAll(/`([\w./-]+\.(?:ts|tsx|sol|sh|md)):(\d+)(?:-\d+)?`/g)) {
      const lines = lineCount(file)
      if (lines === undefined) problems.push(`${where}: ${file} is not there`)
      else if (Number(number) > lines) problems.push(`${where}: ${file} has only ${lines} lines`)
    }
  })
  return problems
}

/** Lines of a file, 0 for a folder, undefined if it is not there. */
function lineCount(path: string): number | undefined {
  const absolute = join(repositoryRoot, path)
  if (!existsSync(absolute)) return undefined
  try {
    return readFileSync(absolute, 'utf8').split('\n').length
  } catch {
    return 0
  }
}

if (import.meta.main) {
  const documents = repositoryFiles().filter(path => path.endsWith('.md'))
  report(
    'links',
    documents.flatMap(path => deadLinks(path, readFileSync(join(repositoryRoot, path), 'utf8'), lineCount))
  )
}
