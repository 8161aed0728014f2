/**
 * Runs the contract tests on anvil instead of Hardhat's own chain: `node test/contracts-on-anvil.ts [--block-time SECONDS] [mocha flags]`.
 * With a block time only the tests marked for it run: the others count the blocks between their transactions.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startAnvil } from './contracts/support/anvil.ts'

const [flag, seconds, ...rest] = process.argv.slice(2)
const blockSeconds = flag === '--block-time' ? Number(seconds) : 0
if (!Number.isInteger(blockSeconds) || blockSeconds < 0) throw new Error('--block-time takes whole seconds.')
const flags = flag === '--block-time' ? ['--grep', 'any block time', ...rest] : process.argv.slice(2)

const anvil = await startAnvil(blockSeconds)
try {
  const hardhat = spawn('node_modules/.bin/hardhat', ['test', 'mocha', ...flags], {
    stdio: 'inherit',
    env: { ...process.env, ENIGMA_TEST_CHAIN: 'anvil', ENIGMA_ANVIL_URL: anvil.url }
  })
  const [code] = (await once(hardhat, 'exit')) as [number | null]
  process.exitCode = code ?? 1
} finally {
  await anvil.stop()
}
