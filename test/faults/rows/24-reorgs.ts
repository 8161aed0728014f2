import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@enigma/faults'
import { callWorker } from 'enigma-js'
import { connectAs } from '../../e2e/support/actors.ts'
import { counterContract } from '../../e2e/support/counter.ts'
import { whileMining } from '../../e2e/support/mining.ts'
import { must, type Row } from '../row.ts'
import { startFaultNet, type FaultNet } from '../support/fault-net.ts'

/** The chain goes back 1 to 20 blocks and on with others, some of them across the begin of an epoch. */
export const row: Row = {
  number: 24,
  name: 'chain reorg of depth 1 to 20',
  lane: 'own',
  minutes: 15,
  times: { core: 0, full: 20, campaign: 20 },
  async run({ random, times, say }) {
    const figures: string[] = []
    for (const confirmations of [24, 1]) {
      const folder = mkdtempSync(join(tmpdir(), 'enigma-reorg-'))
      const net = await startFaultNet({
        folder,
        devnet: { mining: { mode: 'manual' }, env: () => ({ ENIGMA_CONFIRMATIONS: String(confirmations) }) }
      })
      try {
        figures.push(`CONF=${confirmations}: ${await reorganise(net, confirmations, times, random, say)}`)
      } finally {
        await net.stop()
        rmSync(folder, { recursive: true, force: true })
      }
    }
    return figures.join('; ')
  }
}

async function reorganise(
  net: FaultNet,
  confirmations: number,
  times: number,
  random: Random,
  say: (text: string) => void
): Promise<string> {
  const { devnet, ledger } = net
  const { abi, ...code } = await counterContract()
  const client = await connectAs(devnet, await net.borrowUser())
  const rpc = (method: string, params: unknown[] = []): Promise<unknown> => ledger.provider.send(method, params)
  const deployed = await whileMining(devnet, client.deploy({ ...code, abi }, []))
  const scAddr = await whileMining(devnet, deployed.result())
  let counted = 0
  let orphaned = 0
  let revealed = 0
  let epochsUndone = 0
  const count = async (): Promise<void> => {
    const task = await whileMining(devnet, client.compute(scAddr, abi, 'next', []))
    const value = await whileMining(devnet, task.result())
    counted += 1
    must(value === BigInt(counted), `the counter says ${String(value)} after ${counted} tasks of this chain`)
  }
  await count()
  for (let i = 0; i < times; i++) {
    const depth = times >= 20 ? i + 1 : 1 + random.below(20)
    const snapshot = await rpc('evm_snapshot')
    const [base, epoch] = [await devnet.blockNumber(), await ledger.epoch()]
    const task = await mined(client.compute(scAddr, abi, 'next', []), depth)
    while ((await devnet.blockNumber()) < base + depth) {
      await devnet.mine()
      await sleep(250)
    }
    if ((await ledger.epoch()) > epoch) epochsUndone += 1
    const early = task && (await resultAt(task.taskId))
    if (early) revealed += 1
    must(!(early && confirmations > 20), `an output was released with fewer than ${confirmations} confirmations`)

    await rpc('evm_revert', [snapshot])
    await rpc('evm_increaseTime', [3])
    for (let block = 0; block <= depth; block++) {
      await devnet.mine() // one by one: each is the parent of the next
      await sleep(100)
    }
    await followed()
    if (task) orphaned += 1
    say(`depth ${depth}, CONF=${confirmations}: undone${early ? ', its output was out' : ''}`)
    await count()
  }
  const drift = await ledger.drift()
  must(drift === 0n, `Enigma holds ${drift} grains more than it owes`)
  client.close()
  return `orphaned effects 0 of ${orphaned} tasks in ${times} reorgs, ${epochsUndone} across a setEpoch; released before: ${revealed}; state equal to the chain's after each`

  /** The task, if its record came into one of `blocks` blocks. */
  async function mined<T>(sent: Promise<T>, blocks: number): Promise<T | null> {
    let done: T | null = null
    const watch = sent.then(
      found => void (done = found),
      () => undefined
    )
    const pending = async (): Promise<boolean> => {
      const block = (await rpc('eth_getBlockByNumber', ['pending', true])) as { transactions: { from: string }[] }
      return block.transactions.some(({ from }) => from.toLowerCase() === client.address)
    }
    await net.eventually('the record in the pool', async () => ((await pending()) ? true : undefined))
    for (let i = 0; i < blocks && done === null; i++) {
      await devnet.mine()
      await Promise.race([watch, sleep(1_000)])
    }
    return done
  }

  async function resultAt(taskId: `0x${string}`): Promise<boolean> {
    const urls = devnet.workers.map(worker => worker.httpUrl)
    const answers = await Promise.all(urls.map(url => callWorker(url, 'getTaskResult', { taskId: taskId as never }).catch(() => null))) // prettier-ignore
    return answers.some(answer => answer !== null)
  }

  /** Waits until every node has the chain's head. */
  async function followed(): Promise<void> {
    await net.eventually('every node on the new chain', async () => {
      const head = (await rpc('eth_getBlockByNumber', ['latest', false])) as { hash: string }
      const nodes = [devnet.principal, ...devnet.workers]
      const heads = await Promise.all(nodes.map(async node => (await node.status()) as unknown as { head: { hash: string } })) // prettier-ignore
      return heads.every(found => found.head.hash === head.hash) ? true : undefined
    })
  }
}
