import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

describe('ops/crash-points', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-crash-'))
  const module = resolve(import.meta.dirname, '../../src/ops/crash-points.ts')
  after(() => rmSync(folder, { recursive: true, force: true }))

  const run = (wanted: string) => {
    const text = `import { crashPoints } from ${JSON.stringify(module)}
      const reach = crashPoints(${JSON.stringify(folder)}, ${JSON.stringify(wanted)})
      reach('envelope'); reach('accepted'); console.log('lived')`
    return spawnSync(process.execPath, ['--input-type=module-typescript', '-e', text], { encoding: 'utf8' })
  }

  it('kills the process at its point, once per data folder', () => {
    expect(run('accepted').signal).to.equal('SIGKILL')
    expect(run('accepted')).to.include({ signal: null, stdout: 'lived\n' })
  })

  it('does nothing without a point, or at another one', () => {
    expect(run('')).to.include({ signal: null, stdout: 'lived\n' })
    expect(run('released')).to.include({ signal: null, stdout: 'lived\n' })
  })
})
