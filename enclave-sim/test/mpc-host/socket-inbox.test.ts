import { expect } from 'chai'
import { Socket } from 'node:net'
import { createSocketInbox } from '../../src/mpc-host/socket-inbox.ts'
import { refusal } from '../support/local.ts'

const session = (digit: string): string => `0x${digit.repeat(64)}`
const LONG = { timeoutMs: 600_000 }

describe('mpc sockets', () => {
  it('are waited for until they come, the deadline, the signal, or the end of the session', async () => {
    const inbox = createSocketInbox()
    const one = session('1')
    const socket = new Socket()
    const come = inbox.take(one, 1, LONG)
    inbox.deliver({ mpcLink: one, peer: 1 }, socket)
    expect(await come).to.equal(socket)
    expect(await refusal(inbox.take(one, 2, { timeoutMs: 10 }))).to.equal('ENCLAVE_MPC_REFUSED')

    const controller = new AbortController()
    const ended = refusal(inbox.take(one, 2, { ...LONG, signal: controller.signal }))
    controller.abort()
    expect(await ended).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await refusal(inbox.take(one, 2, { ...LONG, signal: controller.signal }))).to.equal('ENCLAVE_MPC_REFUSED')

    const [dropped, other] = [refusal(inbox.take(one, 3, LONG)), inbox.take(session('2'), 3, LONG)]
    expect(inbox.pending).to.deep.equal({ waiting: 0, wanted: 2 })
    inbox.drop(one)
    expect(await dropped).to.equal('ENCLAVE_MPC_REFUSED')
    expect(inbox.pending).to.deep.equal({ waiting: 0, wanted: 1 })
    const late = new Socket()
    inbox.deliver({ mpcLink: session('2'), peer: 3 }, late)
    expect(await other).to.equal(late)
    expect(inbox.pending).to.deep.equal({ waiting: 0, wanted: 0 })
  })
})
