import { expect } from 'chai'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Devnet, DevnetNode } from '@enigma/devnet'
import { metricFaults } from '@enigma/worker/testing'
import { codeOf, createChainClient, type TaskProgress } from 'enigma-js'
import { connectAs, sample } from './support/actors.ts'
import { Ledger } from './support/ledger.ts'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

describe('e2e: operating a node', function () {
  this.timeout(180_000)
  const shared = useSharedDevnet()
  let devnet: Devnet
  before(() => (devnet = shared().devnet))

  const get = async (node: DevnetNode, path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${node.httpUrl}${path}`)
    return { status: response.status, text: await response.text() }
  }
  const manage = async (node: DevnetNode, action: string, body: object = {}): Promise<Record<string, unknown>> => {
    const token = readFileSync(join(node.dataDir, 'mgmt.token'), 'utf8').trim()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`${node.httpUrl}/mgmt/${action}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body)
    })
    return { status: response.status, ...((await response.json()) as object) }
  }

  it('shows metrics of every role, with what only it has', async () => {
    const client = await connectAs(devnet, shared().nextUser()) // a task, so that the principal has answered something
    await whileMining(
      devnet,
      client.deploy(sample('calculator'), []).then(task => task.result())
    )
    client.close()
    const worker = (await get(devnet.workers[0]!, '/metrics')).text
    for (const name of ['enigma_tasks', 'enigma_sync_contracts', 'enigma_rewards_eng']) {
      expect(worker, name).to.contain(`# TYPE ${name} gauge`)
    }
    expect(worker).to.contain('# TYPE enigma_enclave_restarts_total counter')
    expect(worker).to.match(/^enigma_chain_head_block [1-9]\d*$/m)
    expect(worker).to.match(/^enigma_peers\{role="principal"\} 1$/m)
    expect(worker).to.match(/^enigma_chain_endpoint_up\{endpoint="0"\} 1$/m)
    expect(worker).to.match(/^enigma_step_done\{step="login"\} 1$/m)
    const principal = (await get(devnet.principal, '/metrics')).text
    expect(principal).to.match(/^enigma_enclave_call_seconds_count\{method="answerChainView",outcome="ok"\} [1-9]/m)
    expect(principal).to.not.contain('enigma_rewards_eng ')
    for (const text of [worker, principal]) expect(metricFaults(text)).to.deep.equal([])
    expect(JSON.parse((await get(devnet.principal, '/openrpc.json')).text)).to.have.property('openrpc')
  })

  it('takes management calls with the token of its data folder', async () => {
    const node: DevnetNode = devnet.workers[0]!
    expect(statSync(join(node.dataDir, 'mgmt.token')).mode & 0o777).to.equal(0o600)
    const peers = await manage(node, 'peers')
    expect(peers['peers']).to.have.length.greaterThan(0)
    expect(await manage(node, 'log-level', { level: 'debug' })).to.include({ status: 200, level: 'debug' })
    await manage(node, 'log-level', { level: 'info' })
    const resync = await manage(node, 'resync')
    expect(resync).to.include({ status: 200 })
    expect(resync['done']).to.equal(resync['contracts'])
    expect((await fetch(`${node.httpUrl}/mgmt/peers`, { method: 'POST' })).status).to.equal(401)
    expect(await manage(devnet.principal, 'login')).to.include({ status: 500 })
  })

  it('drains: takes no new inputs, says so to probes, and goes on when it is told to', async () => {
    const node = devnet.workers[1]!
    expect(await manage(node, 'drain')).to.include({ draining: true })
    expect((await get(node, '/healthcheck')).status).to.equal(503)
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sendTaskInput', params: { envelope: '0x00' } })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(node.httpUrl, { method: 'POST', headers, body })
    const answer = (await response.json()) as { error: { data: { code: string } } }
    expect(answer.error.data.code).to.equal('WORKER_DRAINING')
    await manage(node, 'drain', { on: false })
    expect((await get(node, '/healthcheck')).status).to.equal(200)
  })

  it('has a fee sent back over the chain alone while every worker is stopped', async () => {
    const { nextUser } = shared()
    const user = nextUser()
    const client = await connectAs(devnet, user)
    const ledger = new Ledger(devnet)
    const alone = await createChainClient({
      privateKey: user.privateKey,
      chainUrl: devnet.chainUrl,
      network: { enigma: devnet.enigma, mode: 'simulation' }
    })
    const all = async (signal: NodeJS.Signals): Promise<void> => {
      for (const { name } of devnet.workers) await devnet.kill(name, signal)
    }
    try {
      const { wasm, abi } = sample('calculator')
      const before = await ledger.balance(client.address!)
      let stopped: Promise<void> | undefined
      const onStage = ({ stage }: TaskProgress): void => {
        if (stage === 'delivered') stopped = all('SIGSTOP') // the input is stored, and nobody is left to run it
      }
      const task = await whileMining(devnet, client.deploy({ wasm, abi }, [], { onStage }))
      await stopped
      expect(await alone.refund(task.taskId).catch(codeOf)).to.equal('TASK_NOT_EXPIRED')
      await devnet.mine(22)
      const refund = await whileMining(devnet, alone.refund(task.taskId))
      expect(refund.amount).to.equal(100_000_000n)
      expect(await ledger.balance(client.address!)).to.equal(before)
      expect((await alone.standings()).map(({ loggedIn }) => loggedIn)).to.deep.equal([true, true, true])
    } finally {
      await all('SIGCONT')
      alone.close()
      client.close()
      ledger.close()
    }
  })

  it('ends with 0 at SIGTERM, in every role, and comes back with its data', async () => {
    for (const name of ['worker3', 'principal']) {
      await devnet.kill(name, 'SIGTERM')
      expect(devnet.exitOf(name), name).to.equal('exit code 0')
      await devnet.restart(name)
    }
    expect((await get(devnet.principal, '/healthcheck')).status).to.equal(200)
  })
})
