import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryFiles, repositoryRoot } from './files.ts'
import { report } from './report.ts'

interface Lockfile {
  readonly packages: Readonly<
    Record<string, { resolved?: string; link?: boolean; integrity?: string; version?: string }>
  >
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

if (import.meta.main) {
  const lockfiles = repositoryFiles().filter(path => path.endsWith('package-lock.json'))
  const problems = lockfiles.flatMap(path =>
    lockfileProblems(path, JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8')) as Lockfile)
  )
  report('lockfile', lockfiles.length === 0 ? ['package-lock.json is missing'] : problems)
}
