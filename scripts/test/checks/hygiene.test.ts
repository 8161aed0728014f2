import { expect } from 'chai'
import { hygieneProblems } from '../../checks/hygiene.ts'

describe('checks/hygiene', () => {
  const cases: [string, string, string][] = [
    ['a path of one machine', 'docs/x.md', 'see /home/someone/enigma/x'],
    ['a registry', 'x.json', '"resolved": "https://registry.example.org/a.tgz"'],
    ['a mirror', 'x.json', 'https://example.org/artifactory/npm/a.tgz'],
    ['a skipped test', 'a/test/x.test.ts', "  it.skip('works', () => {})"],
    ['a test that runs alone', 'a/test/x.test.ts', "describe.only('x', () => {})"],
    ['work left for later', 'a/src/x.ts', '// TODO: finish'],
    ['a merge conflict', 'a/src/x.ts', '<<<<<<< HEAD'],
    ['a private key', 'x.pem', '-----BEGIN EC PRIVATE KEY-----']
  ]
  for (const [what, path, line] of cases) {
    it(`refuses ${what}`, () => {
      const problems = hygieneProblems(path, `first\n${line}\n`)
      expect(problems).to.have.length(1)
      expect(problems[0]).to.match(new RegExp(`^${path}:2: `))
    })
  }

  it("refuses the host of this machine's registry", () => {
    expect(hygieneProblems('x.md', 'get it from npm.example.net', ['npm.example.net'])).to.have.length(1)
  })

  it('accepts ordinary text', () => {
    const text = "import { a } from '/worker/x'\nhttps://example.org/enigma\n./work/x, framework/root/\n"
    expect(hygieneProblems('a/src/x.ts', text)).to.deep.equal([])
  })
})
