import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('testing: the guide', function () {
  this.timeout(120_000)

  it('shows a test that passes as it stands', async () => {
    const guide = await readFile(`${root}/docs/guide-testing.md`, 'utf8')
    const [, snippet, ...more] = guide.split(/^```ts\n([^]*?)^```$/m)
    expect(snippet).to.include('createTestNetwork')
    expect(more).to.have.length(1) // one snippet: nothing is shown that is not run

    const path = `${root}/testing/build/guide-${process.pid}.test.ts` // inside, so that the packages are found
    await mkdir(`${root}/testing/build`, { recursive: true })
    await writeFile(path, snippet!)
    try {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [`${root}/node_modules/mocha/bin/mocha.js`, '--no-config', '--reporter', 'json', path],
        { cwd: root, timeout: 100_000 }
      )
      expect((JSON.parse(stdout) as { stats: object }).stats).to.include({ passes: 2, failures: 0, pending: 0 })
    } finally {
      await rm(path)
    }
  })
})
