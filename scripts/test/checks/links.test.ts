import { expect } from 'chai'
import { deadLinks, unknownScripts } from '../../checks/links.ts'

describe('checks/links', () => {
  const lines = (file: string): number | undefined => ({ 'docs/a.md': 10, 'src/x.ts': 5 })[file]

  it('accepts links to files that are there, addresses and places in the same text', () => {
    const text =
      'see [a](a.md#top), [x](../src/x.ts), [root](/src/x.ts), [web](https://example.org), [here](#below), `src/x.ts:5`'
    expect(deadLinks('docs/b.md', text, lines)).to.deep.equal([])
  })

  it('refuses a link to a file that is not there', () => {
    expect(deadLinks('docs/b.md', '\n[gone](gone.md)', lines)).to.deep.equal([
      'docs/b.md:2: link to gone.md leads nowhere'
    ])
  })

  it('refuses a line that a file does not have', () => {
    expect(deadLinks('docs/b.md', '`src/x.ts:6`', lines)).to.deep.equal(['docs/b.md:1: src/x.ts has only 5 lines'])
    expect(deadLinks('docs/b.md', '`src/y.ts:1-3`', lines)).to.deep.equal(['docs/b.md:1: src/y.ts is not there'])
  })

  it('refuses a command that npm does not know', () => {
    const text = 'first `npm run build`, then `npm run built`, and `npm run docs -w cli`'
    expect(unknownScripts('README.md', text, new Set(['build']))).to.deep.equal([
      'README.md: there is no `npm run built`'
    ])
  })
})
