import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { identify, isAlive } from '../src/process-id.ts'
import { Reaper } from '../src/reaper.ts'
import { waitFor } from '../src/wait.ts'

describe('devnet/reaper', () => {
  it('ends what a supervisor leaves behind when it is killed', async () => {
    const script = `
      import { spawn } from 'node:child_process'
      import { Reaper } from ${JSON.stringify(join(import.meta.dirname, '../src/reaper.ts'))}
      const reaper = new Reaper()
      const children = ['60', '61'].map(time => spawn('sleep', [time], { detached: true, stdio: 'ignore' }))
      reaper.add(children[0].pid); reaper.add(children[1].pid); reaper.remove(children[1].pid)
      console.log(children.map(child => child.pid).join(' ') + ' ' + reaper.pid)
      setInterval(() => {}, 1000)`
    const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const line = await new Promise<string>(resolve => supervisor.stdout.once('data', chunk => resolve(String(chunk))))
    const [listed, removed, reaper] = line
      .trim()
      .split(' ')
      .map(pid => identify(Number(pid)))
    try {
      expect([listed, removed, reaper].map(id => id && isAlive(id))).to.deep.equal([true, true, true])
      supervisor.kill('SIGKILL')
      await waitFor(() => !isAlive(listed!), { what: 'the listed child to end', limitMs: 5_000 })
      await waitFor(() => !isAlive(reaper!), { what: 'the reaper to end', limitMs: 5_000 })
      expect(isAlive(removed!)).to.equal(true)
    } finally {
      if (removed && isAlive(removed)) process.kill(removed.pid, 'SIGKILL')
    }
  })

  it('ends quietly when nothing is left', async () => {
    const reaper = new Reaper()
    const id = identify(reaper.pid ?? 0)
    await reaper.close()
    expect(isAlive(id)).to.equal(false)
  })
})
