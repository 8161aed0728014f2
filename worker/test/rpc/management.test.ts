import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf } from '@enigma/protocol'
import { managementHandler, managementToken, type ManagementActions } from '../../src/rpc/management.ts'
import type { RpcServer } from '../../src/rpc/rpc-server.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running, quiet } from '../net/network-kit.ts'
import { MemoryWorker } from './rpc-kit.ts'

describe('rpc/management', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-mgmt-'))
  const file = join(folder, 'mgmt.token')
  const running = new Running()
  let server: RpcServer
  let token: string
  let done: unknown[]
  after(() => rmSync(folder, { recursive: true, force: true }))

  beforeEach(async () => {
    done = []
    const note = (what: unknown): Promise<object> => {
      done.push(what)
      return Promise.resolve({ did: what })
    }
    const actions: ManagementActions = {
      login: () => note('login'),
      logout: () => Promise.reject(new Error('secret /path')),
      resync: () => note('resync'),
      peers: () => note('peers'),
      logLevel: level => note(['level', level]),
      importRequest: () => Promise.resolve({}),
      exportRoot: () => Promise.resolve({}),
      importRoot: () => Promise.resolve({}),
      promote: () => Promise.resolve({}),
      rotateGeneration: () => Promise.resolve({}),
      drain: on => note(['drain', on]),
      backup: dir => note(['backup', dir])
    }
    token = managementToken(file)
    const worker = new MemoryWorker(new MemoryChain())
    server = await running.start(
      worker.server({ host: '0.0.0.0', management: managementHandler(actions, token, quiet) })
    )
  })
  afterEach(() => running.stop())

  interface Given {
    readonly method?: string
    readonly path?: string
    readonly body?: string
    readonly headers?: Record<string, string>
    readonly host?: string
  }
  const send = (given: Given = {}): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const { method = 'POST', path = '/mgmt/login', body = '', headers = {}, host = '127.0.0.1' } = given
      const authorization = `Bearer ${token}`
      const asked = request(
        { host, port: server.port, method, path, headers: { authorization, ...headers } },
        response => {
          let text = ''
          response.on('data', chunk => (text += String(chunk)))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        }
      )
      asked.on('error', reject)
      asked.end(body)
    })

  it('keeps its token in a file for its owner alone, and makes it once', () => {
    expect(token).to.match(/^[0-9a-f]{64}$/)
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(managementToken(file)).to.equal(token)
    const other = join(folder, 'other')
    expect(managementToken(other)).to.not.equal(token)
    writeFileSync(other, 'short\n')
    let thrown: unknown
    try {
      managementToken(other)
    } catch (error) {
      thrown = error
    }
    expect(codeOf(thrown)).to.equal('WORKER_DATA_DIR')
    expect(readFileSync(file, 'utf8').trim()).to.equal(token)
  })

  it('does what it is asked to with the token', async () => {
    expect(JSON.parse((await send()).text)).to.deep.equal({ did: 'login' })
    await send({ path: '/mgmt/resync' })
    await send({ path: '/mgmt/peers', body: '{}' })
    await send({ path: '/mgmt/log-level', body: '{"level":"debug"}' })
    await send({ path: '/mgmt/drain' })
    await send({ path: '/mgmt/drain', body: '{"on":false}' })
    expect(done).to.deep.equal(['login', 'resync', 'peers', ['level', 'debug'], ['drain', true], ['drain', false]])
  })

  it('refuses every way around the token, the method and the machine, and does nothing', async () => {
    const wrong = token.replace(/^./, first => (first === '0' ? '1' : '0'))
    const table: [Given, number][] = [
      [{ headers: { authorization: '' } }, 401],
      [{ headers: { authorization: `Bearer ${wrong}` } }, 401],
      [{ headers: { authorization: token } }, 401],
      [{ headers: { authorization: `Basic ${token}` } }, 401],
      [{ headers: { authorization: `Bearer ${token} ` + 'x' } }, 401],
      [{ method: 'GET' }, 405],
      [{ method: 'PUT' }, 405],
      [{ method: 'OPTIONS' }, 405],
      [{ headers: { origin: 'http://localhost:8080' } }, 403],
      [{ headers: { 'x-forwarded-for': '10.0.0.1' } }, 403],
      [{ headers: { host: 'evil.example' } }, 403],
      [{ path: '/mgmt/unknown' }, 404],
      [{ path: '/mgmt' }, 404],
      [{ path: '/mgmt/__proto__' }, 404],
      [{ path: '/mgmt/login', body: '{"extra":1}' }, 400],
      [{ path: '/mgmt/login', body: '[]' }, 400],
      [{ path: '/mgmt/login', body: '{' }, 400],
      [{ path: '/mgmt/log-level', body: '{"level":"loud"}' }, 400],
      [{ path: '/mgmt/drain', body: '{"on":1}' }, 400],
      [{ path: '/mgmt/login', body: ' '.repeat(33 * 1024) }, 413]
    ]
    for (const [given, status] of table) {
      const answer = await send(given)
      expect(answer.status, JSON.stringify(given).slice(0, 90)).to.equal(status)
      expect(answer.text).to.not.contain(token)
      if (status === 401) await new Promise(resolve => setTimeout(resolve, 250)) // wrong tokens are counted
    }
    expect(done).to.be.empty
  })

  it('answers wrong tokens only so often', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 10; i++) statuses.push((await send({ headers: { authorization: 'Bearer 00' } })).status)
    expect(statuses).to.include.members([401, 429])
    expect((await send()).status).to.equal(200) // the right one is not counted
  })

  it('listens to no other machine', async function () {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find(one => one && one.family === 'IPv4' && !one.internal)
    if (!outside) return // this machine has no other address: nobody could come from outside
    expect((await send({ host: outside.address })).status).to.equal(403)
    expect(done).to.be.empty
  })

  it('tells nothing of a failure inside', async () => {
    const { status, text } = await send({ path: '/mgmt/logout' })
    expect(status).to.equal(500)
    expect(text).to.contain('INTERNAL').and.not.contain('secret')
  })
})
