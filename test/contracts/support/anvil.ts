import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

/** A second Ethereum client. `stop` resolves when its process is gone. */
export interface Anvil {
  readonly url: string
  stop(): Promise<void>
}

/** Accounts, gas limit and rules as those of Hardhat's simulated chain. */
const ALIKE = ['--host', '127.0.0.1', '--port', '0', '--hardfork', 'cancun', '--accounts', '20']
const GAS = ['--gas-limit', '60000000']

/**
 * Starts anvil itself, not npm's wrapper around it, so that the process that is stopped is the right one.
 *
 * @param blockSeconds time between blocks; 0 mines every transaction at once, one second of chain time apart.
 */
export async function startAnvil(blockSeconds = 0): Promise<Anvil> {
  const cpu = process.arch === 'x64' ? 'amd64' : process.arch
  const home = createRequire(import.meta.url).resolve(`@foundry-rs/anvil-${process.platform}-${cpu}/package.json`)
  const pace = blockSeconds > 0 ? ['--block-time', String(blockSeconds)] : []
  const anvil = spawn(home.replace('package.json', 'bin/anvil'), [...ALIKE, ...GAS, ...pace], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const stop = async (): Promise<void> => {
    if (anvil.exitCode !== null) return
    const ended = once(anvil, 'exit')
    anvil.kill()
    await ended
  }
  for await (const line of createInterface(anvil.stdout)) {
    const [, at] = /Listening on (\S+)/.exec(line) ?? []
    if (at === undefined) continue
    anvil.stdout.resume()
    const url = `http://${at}`
    if (blockSeconds === 0) await stepTime(url)
    return { url, stop }
  }
  throw new Error('anvil ended before it listened.')
}

/** Blocks that are mined at once would else share a timestamp, which no chain of ours does. */
async function stepTime(url: string): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_setBlockTimestampInterval', params: [1] })
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (!answer.ok) throw new Error(`anvil refused to step its time: HTTP ${answer.status}`)
}
