import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'

const fixture = join(import.meta.dirname, 'ending-process.ts')

/** A process that ends as nodes do, with parts that stop as their words say. */
async function ended(parts: readonly string[], options: { crash?: boolean; twice?: boolean } = {}) {
  const child = spawn(process.execPath, [fixture, ...parts], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...(options.crash && { CRASH: '1' }) },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (line !== 'up') continue
    if (!options.crash) child.kill('SIGTERM')
    if (options.twice) child.kill('SIGTERM')
  }
  const [code] = await exit
  return { code, lines: lines.join('\n') }
}

describe('ops/ending', function () {
  this.timeout(20_000)

  it('ends with 0 when everything stopped, the last one that was started first', async () => {
    const { code, lines } = await ended(['database', 'chain', 'network'])
    expect(code).to.equal(0)
    expect(lines).to.contain('stopped network\nstopped chain\nstopped database')
    expect(lines).to.not.contain('WORKER_STOP_INCOMPLETE')
  })

  it('ends with 3 and names what hung; the database is closed all the same', async () => {
    const { code, lines } = await ended(['database', 'network:hangs', 'tasks'])
    expect(code).to.equal(3)
    expect(lines).to.contain('stopped tasks\n').and.to.contain('stopped database')
    expect(lines).to.match(/code=WORKER_STOP_INCOMPLETE/)
    expect(lines).to.contain('Stopped, but not in order: network.')
  })

  it('ends with 3 when a part could not be stopped', async () => {
    const { code, lines } = await ended(['database', 'network:fails'])
    expect(code).to.equal(3)
    expect(lines).to.contain('stopped database').and.to.contain('not in order: network.')
  })

  it('is forced to its end when the stopping itself takes too long, and names what still ran', async () => {
    const { code, lines } = await ended(['database:hangs', 'chain:hangs', 'network:hangs', 'sync:hangs', 'tasks:hangs'])
    expect(code).to.equal(3)
    expect(lines).to.match(/Stopped by force after \d+ ms; still running: tasks, sync, network/)
  })

  it('a second signal changes nothing', async () => {
    const { code, lines } = await ended(['database', 'network:slow'], { twice: true })
    expect(code).to.equal(0)
    expect(lines).to.contain('stopped network\nstopped database')
  })

  it('ends with 1 after a failure, and stops its parts as well', async () => {
    const { code, lines } = await ended(['database', 'network:hangs'], { crash: true })
    expect(code).to.equal(1)
    expect(lines).to.contain('stopped database').and.to.contain('network')
  })
})
