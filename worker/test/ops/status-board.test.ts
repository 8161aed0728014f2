import { expect } from 'chai'
import { createStatusBoard } from '../../src/ops/status-board.ts'

describe('ops/status-board', () => {
  it('shows an alarm with what to do until it is over, and counts it on', () => {
    let now = 5
    const board = createStatusBoard(() => now)
    board.alarm('CONTENT_LOST', 'one')
    now = 7
    board.alarm('CONTENT_LOST', 'another')
    const [shown, ...more] = board.snapshot().alarms
    expect(more).to.deep.equal([])
    expect(shown).to.include({ code: 'CONTENT_LOST', message: 'another', times: 2, lastAt: 7 })
    expect(shown!.hint).to.include('Start the worker')

    board.clear('CONTENT_LOST')
    expect(board.snapshot().alarms).to.deep.equal([])
    expect(board.alarmTimes()).to.deep.equal({ CONTENT_LOST: 2 })
    board.alarm('CONTENT_LOST', 'again')
    expect(board.snapshot().alarms[0]).to.include({ message: 'again', times: 3 })
    board.clear('DISK') // which nobody raised
  })
})
