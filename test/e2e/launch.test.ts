import { processTree, readDevnetState, waitFor, type DevnetState } from '@enigma/devnet'
import { expect } from 'chai'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const readyMs = 150_000

interface Run {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  output(): string
}

describe('e2e/launch.sh', function () {
  this.timeout(readyMs + 60_000)
  let home: string
  let runs: Run[]
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'enigma-launch-'))
    process.env.ENIGMA_HOME = home // readDevnetState of this process looks there as well
    runs = []
  })
  afterEach(async () => {
    await launch('-q').ended
    for (const { child } of runs) child.kill('SIGKILL')
    delete process.env.ENIGMA_HOME
    rmSync(home, { recursive: true, force: true })
  })

  const launch = (...flags: string[]): Run => {
    const env = { ...process.env, ENIGMA_HOME: home, ENIGMA_DEVNET_PORTS: 'any' }
    const child = spawn('./launch.sh', flags, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    child.stdout.on('data', chunk => (text += String(chunk)))
    child.stderr.on('data', chunk => (text += String(chunk)))
    const ended = new Promise<number | null>(resolve => void child.once('close', code => resolve(code)))
    const run = { child, ended, output: () => text }
    runs.push(run)
    return run
  }
  const ready = async (run: Run): Promise<string> => {
    const line = (): string | undefined => /^READY .*$/m.exec(run.output())?.[0]
    return waitFor(
      () => {
        if (run.child.exitCode !== null && line() === undefined) throw new Error(run.output())
        return line()
      },
      { what: 'the line READY', limitMs: readyMs, explain: () => run.output() }
    )
  }
  const stateNow = (): DevnetState => {
    const state = readDevnetState()
    if (state === undefined) throw new Error('no network runs')
    return state
  }
  /** Every process of a network, enclaves included, and the URLs it listens on. */
  const everythingOf = (state: DevnetState): { pids: number[]; urls: string[] } => ({
    pids: [state.supervisor, ...state.processes].flatMap(({ pid }) => processTree(pid).map(found => found.pid)),
    urls: [
      state.chainUrl,
      state.principalUrl,
      ...(state.workers ?? []).map(({ httpUrl }) => httpUrl),
      ...Object.values(state.pages ?? {})
    ].flatMap(url => (url === undefined ? [] : [url]))
  })
  const expectNothingLeft = async ({ pids }: ReturnType<typeof everythingOf>): Promise<void> => {
    await waitFor(() => pids.every(pid => processTree(pid).length === 0), {
      what: 'every process to end',
      limitMs: 10_000
    })
    // Not the ports: another network on this machine may have them by now.
    await waitFor(() => processesWith(home).length === 0, {
      what: 'every process with its home to end',
      limitMs: 10_000
    })
  }

  it('shows a pane per process with -t in a terminal; Ctrl-C in the first ends the network', async () => {
    const { ENIGMA_HOME: _, ...inherited } = process.env // tmux itself outlives the network
    const env = { ...inherited, ENIGMA_DEVNET_PORTS: 'any', TERM: 'xterm', LC_ALL: 'C.UTF-8' }
    const server = `launch-test-${process.pid}`
    const tmux = (...args: string[]): string =>
      execFileSync('tmux', ['-L', server, '-f', '/dev/null', ...args], { cwd: root, env, encoding: 'utf8' })
    tmux(
      'new-session',
      '-d',
      '-s',
      't',
      '-x',
      '200',
      '-y',
      '60',
      `ENIGMA_HOME=${home} ./launch.sh -t -s -n 1; echo ENDED; sleep 600`
    )
    try {
      const screen = (): string => tmux('capture-pane', '-p', '-t', 't')
      const shows = (...words: string[]): boolean => words.every(word => screen().includes(word))
      // Where the terminal knows no box drawing, the line is a row of q.
      const hasPane = (name: string): boolean => new RegExp(`[─q-] ${name} [─q-]`).test(screen())
      await waitFor(() => shows('READY') && ['chain', 'principal', 'worker1', 'dapp'].every(hasPane), {
        what: 'a pane per process',
        limitMs: readyMs,
        explain: screen
      })
      const everything = everythingOf(stateNow())
      tmux('send-keys', '-t', 't', 'C-c')
      await expectNothingLeft(everything)
      await waitFor(() => shows('ENDED'), { what: 'the end of launch.sh', limitMs: 20_000, explain: screen })
    } finally {
      tmux('kill-server')
    }
  })

  it('starts a network in the background, says where it is, refuses a second one, and stops it', async () => {
    const first = launch('-s', '-d', '-n', '1')
    const line = await ready(first)
    expect(await first.ended).to.equal(0)
    const state = stateNow()
    const { pids, urls } = everythingOf(state)
    for (const url of urls) expect(line).to.contain(url)
    expect(await Promise.all(urls.map(listens))).to.deep.equal(urls.map(() => true))
    expect(processesWith(home)).to.include(state.supervisor.pid)
    expect(await (await fetch(state.pages?.enigma ?? '')).text()).to.equal(state.enigma)
    expect(await (await fetch(state.pages?.token ?? '')).text()).to.equal(state.token)
    expect(first.output()).to.contain('SIMULATION').and.to.contain('protect nothing')
    expect(readdirSync(state.logDir)).to.include.members(['chain.log', 'principal.log', 'worker1.log'])

    const second = launch('-s')
    expect(await second.ended).to.equal(1)
    expect(second.output()).to.contain(`process ${state.supervisor.pid}`).and.to.contain('./launch.sh -q')

    const quit = launch('-q')
    expect(await quit.ended).to.equal(0)
    await expectNothingLeft({ pids, urls })
    expect(readDevnetState()).to.equal(undefined)
    expect(await launch('-q').ended).to.equal(0)
  })

  it('leaves nothing behind after Ctrl-C, during set-up and afterwards', async () => {
    const early = launch('-s', '-n', '1')
    await waitFor(() => readDevnetState()?.processes.some(({ name }) => name === 'principal'), {
      what: 'the principal to start',
      limitMs: readyMs,
      explain: () => early.output()
    })
    const half = everythingOf(stateNow())
    early.child.kill('SIGINT')
    expect(await early.ended).to.equal(0)
    await expectNothingLeft(half)

    const run = launch('-s', '-n', '1')
    await ready(run)
    const all = everythingOf(stateNow())
    const status = await fetch(`${stateNow().workers?.[0]?.httpUrl}/status`)
    process.kill(((await status.json()) as { enclavePid: number }).enclavePid, 'SIGKILL') // something to write about
    await waitFor(() => /^worker1 +\|.*enclave/m.test(run.output()), {
      what: 'a line of the worker in the stream',
      limitMs: 30_000
    })
    run.child.kill('SIGINT')
    expect(await run.ended).to.equal(0)
    await expectNothingLeft(all)
  })

  it('leaves nothing behind when its supervisor is killed, and starts again', async () => {
    const run = launch('-s', '-l', '-n', '1')
    await ready(run)
    const all = everythingOf(stateNow())
    run.child.kill('SIGKILL')
    await run.ended
    await expectNothingLeft(all)
    const again = launch('-s', '-d', '-n', '1')
    await ready(again)
    expect(await again.ended).to.equal(0)
  })

  it('continues with -k: the same contracts, the chain not shorter', async () => {
    await ready(launch('-s', '-d', '-k', '-n', '1'))
    const before = stateNow()
    const height = await blockNumber(before)
    await launch('-q').ended
    const run = launch('-s', '-d', '-k', '-n', '1')
    await ready(run)
    const after = stateNow()
    expect(run.output()).to.contain('Continuing')
    expect(after.enigma).to.equal(before.enigma)
    expect(await blockNumber(after)).to.be.at.least(height)
    expect(readFileSync(join(after.dataDir, 'contracts.json'), 'utf8')).to.contain(after.enigma)
  })

  for (const [flags, sentence] of [
    [[], 'no SGX device|no enclave for it'],
    [['-s', '-n', '10'], 'a number from 1 to 9'],
    [['-x'], 'no flag -x'],
    [['-s', 'now'], "unexpected argument 'now'"]
  ] as const) {
    it(`refuses '${flags.join(' ')}' with exit code 2`, async () => {
      const run = launch(...flags)
      expect(await run.ended).to.equal(2)
      expect(run.output()).to.match(new RegExp(sentence))
    })
  }
})

/** Processes that were started with this home in their environment. */
function processesWith(home: string): number[] {
  const has = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`ENIGMA_HOME=${home}`)
    } catch {
      return false // it ended meanwhile, or is not ours
    }
  }
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && has(name))
    .map(Number)
}

function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise(resolve => {
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function blockNumber({ chainUrl = '' }: DevnetState): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] })
  const response = await fetch(chainUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return Number(((await response.json()) as { result: string }).result)
}
