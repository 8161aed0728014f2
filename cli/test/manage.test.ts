import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { CliError } from '../src/errors.ts'
import { manageNode } from '../src/manage.ts'

describe('cli/manage', () => {
  let server: Server
  let folder: string
  let url: string
  let heard: string[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'enigma-manage-'))
    writeFileSync(join(folder, 'mgmt.token'), `${'ab'.repeat(32)}\n`, { mode: 0o600 })
    heard = []
    server = createServer((request, response) => {
      heard.push(`${request.url} ${request.headers.authorization}`)
      if (request.url === '/mgmt/peers') response.end(JSON.stringify({ peers: [] }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })

  const manage = (action: string, limitMs?: number): Promise<unknown> => {
    const given = { positionals: [], options: { http: url, 'data-dir': folder } }
    return manageNode(given, { role: 'worker', url, ...(limitMs === undefined ? {} : { limitMs }) }, action)
  }

  it('gives the answer of the node, which got its token', async () => {
    expect(await manage('peers')).to.deep.equal({ peers: [] })
    expect(heard).to.deep.equal([`/mgmt/peers Bearer ${'ab'.repeat(32)}`])
  })

  it('tells a node that takes long from one that is not there', async () => {
    const slow = (await manage('backup', 100).catch((error: unknown) => error)) as CliError
    expect(slow.code).to.equal('CLI_NODE_SLOW')
    expect(slow.message).to.contain('backup')
    expect(slow.hint).to.contain('goes on')
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    const gone = (await manage('backup', 5_000).catch((error: unknown) => error)) as CliError
    expect(gone.code).to.equal('CLI_NO_NODE')
  })
})
