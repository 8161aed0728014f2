import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readConfig } from '../../src/config.ts'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { createDrain } from '../../src/ops/drain.ts'
import { createLogger, type LogControl } from '../../src/ops/log.ts'
import { createMetrics } from '../../src/ops/metrics.ts'
import { createStatusBoard, type StatusBoard } from '../../src/ops/status-board.ts'
import { openDataDir, type DataDir } from '../../src/roles/data-dir.ts'
import { createFront, type Front } from '../../src/roles/front.ts'
import { MemoryChain, addressOf } from '../memory-chain.ts'
import { INFO, MemoryWorker, callText, post } from '../rpc/rpc-kit.ts'
import { workerMethods } from '../../src/rpc/worker-methods.ts'

describe('roles/front', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-front-'))
  const logControl: LogControl = { level: 'error' }
  let board: StatusBoard
  let dir: DataDir
  let db: Database
  let front: Front
  beforeEach(async () => {
    board = createStatusBoard()
    dir = openDataDir(join(folder, 'node'))
    db = await openDatabase(dir.db)
    const settings = [
      '--role',
      'worker',
      '--enigma',
      addressOf('enigma'),
      '--operator-key-file',
      'k',
      '--http-port',
      '0'
    ]
    const config = readConfig([...settings, '--data-dir', dir.path], {})
    front = createFront({
      config,
      log: createLogger({ level: 'error' }),
      logControl,
      board,
      drain: createDrain(),
      dir,
      db
    })
    await front.start()
  })
  afterEach(async () => {
    await front.stop()
    await db.close()
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const port = (): number => Number(new URL(front.url).port)
  const status = async (): Promise<Record<string, unknown>> =>
    (await fetch(`${front.url}/status`)).json() as Promise<Record<string, unknown>>

  it('answers before the node has anything: its step, what it waits for, and what can be done', async () => {
    board.waits('start', 'WAITS_FOR_PRINCIPAL', 'for the registration of a principal')
    const { ready, lifecycle, steps } = (await status()) as { ready: boolean; lifecycle: string; steps: object[] }
    expect({ ready, lifecycle }).to.deep.equal({ ready: false, lifecycle: 'initializing' })
    expect(steps[0]).to.include({ name: 'start', state: 'waiting', code: 'WAITS_FOR_PRINCIPAL' })
    expect((steps[0] as { hint: string }).hint).to.contain('owner of the contract')
    expect((await fetch(`${front.url}/healthcheck`)).status).to.equal(503)
    expect(await (await fetch(`${front.url}/metrics`)).text()).to.contain('enigma_step_done{step="start"} 0')
    for (const method of ['getInfo', 'getTaskStatus']) {
      const params = method === 'getInfo' ? {} : { taskId: `0x${'11'.repeat(32)}` }
      const { answer } = await post(port(), callText(method, params))
      expect(answer.error?.data?.code).to.equal('WORKER_NOT_READY')
      expect(answer.error?.message).to.contain('start').and.to.contain('principal')
      expect(answer.error?.data?.hint).to.contain('owner of the contract')
    }
  })

  it('takes management calls that need nothing else, and refuses others', async () => {
    const headers = { authorization: `Bearer ${readFileSync(dir.managementToken, 'utf8').trim()}` }
    const level = await fetch(`${front.url}/mgmt/log-level`, { method: 'POST', headers, body: '{"level":"warn"}' })
    expect(level.status).to.equal(200)
    expect(logControl.level).to.equal('warn')
    expect((await fetch(`${front.url}/mgmt/login`, { method: 'POST', headers })).status).to.equal(500)
  })

  it('answers as the node does once it has its parts', async () => {
    const worker = new MemoryWorker(new MemoryChain())
    const { node, chain, relay, keys, tasks, queries } = worker
    const metrics = createMetrics({ board, peersByRole: () => ({ worker: 2 }) })
    front.equip({
      node,
      metrics,
      network: { peers: () => [] },
      worker: {
        handlers: workerMethods({ node, chain, relay, keys, tasks, queries }),
        follow: () => ({ tasks, relay })
      },
      actions: { login: () => Promise.resolve({ lifecycle: 'logged-in' }) }
    })
    expect((await post(port(), callText('getInfo', {}))).answer.result).to.deep.equal(INFO)
    expect(await status()).to.have.property('blocks', '12')
    expect((await fetch(`${front.url}/healthcheck`)).status).to.equal(worker.healthy ? 200 : 503)
    const text = await (await fetch(`${front.url}/metrics`)).text()
    expect(text)
      .to.contain('enigma_peers{role="worker"} 2')
      .and.to.match(/enigma_rpc_calls_total\{.*"getInfo".*\} 1/)
    const headers = { authorization: `Bearer ${readFileSync(dir.managementToken, 'utf8').trim()}` }
    expect((await fetch(`${front.url}/mgmt/login`, { method: 'POST', headers })).status).to.equal(200)
  })
})
