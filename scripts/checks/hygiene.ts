import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryFiles, repositoryRoot } from './files.ts'
import { report } from './report.ts'

interface Rule {
  readonly pattern: RegExp
  readonly sentence: string
  /** Only files whose path matches; all of them otherwise. */
  readonly files?: RegExp
}

const maxFileBytes = 1 << 20
const self = /^scripts\/(checks\/hygiene|test\/checks\/hygiene\.test)\.ts$/ // they spell out what they refuse

const rules: readonly Rule[] = [
  { pattern: /(^|[\s'"`(=:])\/(work|root|home\/[a-z]\w*)\//, sentence: 'names a path of one machine' },
  {
    pattern: /https?:\/\/[^\s'"`)]*(artifactory|nexus|verdaccio|\/npm-proxy|\/repository\/npm)/i,
    sentence: 'names a package mirror'
  },
  { pattern: /https?:\/\/registry\.[\w.-]+/, sentence: 'names a package registry' },
  { pattern: /\b(describe|it|context|suite|test)\.(only|skip)\(/, sentence: 'switches tests off', files: /\.ts$/ },
  { pattern: /\b(TODO|FIXME|XXX)\b/, sentence: 'leaves work for later', files: /\.(ts|tsx|sol|sh|js|mjs)$/ },
  { pattern: /^(<{7}|>{7}) /, sentence: 'holds a merge conflict' },
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/, sentence: 'holds a private key' }
]

/** Problems of one file's text, as `path:line: ...`. `hosts` are names that no file may hold. */
export function hygieneProblems(path: string, text: string, hosts: readonly string[] = []): string[] {
  const active = rules.filter(({ files }) => files === undefined || files.test(path))
  return text
    .split('\n')
    .flatMap((line, index) => [
      ...active.filter(({ pattern }) => pattern.test(line)).map(({ sentence }) => `${path}:${index + 1}: ${sentence}`),
      ...hosts
        .filter(host => line.includes(host))
        .map(() => `${path}:${index + 1}: names this machine's package registry`)
    ])
}

/** The host of the registry that this machine's npm uses, unless it is the public one. */
function privateRegistryHosts(): string[] {
  try {
    const address = execFileSync('npm', ['config', 'get', 'registry'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore']
    })
    const { host } = new URL(address.trim())
    return host === 'registry.npmjs.org' || host === '' ? [] : [host]
  } catch {
    return [] // no npm, nothing to compare with
  }
}

if (import.meta.main) {
  const hosts = privateRegistryHosts()
  const problems = repositoryFiles().flatMap(path => {
    const size = statSync(join(repositoryRoot, path)).size
    if (size > maxFileBytes) return [`${path}: ${size} bytes is too large for the repository`]
    const bytes = readFileSync(join(repositoryRoot, path))
    if (bytes.includes(0) || self.test(path)) return []
    return hygieneProblems(path, bytes.toString('utf8'), hosts)
  })
  report('hygiene', problems)
}
