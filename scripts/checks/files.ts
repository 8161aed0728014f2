import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

/** The root of the repository, absolute. */
export const repositoryRoot = resolve(import.meta.dirname, '../..')

const skippedFolders = new Set([
  'node_modules',
  'dist',
  'build',
  'artifacts',
  'cache',
  'coverage',
  'generated',
  '.git',
  '.enigma'
])

/**
 * Every file that belongs to the repository, relative to its root: what git tracks plus what is new and not ignored.
 * Outside a git checkout (a source archive) it walks the folders instead.
 */
export function repositoryFiles(): string[] {
  const listed = existsSync(join(repositoryRoot, '.git')) ? listWithGit() : listByWalking(repositoryRoot)
  return listed.filter(path => existsSync(join(repositoryRoot, path))).sort()
}

function listWithGit(): string[] {
  const options = { cwd: repositoryRoot, encoding: 'utf8', maxBuffer: 64 << 20 } as const
  // safe.directory: a container may run the checks as another user than the one who cloned.
  const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  return [...new Set(execFileSync('git', args, options).split('\0').filter(Boolean))]
}

function listByWalking(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : listByWalking(path)
    return entry.isFile() ? [relative(repositoryRoot, path)] : []
  })
}
