import { setTimeout as sleep } from 'node:timers/promises'
import type { Devnet } from '@enigma/devnet'

/** Time between two blocks of `whileMining`: long enough for workers to see a block before the next one comes. */
const blockMs = 250

/** Mines a block every 250 ms until the promise settles, and gives back what it settled to. */
export async function whileMining<T>(devnet: Devnet, promise: Promise<T>, everyMs = blockMs): Promise<T> {
  let settled = false
  const watch = promise.then(
    () => (settled = true),
    () => (settled = true)
  )
  while (!settled) {
    await Promise.race([watch, sleep(everyMs)])
    if (!settled) await devnet.mine()
  }
  return promise
}

/** Mines until the condition holds. @throws after `maxBlocks`. */
export async function mineUntil(
  devnet: Devnet,
  condition: () => Promise<boolean>,
  maxBlocks: number,
  everyMs = blockMs
): Promise<void> {
  for (let mined = 0; mined <= maxBlocks; mined++) {
    if (await condition()) return
    await devnet.mine()
    await sleep(everyMs)
  }
  throw new Error(`it did not come true within ${maxBlocks} blocks`)
}
