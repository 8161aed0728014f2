/** Writes docs/public/llms.txt: what there is to read, for programs that read (llmstxt.org). Each line is a page's title and first sentence. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const docs = join(import.meta.dirname, '../../docs')

/** Title and first paragraph of a page, without its markup. */
function summaryOf(path: string): { title: string; first: string } {
  const text = readFileSync(join(docs, path), 'utf8').replace(/^---\n[^]*?\n---\n/, '')
  const title = /^# (.+)$/m.exec(text)?.[1] ?? path
  const paragraph = text
    .split(/\n{2,}/)
    .map(part => part.trim())
    .find(part => part !== '' && !/^(#|<|\||```|>|!|- |\d+[.] )/.test(part))
  const plain = (paragraph ?? '').replace(/\s+/g, ' ').replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
  return { title: title.replaceAll('`', ''), first: /^.*?[.](?= |$)/.exec(plain)?.[0] ?? plain }
}

const section = (title: string, pattern: string): string => {
  const pages = globSync(pattern, { cwd: docs, exclude: ['index.md'] }).sort()
  const lines = pages.map(path => {
    const { title: name, first } = summaryOf(path)
    return `- [${name}](/${path.replace(/\.md$/, '.html')}): ${first}`
  })
  return `## ${title}\n\n${lines.join('\n')}`
}

const text = [
  '# Enigma',
  '> A network that computes on secrets and settles on Ethereum: secret contracts in (simulated) enclaves, and multi-party computation.',
  section('Guides', '*.md'),
  section('Specifications', 'spec/*.md'),
  section('Decisions', 'adr/*.md')
]
mkdirSync(join(docs, 'public'), { recursive: true })
writeFileSync(join(docs, 'public/llms.txt'), `${text.join('\n\n')}\n`)
