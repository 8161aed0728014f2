import { expect } from 'chai'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepareDataFolder } from '../src/data-folder.ts'
import { temporaryFolder } from './helpers.ts'

describe('devnet/data-folder', () => {
  let folder: ReturnType<typeof temporaryFolder>
  beforeEach(() => {
    folder = temporaryFolder()
    for (const name of ['chain', 'keys', 'worker1', 'mine']) mkdirSync(join(folder.path, name))
    for (const name of ['contracts.json', 'chain/state.json', 'devnet.json'])
      writeFileSync(join(folder.path, name), '{}')
  })
  afterEach(() => folder.remove())

  it('empties it for a fresh network, but only of what a network put there', () => {
    expect(prepareDataFolder(folder.path, false)).to.equal(false)
    expect(readdirSync(folder.path).sort()).to.deep.equal(['devnet.json', 'mine'])
  })

  it('leaves a kept network alone', () => {
    expect(prepareDataFolder(folder.path, true)).to.equal(true)
    expect(readdirSync(folder.path)).to.include.members(['chain', 'keys', 'worker1', 'contracts.json'])
  })
})
