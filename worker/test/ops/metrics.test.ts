import { expect } from 'chai'
import { createDrain } from '../../src/ops/drain.ts'
import { createLogger, type LogControl } from '../../src/ops/log.ts'
import { createMetrics } from '../../src/ops/metrics.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import { earningsOf } from '../../src/chain/earnings.ts'
import { addressOf } from '../memory-chain.ts'
import type { ChainTask } from '../../src/chain/reader.ts'
import { metricFaults } from './metric-rules.ts'

/** `name{labels} value` lines as a map. */
const parsed = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))])
  )

describe('ops/metrics', () => {
  const chain = {
    head: 90,
    latest: 95 as number | null,
    headTime: 1_700_000_000,
    epoch: 4,
    endpoints: [{ up: true, failures: 2 }]
  }

  it('tells what the node knows at the moment of the question', async () => {
    const board = createStatusBoard()
    let tasks: Record<string, number> = { running: 2 }
    const metrics = createMetrics({
      board,
      chain: () => chain,
      peersByRole: () => ({ worker: 3, principal: 1 }),
      queues: () => ({ transactions: 1, inputs: 5 }),
      tasksByStage: () => tasks,
      contracts: () => ({ known: 7, synced: 6 }),
      enclaveStarts: () => 3,
      earnings: () => ({ grains: 250_000_000n, receipts: 2 })
    })
    board.count('enclave_crashes', 2)
    board.count('tasks_accepted', 4)
    board.gauge('tasks_under_way', 1)
    board.alarm('DISK', 'full')
    board.alarm('DISK', 'full')
    metrics.rpcCall('getInfo', 'ok', 12)
    metrics.rpcCall('getInfo', 'RPC_BUSY', 1)
    metrics.enclaveCall('run', true, 700)
    const found = parsed(await metrics.text())
    for (const [name, value] of Object.entries({
      enigma_chain_head_block: 90,
      enigma_chain_lag_blocks: 5,
      enigma_chain_head_timestamp_seconds: 1_700_000_000,
      'enigma_chain_endpoint_up{endpoint="0"}': 1,
      'enigma_chain_endpoint_failures_total{endpoint="0"}': 2,
      enigma_epoch: 4,
      'enigma_peers{role="worker"}': 3,
      'enigma_queue_length{queue="inputs"}': 5,
      'enigma_tasks{stage="running"}': 2,
      enigma_sync_contracts: 7,
      enigma_sync_contracts_synced: 6,
      enigma_enclave_restarts_total: 2,
      enigma_rewards_eng: 2.5,
      enigma_rewarded_receipts: 2,
      enigma_enclave_crashes_total: 2,
      enigma_chain_views_total: 0,
      enigma_tasks_under_way: 1,
      'enigma_task_stages_total{stage="accepted"}': 4,
      'enigma_alarms_total{code="DISK"}': 2,
      'enigma_step_done{step="start"}': 0,
      'enigma_rpc_calls_total{method="getInfo",code="RPC_BUSY"}': 1,
      'enigma_enclave_call_seconds_sum{method="run",outcome="ok"}': 0.7,
      'enigma_enclave_call_seconds_bucket{le="0.5",method="run",outcome="ok"}': 0,
      'enigma_enclave_call_seconds_bucket{le="2",method="run",outcome="ok"}': 1
    })) {
      expect(found.get(name), name).to.equal(value)
    }
    expect([...found.keys()].some(name => name.startsWith('enigma_nodejs_eventloop_lag_seconds'))).to.equal(true)
    tasks = { settled: 1 }
    const later = parsed(await metrics.text())
    expect(later.has('enigma_tasks{stage="running"}')).to.equal(false)
    expect(later.get('enigma_tasks{stage="settled"}')).to.equal(1)
    expect(metrics.contentType).to.match(/^text\/plain; version=0\.0\.4/)
  })

  it('keeps a bounded number of codes, whatever seats think up', async () => {
    const metrics = createMetrics({ board: createStatusBoard() })
    metrics.rpcCall('getInfo', 'ok', 1)
    for (let i = 0; i < 1_000; i++) metrics.rpcCall('sendTaskInput', `SEAT_SAYS_${i}`, 1)
    metrics.rpcCall('getInfo', 'ok', 1)
    const lines = (await metrics.text()).split('\n').filter(line => line.startsWith('enigma_rpc_calls_total{'))
    expect(lines).to.have.lengthOf(129)
    expect(lines).to.include('enigma_rpc_calls_total{method="getInfo",code="ok"} 2')
    expect(lines).to.include('enigma_rpc_calls_total{method="sendTaskInput",code="OTHER"} 873')
  })

  it('leaves out what a role does not have', async () => {
    const metrics = createMetrics({
      board: createStatusBoard(),
      chain: () => ({ ...chain, latest: null }),
      peersByRole: () => ({}),
      queues: () => ({})
    })
    const text = await metrics.text()
    expect(text).to.not.match(/^enigma_(tasks\{|rewards_eng|enclave_restarts)/m)
    expect(text).to.not.match(/^enigma_chain_lag_blocks \d/m)
  })
})

describe('ops/metrics: names', () => {
  it('follow the rules of Prometheus, whatever a node has', async () => {
    const board = createStatusBoard()
    board.count('tasks_accepted')
    board.gauge('principal_primary', 1)
    board.alarm('DISK', 'full')
    const metrics = createMetrics({
      board,
      chain: () => ({ head: 1, latest: 1, headTime: 1, epoch: 1, endpoints: [{ up: true, failures: 0 }] }),
      peersByRole: () => ({ worker: 3 }),
      queues: () => ({ transactions: 1 }),
      tasksByStage: () => ({ running: 1 }),
      contracts: () => ({ known: 7, synced: 6 }),
      enclaveStarts: () => 3,
      earnings: () => ({ grains: 1n, receipts: 2 })
    })
    metrics.rpcCall('getInfo', 'ok', 12)
    metrics.enclaveCall('run', true, 700)
    const text = await metrics.text()
    expect(metricFaults(text)).to.deep.equal([])
    for (const name of ['alarms_total', 'enclave_crashes_total', 'enclave_restarts_total', 'rpc_calls_total']) {
      expect(text).to.contain(`# TYPE enigma_${name} counter\n`)
    }
    expect(metricFaults(await createMetrics({ board }).text())).to.deep.equal([])
  })

  it('would be found out otherwise', () => {
    const sample = (name: string, type: string, help = 'What it is.'): string =>
      `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} 1\n`
    const faultOf = (text: string): string => metricFaults(text).join('; ')
    expect(faultOf(sample('enigma_runs', 'counter'))).to.contain('_total')
    expect(faultOf(sample('enigma_alarms_total', 'gauge'))).to.contain('_total')
    expect(faultOf(sample('enigma_wait_ms', 'gauge'))).to.contain('seconds')
    expect(faultOf(sample('enigma_wait_milliseconds', 'gauge'))).to.contain('seconds')
    expect(faultOf(sample('enigma_wait_seconds_mean', 'gauge'))).to.contain('end in its unit')
    expect(faultOf(sample('enigma_queue_gauge', 'gauge'))).to.contain('type')
    expect(faultOf(sample('enigma_queueLength', 'gauge'))).to.contain('snake_case')
    expect(faultOf(sample('enigma_values', 'gauge'))).to.contain('says nothing')
    expect(faultOf(sample('enigma_load_count', 'gauge'))).to.contain('_count')
    expect(faultOf(sample('queue_length', 'gauge'))).to.contain('enigma_')
    expect(faultOf(sample('enigma_queue_length', 'gauge', ''))).to.contain('HELP')
    expect(faultOf('enigma_queue_length 1\n')).to.contain('TYPE')
    expect(faultOf('# TYPE enigma_a gauge\n# TYPE enigma_a gauge\n# HELP enigma_a A.\n')).to.contain('twice')
  })
})

describe('chain/earnings', () => {
  it("adds up the fees of an operator's receipts", () => {
    const task = (operator: string | null, gasUsed: bigint, gasPx: bigint): ChainTask =>
      ({ gasPx, settlement: { operator: operator && addressOf(operator), gasUsed } }) as unknown as ChainTask
    const tasks = [task('alice', 10n, 2n), task('bob', 5n, 5n), task(null, 0n, 9n), task('alice', 1n, 1n)]
    const open = { gasPx: 1n, settlement: null } as unknown as ChainTask
    expect(earningsOf([...tasks, open], addressOf('alice'))).to.deep.equal({ grains: 21n, receipts: 2 })
  })
})

describe('ops/log: level', () => {
  it('changes for a logger and its children while they live', () => {
    const lines: string[] = []
    const control: LogControl = { level: 'warn' }
    const log = createLogger({ level: control, format: 'json', write: line => lines.push(line) })
    const child = log.child('net')
    child.info('not yet')
    control.level = 'debug'
    child.debug('now')
    control.level = 'error'
    log.warn('no more')
    expect(lines.map(line => (JSON.parse(line) as { message: string }).message)).to.deep.equal(['now'])
  })
})

describe('ops/drain', () => {
  it('refuses while it is on', () => {
    const drain = createDrain()
    drain.requireOff()
    drain.set(true)
    expect(() => drain.requireOff()).to.throw('no new inputs')
    drain.set(false)
    drain.requireOff()
  })
})
