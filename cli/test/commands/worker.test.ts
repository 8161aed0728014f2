import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { run } from '../../src/index.ts'
import { testIo } from '../support/io.ts'

describe('cli/worker status', () => {
  const info = { name: 'worker1', role: 'worker', status: 'logged-in', epoch: 3, peers: 2, simulation: true }
  const alarm = {
    code: 'CONTENT_LOST',
    message: 'Nobody holds\u0007 it.',
    hint: 'Start the copy.',
    times: 2,
    lastAt: 1
  }
  let server: Server
  let status: string | null
  let url: string

  beforeEach(async () => {
    status = JSON.stringify({ ready: true, alarms: [alarm] })
    server = createServer((request, response) => {
      if (request.method === 'POST') response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: info }))
      else if (request.url === '/status' && status !== null) response.end(status)
      else response.writeHead(404).end('nothing here')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => new Promise(resolve => (server.closeAllConnections(), server.close(resolve))))

  async function printed(...more: string[]): Promise<string[]> {
    const io = testIo({ ENIGMA_HOME: '/nonexistent' })
    expect(await run(['worker', 'status', '--rpc', url, ...more], io)).to.equal(0)
    return io.outLines
  }

  it('prints what the worker raises an alarm about, and what to do', async () => {
    const [line, ...alarms] = await printed()
    expect(line).to.match(/^worker1 {2}worker {2}logged-in/)
    expect(alarms).to.deep.equal(['  alarm CONTENT_LOST, 2 times: Nobody holds. it.', '    Start the copy.'])
    const { alarms: listed } = JSON.parse((await printed('--json'))[0]!) as { alarms: { code: string }[] }
    expect(listed.map(({ code }) => code)).to.deep.equal(['CONTENT_LOST'])
  })

  for (const [what, answer] of [
    ['has none', JSON.stringify({ alarms: [] })],
    ['shows no status', null],
    ['shows something else', '[1, 2'],
    ['sends without end', `{"alarms": ["${'x'.repeat(3 * 1024 * 1024)}"]}`]
  ] as const) {
    it(`prints one line of a worker that ${what}`, async () => {
      status = answer
      expect(await printed()).to.have.length(1)
    })
  }
})
