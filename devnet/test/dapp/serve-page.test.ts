import { expect } from 'chai'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { servePage } from '../../src/dapp/serve-page.ts'

describe('devnet/dapp/serve-page', () => {
  let folder: string
  let server: Server
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'enigma-page-'))
    mkdirSync(join(folder, 'dist/assets'), { recursive: true })
    writeFileSync(join(folder, 'dist/index.html'), '<!doctype html>page')
    writeFileSync(join(folder, 'dist/assets/a.js'), 'script')
    writeFileSync(join(folder, 'network.json'), '{"enigma":"0x01"}')
    writeFileSync(join(folder, 'secret.txt'), 'secret')
    server = servePage({ root: join(folder, 'dist'), networkFile: join(folder, 'network.json') })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  })
  after(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  })

  /** By hand, because fetch would tidy the path first. */
  const ask = (path: string, init: { method?: string; host?: string } = {}) =>
    new Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      const { port } = server.address() as AddressInfo
      const headers = { host: init.host ?? `127.0.0.1:${port}` }
      const sent = request({ port, host: '127.0.0.1', path, method: init.method ?? 'GET', headers }, response => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }))
      })
      sent.once('error', reject).end()
    })

  it('serves the page, its files with their types, and where the network is', async () => {
    expect(await ask('/')).to.include({ status: 200, text: '<!doctype html>page' })
    const script = await ask('/assets/a.js')
    expect(script.text).to.equal('script')
    expect(script.headers).to.include({ 'content-type': 'text/javascript; charset=utf-8' })
    expect(script.headers['cache-control']).to.contain('immutable')
    const network = await ask('/network.json?x=1')
    expect(JSON.parse(network.text)).to.deep.equal({ enigma: '0x01' })
    expect(network.headers).to.include({ 'cache-control': 'no-store' })
    expect(network.headers['content-security-policy'])
      .to.contain("default-src 'self'")
      .and.to.contain("frame-ancestors 'none'")
    expect(await ask('/', { method: 'HEAD' })).to.include({ status: 200, text: '' })
  })

  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets',
    '/none'
  ]) {
    it(`finds nothing at ${path}`, async () => {
      const { status, text } = await ask(path)
      expect(status).to.equal(404)
      expect(text).to.not.contain('secret')
    })
  }

  it('refuses other names, other methods, and addresses that are none', async () => {
    expect((await ask('/', { host: 'rebound.example' })).status).to.equal(403)
    expect((await ask('/', { method: 'POST' })).status).to.equal(405)
    expect((await ask('/%')).status).to.equal(400)
    expect((await ask('/%00')).status).to.equal(400)
  })
})
