import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { ownNamespace } from '../src/index.ts'
import { rulesFor } from '../src/netns/rules.ts'

describe('faults/namespace-net', () => {
  it('parts hosts and joins them again, in namespaces of its own alone', async function () {
    this.timeout(60_000)
    const links = (): string => execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).replaceAll(/@if\d+/g, '')
    const names = (text: string): string[] => [...text.matchAll(/^\d+: ([^:]+):/gm)].map(([, name]) => name!)
    const before = names(links())
    const probe = join(import.meta.dirname, 'netns-probe.ts')
    const [program = '', ...args] = ownNamespace([process.execPath, probe])
    const { stdout } = await promisify(execFile)(program, args, { timeout: 50_000 })
    const found = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as { what: string; found: unknown })
        .map(({ what, found: seen }) => [what, seen])
    )
    expect(found).to.deep.equal({
      whole: ['answer', 'answer'],
      parted: ['silence', 'silence'],
      gateway: 'answer',
      healed: ['answer', 'answer'],
      'one way': ['silence'],
      lossy: 1
    })
    expect(names(links())).to.deep.equal(before)
    expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).to.not.match(/^[ab]\b/m)
  })

  it('writes rules that replace those of before', () => {
    const text = rulesFor([
      ['10.0.0.2', { lossPercent: 100 }],
      ['10.0.0.3', { lossPercent: 30 }]
    ])
    expect(text).to.contain('delete table inet faults')
    expect(text).to.contain('ip saddr 10.0.0.2 counter drop')
    expect(text).to.contain('ip saddr 10.0.0.3 numgen random mod 100 < 30 counter drop')
  })
})
