import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { configVariable, defineConfig } from 'hardhat/config'
import ethers from '@nomicfoundation/hardhat-ethers'
import matchers from '@nomicfoundation/hardhat-ethers-chai-matchers'
import mocha from '@nomicfoundation/hardhat-mocha'
import helpers from '@nomicfoundation/hardhat-network-helpers'
import { minedAtOnce } from './test/contracts/support/mined-at-once.ts'

/** The compiler is the JavaScript build from npm, named by path in every profile, so that nothing is ever downloaded. */
const solc = {
  version: '0.8.37',
  path: createRequire(import.meta.url).resolve('solc/soljson.js'),
  settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: 'cancun' }
}

/** `npm test` counts from a report that its reporter writes. */
const reporter = process.env.ENIGMA_TEST_REPORT === undefined ? {} : { reporter: resolve('tools/test/reporter.mjs') }

/** Private keys from files: environments and command lines show what they hold to others. */
const keysFrom = (files: string | undefined): string[] =>
  (files ?? '')
    .split(',')
    .filter(path => path !== '')
    .map(path => readFileSync(path, 'utf8').trim())

export default defineConfig({
  plugins: [ethers, mocha, matchers, helpers, minedAtOnce],
  solidity: { profiles: { default: solc, production: solc } },
  paths: { sources: './contracts', tests: { mocha: './test/contracts', solidity: './test/contracts' } },
  networks: {
    // `hardhat node`, the devnet's chain: as many accounts as it gives roles to, and reverts that behave as on a real chain.
    node: {
      type: 'edr-simulated',
      chainType: 'l1',
      hardfork: 'cancun',
      accounts: { count: 40 },
      throwOnTransactionFailures: false
    },
    sim: { type: 'edr-simulated', chainType: 'l1', hardfork: 'cancun' },
    // The running devnet, whose node holds the keys of its accounts.
    devnet: { type: 'http', chainType: 'l1', url: 'http://127.0.0.1:8545' },
    // Any other chain: its address and keys come from the environment (docs/guide-staking.md).
    external: {
      type: 'http',
      chainType: 'l1',
      url: configVariable('ENIGMA_CHAIN_URL'),
      accounts: keysFrom(process.env.ENIGMA_KEY_FILES)
    },
    anvil: { type: 'http', chainType: 'l1', url: process.env.ENIGMA_ANVIL_URL ?? 'http://127.0.0.1:8545' }
  },
  test: {
    solidity: { fuzz: { runs: 256, seed: '0x1' }, invariant: { runs: 32, depth: 32 } },
    mocha: { timeout: 40_000, ...reporter }
  }
})
