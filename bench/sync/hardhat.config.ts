import { defineConfig } from 'hardhat/config'

/** So long before now the chain begins: room for 50,000 blocks of 12 seconds, so that the last one is of now. */
const PAST_MS = 7 * 86_400_000

/** The devnet's chain, but with a past, and with blocks that the history makes. */
export default defineConfig({
  networks: {
    node: {
      type: 'edr-simulated',
      chainType: 'l1',
      hardfork: 'cancun',
      accounts: { count: 40 },
      initialDate: new Date(Date.now() - PAST_MS),
      mining: { auto: false },
      throwOnTransactionFailures: false
    }
  }
})
