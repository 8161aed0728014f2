import { expect } from 'chai'
import { checkedReferences, definitionLine } from '../../checks/references.ts'

const source = [
  'import { run } from "./run.ts"',
  '',
  'export async function run(): void {}',
  'const parts = {',
  '  start: 1',
  '}',
  'class A {',
  '  async stop() {}',
  '}'
].join('\n')

describe('scripts/checks/references', () => {
  it('finds functions, properties and methods where they are defined, not where they are used', () => {
    expect(definitionLine(source, 'run')).to.equal(3)
    expect(definitionLine(source, 'start')).to.equal(5)
    expect(definitionLine(source, 'stop')).to.equal(8)
    expect(definitionLine(source, 'missing')).to.equal(undefined)
  })

  it('names a wrong line and puts it right', () => {
    const { fixed, problems } = checkedReferences('a.md', 'see `run` (`x.ts:1`).', () => source)
    expect(problems).to.have.lengthOf(1)
    expect(fixed).to.equal('see `run` (`x.ts:3`).')
  })

  it('names a symbol or a file that is not there', () => {
    expect(checkedReferences('a.md', '`gone` (`x.ts:1`)', () => source).problems).to.have.lengthOf(1)
    expect(checkedReferences('a.md', '`run` (`y.ts:1`)', () => undefined).problems).to.have.lengthOf(1)
  })
})
