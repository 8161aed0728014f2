import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryFiles, repositoryRoot } from './files.ts'
import { report } from './report.ts'

type Dependencies = Readonly<Record<string, string>>

interface Manifest {
  readonly dependencies?: Dependencies
  readonly devDependencies?: Dependencies
  readonly optionalDependencies?: Dependencies
}

interface LockedPackage extends Manifest {
  readonly resolved?: string
  readonly link?: boolean
  readonly integrity?: string
}

interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/** A lockfile names packages and integrity hashes, never the address of the mirror they once came from. */
export function lockfileProblems(path: string, lockfile: Lockfile): string[] {
  return Object.entries(lockfile.packages).flatMap(([name, { resolved, link, integrity }]) => {
    if (resolved !== undefined && /^[a-z+]+:/.test(resolved)) return [`${path}: '${name}' has the address ${resolved}`]
    // A workspace is a folder or a link to it; everything else was downloaded and must carry its hash.
    const downloaded = name.includes('node_modules/') && link !== true && resolved === undefined
    return downloaded && integrity === undefined ? [`${path}: '${name}' has no integrity hash`] : []
  })
}

/**
 * What makes `npm ci` refuse the lockfile: a workspace whose package.json asks for something else, or an optional package (of another
 * platform, mostly) that is named but not there.
 */
export function outOfStep({ packages }: Lockfile, manifests: ReadonlyMap<string, Manifest>): string[] {
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const
  const wanted = [...manifests].flatMap(([folder, manifest]) =>
    kinds
      .filter(kind => !sameEntries(manifest[kind], packages[folder]?.[kind]))
      .map(
        kind => `package-lock.json: the ${kind} of '${folder || '.'}' changed; run npm install and commit the lockfile`
      )
  )
  const installed = new Set(Object.keys(packages).map(path => path.slice(path.lastIndexOf('node_modules/') + 13)))
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter(name => !installed.has(name))
      .map(name => `package-lock.json: '${name}', optional for '${path}', is missing; npm ci would stop`)
  )
  return [...wanted, ...missing]
}

function sameEntries(a: Dependencies = {}, b: Dependencies = {}): boolean {
  const sorted = (entries: Dependencies): string => JSON.stringify(Object.entries(entries).sort())
  return sorted(a) === sorted(b)
}

function workspaceManifests(): Map<string, Manifest> {
  const read = (path: string): Manifest => JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8')) as Manifest
  const { workspaces } = read('package.json') as { workspaces: string[] }
  return new Map(['', ...workspaces].map(folder => [folder, read(join(folder, 'package.json'))]))
}

if (import.meta.main) {
  const lockfiles = repositoryFiles().filter(path => path.endsWith('package-lock.json'))
  const problems = lockfiles.flatMap(path =>
    lockfileProblems(path, JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8')) as Lockfile)
  )
  const root = JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8')) as Lockfile
  report('lockfile', [...problems, ...outOfStep(root, workspaceManifests())])
}
