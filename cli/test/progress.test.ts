import { expect } from 'chai'
import type { TaskProgress } from 'enigma-js'
import { follow } from '../src/progress.ts'
import type { Io } from '../src/io.ts'

describe('cli/progress', () => {
  it('prints what a reorganised chain takes back, and the stages that come anew', async () => {
    const lines: string[] = []
    const io = { err: (line: string) => void lines.push(line.split(' ')[0]!) } as unknown as Io
    const steps: Pick<TaskProgress, 'stage' | 'undone'>[] = [
      { stage: 'recorded' },
      { stage: 'verified' },
      { stage: 'recorded', undone: 'verified' },
      { stage: 'verified' },
      { stage: 'final' }
    ]
    async function* events(): AsyncGenerator<TaskProgress> {
      for (const step of steps) yield await Promise.resolve({ taskId: null, detail: '', ...step })
    }

    const result = await follow({ events: events(), result: () => Promise.resolve(7) }, io, new Set(['recorded']))

    expect(result).to.equal(7)
    expect(lines).to.deep.equal(['verified', 'recorded', 'verified', 'final'])
  })
})
