import { spawn, type ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { createChainRpc, type ChainRpc } from '../../src/chain/rpc.ts'

const root = resolve(import.meta.dirname, '../../..')

/** A real `hardhat node` as a child process; blocks are mined by the test alone. */
export interface DevChain {
  readonly url: string
  readonly rpc: ChainRpc
  mine(blocks?: number): Promise<void>
  automine(on: boolean): Promise<void>
  /** Marks the present state; `revert` goes back to it: what is mined then is another chain. */
  snapshot(): Promise<string>
  revert(snapshot: string): Promise<void>
  stop(): Promise<void>
}

const START_MS = 60_000

export async function startDevChain(): Promise<DevChain> {
  const cli = resolve(root, 'node_modules/hardhat/dist/src/cli.js')
  const child: ChildProcess = spawn(process.execPath, [cli, 'node', '--hostname', '127.0.0.1', '--port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], HARDHAT_DISABLE_TELEMETRY: 'true', NO_COLOR: '1' }
  })
  const url = await new Promise<string>((done, fail) => {
    const timer = setTimeout(() => fail(new Error('hardhat node did not start in time')), START_MS)
    child.once('exit', code => fail(new Error(`hardhat node ended with code ${code}`)))
    createInterface({ input: child.stdout! }).on('line', line => {
      const port = /(?:listening on|server at) (?:http:\/\/)?127\.0\.0\.1:(\d+)/i.exec(line)?.[1]
      if (!port) return
      clearTimeout(timer)
      done(`http://127.0.0.1:${port}`)
    })
  })
  const rpc = createChainRpc(url)
  return {
    url,
    rpc,
    async mine(blocks = 1) {
      await rpc.send('hardhat_mine', [`0x${blocks.toString(16)}`])
    },
    async automine(on) {
      await rpc.send('evm_setAutomine', [on])
    },
    snapshot: async () => String(await rpc.send('evm_snapshot', [])),
    async revert(snapshot) {
      await rpc.send('evm_revert', [snapshot])
    },
    async stop() {
      const gone = new Promise<void>(done => child.once('exit', () => done()))
      child.kill('SIGKILL')
      await gone
    }
  }
}
