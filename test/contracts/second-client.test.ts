import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { JsonRpcProvider, Wallet } from 'ethers'
import { SIM_ROOT_INSECURE_ADDRESS } from '@enigma/protocol'
import { deployEnigma } from '../../contracts/deploy/index.ts'
import { startAnvil } from './support/anvil.ts'
import { MEASUREMENT, MODE } from './support/enclaves.ts'

const execute = promisify(execFile)

/** The first of anvil's published test accounts. */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

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

  it('deploys by the script, on a network of the configuration, and reads where a worker stands', async function () {
    this.timeout(120_000)
    const { url, stop } = await startAnvil()
    const run = async (script: string, env: Record<string, string>): Promise<string> => {
      const args = ['run', script, '--network', 'external']
      const { stdout } = await execute('node_modules/.bin/hardhat', args, {
        env: { ...process.env, ENIGMA_CHAIN_URL: url, ENIGMA_KEY_FILES: keyFile, ...env }
      })
      return stdout
    }
    const folder = mkdtempSync(join(tmpdir(), 'enigma-scripts-'))
    const keyFile = join(folder, 'key')
    writeFileSync(keyFile, KEY, { mode: 0o600 })
    try {
      const deployed = await run('scripts/deploy.ts', { MEASUREMENTS: MEASUREMENT })
      const ENIGMA = /^enigma (0x\w{40})$/m.exec(deployed)![1]!
      expect(deployed).to.contain('attestation mode: simulation')
      const OPERATOR = new Wallet(KEY).address
      const status = await run('scripts/staking/status.ts', { ENIGMA, OPERATOR })
      expect(status).to.contain(`operator ${OPERATOR}: unregistered`).and.to.contain('minimum 25000.0 ENG')
    } finally {
      rmSync(folder, { recursive: true, force: true })
      await stop()
    }
  })
})
