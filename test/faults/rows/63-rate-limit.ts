import { Agent, request } from 'node:http'
import { callText } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { RpcLab } from '../support/rpc-lab.ts'

const PER_SECOND = 100
const BURST = 100

/** One host calls ten times as often as it may. */
export const row: Row = {
  number: 63,
  name: 'rate limit: 10 x quota from one host',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 50 },
  async run({ times }) {
    let leaked = 0
    let refused = 0
    let others = 0
    for (let round = 0; round < times; round++) {
      const lab = await RpcLab.start({ perSecond: PER_SECOND, burst: BURST })
      const [agent, otherAgent] = [agentAt('127.0.1.1'), agentAt('127.0.1.2')]
      try {
        const started = performance.now()
        const calls = Array.from({ length: 10 * BURST }, () => callFrom(lab.port, agent))
        const answers = await Promise.all(calls)
        const allowed = BURST + ((performance.now() - started) / 1000) * PER_SECOND
        const served = answers.filter(answer => answer.result !== undefined).length
        refused += answers.filter(answer => answer.error?.data?.code === 'RPC_BUSY').length
        leaked += Math.max(0, served - Math.ceil(allowed))
        must(served + refused > 0 && served < answers.length, `${served} of ${answers.length} were served`)
        const other = await callFrom(lab.port, otherAgent)
        if (other.result !== undefined) others += 1
      } finally {
        agent.destroy()
        otherAgent.destroy()
        await lab.stop()
      }
    }
    must(leaked === 0, `${leaked} calls above the quota were served`)
    must(others === times, `another host was refused ${times - others} times`)
    return `leaked over quota 0; refused ${refused} of ${times * 10 * BURST} with a code; other hosts unaffected`
  }
}

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly data?: { readonly code: string } }
}

/** Connections from one address of the loopback network, as many as a host may have. */
const agentAt = (localAddress: string): Agent => new Agent({ keepAlive: true, maxSockets: 48, localAddress })

function callFrom(port: number, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request({ port, host: '127.0.0.1', agent, method: 'POST', headers }, response => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve(JSON.parse(text) as Answer))
    })
    call.on('error', reject)
    call.end(callText('getInfo'))
  })
}
