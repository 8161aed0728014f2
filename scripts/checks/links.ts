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

/** `npm run NAME` in a text, where the root's package.json has no such script. With `-w` it is a workspace's business. */
export function unknownScripts(path: string, text: string, scripts: ReadonlySet<string>): string[] {
  return [...text.matchAll(/`npm run ([a-z][a-z:-]*)`/g)]
    .filter(([, name = '']) => !scripts.has(name))
    .map(([command]) => `${path}: there is no ${command}`)
}

function rootScripts(): Set<string> {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { scripts: object }
  return new Set(Object.keys(manifest.scripts))
}

if (import.meta.main) {
  const scripts = rootScripts()
  const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8')
  const files = repositoryFiles()
  const dead = files.filter(path => path.endsWith('.md')).flatMap(path => deadLinks(path, read(path), lineCount))
  const unknown = files
    .filter(path => /\.(md|ts|tsx|sol|sh)$/.test(path) && !path.startsWith('scripts/'))
    .flatMap(path => unknownScripts(path, read(path), scripts))
  report('links', [...dead, ...unknown])
}
