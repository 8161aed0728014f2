/**
 * Says whether `node_modules` is what package-lock.json asks for. Built-in modules only: it runs before `npm ci`.
 *
 * `node tools/installed.ts check` exits 0 or 1; `... stamp` notes that `npm ci` has just finished. A stamp with the
 * lockfile's hash is the quick answer; after a plain `npm install` the list that npm keeps in node_modules is compared.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

interface LockedPackage {
  readonly version?: string
  readonly link?: boolean
  readonly os?: string[]
  readonly cpu?: string[]
  readonly libc?: string[]
}
type Lockfile = { readonly packages: Readonly<Record<string, LockedPackage>> }

const root = resolve(import.meta.dirname, '..')
const stampFile = join(root, 'node_modules/.enigma-installed')

/** Hash of the lockfile and the major version of Node.js, because npm leaves out what does not fit its own Node.js. */
function wantedStamp(): string {
  const lockfile = readFileSync(join(root, 'package-lock.json'))
  return `${createHash('sha256').update(lockfile).digest('hex')} node ${process.versions.node.split('.')[0]}`
}

function isForThisMachine({ os, cpu, libc }: LockedPackage): boolean {
  const allows = (list: string[] | undefined, value: string): boolean =>
    list === undefined || (list.some(item => item.startsWith('!')) ? !list.includes(`!${value}`) : list.includes(value))
  return (
    allows(os, process.platform) &&
    allows(cpu, process.arch) &&
    allows(libc, existsSync('/etc/alpine-release') ? 'musl' : 'glibc')
  )
}

function matchesLockfile(): boolean {
  const installed = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(installed)) return false
  const wanted = (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lockfile).packages
  const found = (JSON.parse(readFileSync(installed, 'utf8')) as Lockfile).packages
  return Object.entries(wanted)
    .filter(([path, entry]) => path.includes('node_modules/') && isForThisMachine(entry))
    .every(([path, { version, link }]) =>
      link === true ? existsSync(join(root, path)) : found[path]?.version === version
    )
}

const [command] = process.argv.slice(2)
if (command === 'stamp') {
  writeFileSync(stampFile, wantedStamp())
} else if (command === 'check') {
  const stamped = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wantedStamp()
  process.exitCode = stamped || matchesLockfile() ? 0 : 1
} else {
  console.error('usage: node tools/installed.ts check|stamp')
  process.exitCode = 2
}
