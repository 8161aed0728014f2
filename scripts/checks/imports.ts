import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { repositoryFiles, repositoryRoot } from './files.ts'
import { isThere, ourPackages, packageName, readImportGraph, type Edge } from './import-graph.ts'
import { exceptions, openFolders, packageRules, publicEntries } from './import-rules.ts'
import { report } from './report.ts'

const builtins = new Set(builtinModules)

/** Every import that the table of `import-rules.ts` forbids, as one sentence each. */
export function forbiddenImports(): string[] {
  const files = repositoryFiles()
  const packageFolders = new Set(ourPackages(files).values())
  const problems: string[] = []
  for (const [path, edges] of readImportGraph(files)) {
    for (const edge of edges) {
      const reason = exceptions.has(`${path} ${edge.specifier}`) ? undefined : why(path, edge, packageFolders)
      if (reason !== undefined) problems.push(`${path}: import of '${edge.specifier}' ${reason}`)
    }
  }
  return problems
}

function why(path: string, { specifier, target }: Edge, packageFolders: ReadonlySet<string>): string | undefined {
  const home = folderOf(path)
  return target === undefined
    ? whyForeign(path, home, specifier, packageFolders)
    : whyOurs(path, home, specifier, target, packageFolders)
}

function whyOurs(
  path: string,
  home: string,
  specifier: string,
  target: string,
  packages: ReadonlySet<string>
): string | undefined {
  if (specifier.startsWith('.') && !/\.(ts|tsx|json|css|svg|mjs)$/.test(target)) return 'needs its file extension'
  if (!isThere(target) && !isGenerated(target)) return 'reaches no file'
  const away = folderOf(target)
  if (away === home) return undefined
  if (target.endsWith('.json')) return undefined // vectors and manifests are data
  if (!mayUse(path, home, away)) return `is forbidden: ${home} may not use ${away}`
  if (openFolders.includes(away) && openFolders.includes(home)) return undefined
  if (specifier.startsWith('.') && packages.has(away)) return `reaches into ${away}: import it by its package name`
  const entry = isTest(path) ? undefined : packageRules[home]?.entries?.[away]
  if (entry !== undefined && target !== entry) return `is forbidden: of ${away}, ${home} may use ${entry} only`
  const entries = publicEntries[away]
  if (entries !== undefined && !entries.includes(target))
    return `reaches into ${away}: its entries are ${entries.join(', ')}`
  return undefined
}

function mayUse(path: string, home: string, away: string): boolean {
  if (openFolders.includes(home) || isTest(path)) return !openFolders.includes(away) || openFolders.includes(home)
  return packageRules[home]?.ours.includes(away) ?? home === '.'
}

function whyForeign(path: string, home: string, specifier: string, packages: ReadonlySet<string>): string | undefined {
  if (!isTest(path) && path.includes('/src/') && packageRules[home]?.banned?.test(specifier)) {
    return `is forbidden: ${home} must not load it`
  }
  if (specifier.startsWith('node:')) return undefined
  const name = packageName(specifier)
  if (builtins.has(name)) return `needs the prefix 'node:'`
  const manifests = packages.has(home) ? [`${home}/package.json`] : []
  // Tests, tools and folders without a manifest of their own live on the root's development dependencies.
  if (isTest(path) || !packages.has(home) || !path.includes('/src/')) manifests.push('package.json')
  if (manifests.some(manifest => declares(manifest, name))) return undefined
  if (openFolders.includes(home) || isTest(path)) {
    return [...packages].some(folder => declares(`${folder}/package.json`, name)) ? undefined : 'is in no package.json'
  }
  return `is not in ${manifests.join(' or ')}`
}

function declares(manifest: string, name: string): boolean {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(repositoryRoot, manifest), 'utf8')) as {
    dependencies?: Record<string, string>
    devDependencies?: Record<string, string>
  }
  return name in { ...dependencies, ...devDependencies }
}

function isTest(path: string): boolean {
  return /^[^/]+\/test\//.test(path)
}

function isGenerated(path: string): boolean {
  return /(^|\/)(generated|dist|build|artifacts)\//.test(path)
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '.'
}

if (import.meta.main) report('imports', forbiddenImports())
