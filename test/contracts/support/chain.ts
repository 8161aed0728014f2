import { network } from 'hardhat'

/** One chain for all tests, Hardhat's own or another client's; each test goes back to the state of its fixture. */
export const chain = await network.getOrCreate(process.env.ENIGMA_TEST_CHAIN ?? 'sim')
export const { ethers, networkHelpers: helpers } = chain

export type TestSigner = Awaited<ReturnType<typeof ethers.getSigner>>

/** Height of the newest block. */
export const blockNumber = (): Promise<number> => helpers.time.latestBlock()

/** Mines until a transaction sent next is included in block `target`. */
export async function mineUpTo(target: number): Promise<void> {
  const missing = target - 1 - (await blockNumber())
  if (missing < 0) throw new Error(`Block ${target} has passed already.`)
  if (missing > 0) await helpers.mine(missing)
}
