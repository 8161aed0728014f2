import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { repositoryFiles, repositoryRoot } from './files.ts'

/** One import of a source file. `target` is the file of ours that it reaches, or undefined for a foreign package. */
export interface Edge {
  readonly specifier: string
  readonly target: string | undefined
}

/** Source file (relative to the root) -> its imports, in order. */
export type ImportGraph = ReadonlyMap<string, readonly Edge[]>

/** Secret contracts and their SDK: AssemblyScript looks like TypeScript, is another language and resolves imports its own way. */
export const assemblyScript =
  /(^|\/)assembly\/|^secret-contracts\/(samples|sdk)\/.*(?<!\.test)\.ts$|^cli\/template\/contracts\//

/** Our package names and the file behind each. Read from the package.json files, so a new package needs no change here. */
export function ourPackages(files: readonly string[]): Map<string, string> {
  const entries = files
    .filter(path => /^[^/]+\/package\.json$/.test(path))
    .map(path => {
      const { name } = JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8')) as { name: string }
      return [name, dirname(path)] as const
    })
  return new Map(entries)
}

/** Reads the imports of every TypeScript file of the repository. AssemblyScript sources are not ours to resolve. */
export function readImportGraph(files = repositoryFiles()): ImportGraph {
  const packages = ourPackages(files)
  const sources = files.filter(path => /\.(ts|tsx|mts)$/.test(path) && !assemblyScript.test(path))
  return new Map(sources.map(path => [path, importsOf(path, packages)]))
}

function importsOf(path: string, packages: Map<string, string>): Edge[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(repositoryRoot, path), 'utf8'), true, true)
  return importedFiles.map(({ fileName }) => ({ specifier: fileName, target: resolveOurs(path, fileName, packages) }))
}

function resolveOurs(from: string, specifier: string, packages: Map<string, string>): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier))
  const name = packageName(specifier)
  const folder = packages.get(name)
  if (folder === undefined) return undefined
  return resolveExport(folder, `.${specifier.slice(name.length)}`)
}

/** The file behind an entry of a package's `exports`; an entry that is not there keeps a path that no rule allows. */
function resolveExport(folder: string, entry: string): string {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, folder, 'package.json'), 'utf8')) as {
    exports?: unknown
  }
  const exported = (manifest.exports as Record<string, unknown> | undefined)?.[entry]
  const file = typeof exported === 'string' ? exported : firstString(exported)
  return file === undefined ? `${folder}/(not exported: ${entry})` : normalize(join(folder, file))
}

function firstString(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return undefined
  return Object.values(value).map(firstString).find(Boolean)
}

/** `@scope/name/deep` -> `@scope/name`, `name/deep` -> `name`. */
export function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** True when the path names a file that is there. */
export function isThere(path: string): boolean {
  return existsSync(join(repositoryRoot, path))
}
