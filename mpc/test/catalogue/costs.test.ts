import { expect } from 'chai'
import { document, documented, pageOf, readPage, tagsOf, writePage } from '../../harness/catalogue/costs.ts'
import { conversations } from '../../harness/catalogue/conversations.ts'
import { targets } from '../../harness/catalogue/targets.ts'
import { PARTS } from './parts.ts'

/** `MPC_COSTS=write` writes the figures that were counted into the docstrings. */
const WRITE = process.env.MPC_COSTS === 'write'

describe('mpc/costs', function () {
  this.timeout(60_000)

  it('are what the docstrings say, counted for every protocol and operation', async () => {
    const wrong: string[] = []
    for (const conversation of await conversations()) {
      if (conversation.name in PARTS) continue
      const target =
        targets.find(({ name }) => name === conversation.name) ??
        targets.find(({ name }) => name.startsWith(`${conversation.name} `))
      expect(target, conversation.name).to.not.equal(undefined)
      const counted = await tagsOf(target!)
      const said = documented(conversation.comment)
      if (WRITE) await document(conversation, counted)
      else if (said.join() !== counted.join()) {
        wrong.push(`${conversation.name}: says ${said.join('; ') || 'nothing'}, counted ${counted.join('; ')}`)
      }
    }
    expect(wrong, 'MPC_COSTS=write mocha mpc/test/catalogue/costs.test.ts writes them').to.deep.equal([])
  }).timeout(600_000)

  it('are the same in the table of docs/spec/mpc-costs.md', async () => {
    const page = pageOf(await conversations())
    if (WRITE) await writePage(page)
    expect(await readPage(), 'MPC_COSTS=write mocha mpc/test/catalogue/costs.test.ts writes it').to.equal(page)
    expect(page).to.match(/numbers\/compare\.lt` +\| 3 +\| 1 element +\| \d+ \/ \d+ +\| \d+ \/ [\d,]+ +\|/)
  })
})
