import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { run } from '../src/index.ts'
import { testIo } from './support/io.ts'

describe('cli/hosts', () => {
  it('refuses a role that there is not, with those there are', async () => {
    const io = testIo()
    expect(await run(['node', 'miner'], io)).to.equal(1)
    expect(io.errLines.join('\n')).to.contain("no role 'miner'").and.to.contain('bootstrap, principal, worker')
  })

  it("says whether a node is healthy by its exit code, for a container's health check", async () => {
    let status = 200
    const server = createServer((_, response) => response.writeHead(status).end('{"healthy":true}'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      expect(await run(['health', url], testIo())).to.equal(0)
      status = 503
      const io = testIo()
      expect(await run(['health', url], io)).to.equal(1)
      expect(io.outLines.join('\n')).to.contain('503')
    } finally {
      server.close()
      server.closeAllConnections()
    }
    expect(await run(['health', url], testIo()), 'nobody answers').to.equal(1)
  })
})
