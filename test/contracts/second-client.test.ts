import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { expect } from 'chai'
import { JsonRpcProvider, Wallet } from 'ethers'
import { SIM_ROOT_INSECURE_ADDRESS } from '@enigma/protocol'
import { deployEnigma } from '../../contracts/deploy/index.ts'
import { MEASUREMENT, MODE } from './support/enclaves.ts'

/** The first of anvil's published test accounts. */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

/** Starts anvil itself, not npm's wrapper around it, so that the process that is stopped is the right one. */
async function startAnvil(): Promise<{ url: string; stop(): Promise<void> }> {
  const cpu = process.arch === 'x64' ? 'amd64' : process.arch
  const anvilPackage = createRequire(import.meta.url).resolve(
    `@foundry-rs/anvil-${process.platform}-${cpu}/package.json`
  )
  const args = ['--host', '127.0.0.1', '--port', '0', '--hardfork', 'cancun']
  const anvil = spawn(anvilPackage.replace('package.json', 'bin/anvil'), args, { stdio: ['ignore', 'pipe', 'inherit'] })
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
    return { url: `http://${at}`, stop }
  }
  throw new Error('anvil ended before it listened.')
}

describe('contracts/deploy on another Ethereum client', () => {
  it('deploys through plain JSON-RPC, without Hardhat and without a pause between the transactions', async () => {
    const { url, stop } = await startAnvil()
    const provider = new JsonRpcProvider(url)
    try {
      const { enigma } = await deployEnigma(new Wallet(KEY, provider), {
        simulationRoot: SIM_ROOT_INSECURE_ADDRESS,
        measurements: [MEASUREMENT]
      })

      expect(await enigma.getFunction('attestationMode').staticCall()).to.equal(MODE)
      expect(await enigma.getFunction('measurementAllowed').staticCall(MEASUREMENT)).to.equal(true)
    } finally {
      provider.destroy()
      await stop()
    }
  })
})
