import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Random } from '@enigma/faults'
import { connectAs } from '../../e2e/support/actors.ts'
import { counterContract } from '../../e2e/support/counter.ts'
import { whileMining } from '../../e2e/support/mining.ts'
import { must, type Row } from '../row.ts'
import { EPOCH_SIZE, startFaultNet, type FaultNet } from '../support/fault-net.ts'
import { seatsOf } from '../../e2e/support/seats.ts'
import { RETURNS, Reorgs, type Doomed, type Placed, type Return } from '../support/reorgs.ts'

/** Tasks of one branch. */
const MOST_TASKS = 3
const DEEPEST = 20
const blockMs = 100

/**
 * The chain goes back 1 to 20 blocks and on with others, the last time across the begin of an epoch. CONF is the chain's, 24 or 1: no host has
 * a say in it. Every second time, and the last, the pools send the records again, as those of real nodes do; else they are gone for good. Some
 * times a task was recorded before the branch: only its receipt is taken back, and comes again, in each way that there is.
 */
export const row: Row = {
  number: 24,
  name: 'chain reorg of depth 1 to 20',
  lane: 'own',
  minutes: 15,
  times: { core: 0, full: 20, campaign: 20 },
  async run({ random, times, say }) {
    const figures: string[] = []
    for (const confirmations of [24, 1] as const) {
      const folder = mkdtempSync(join(tmpdir(), 'enigma-reorg-'))
      const net = await startFaultNet({ folder, devnet: { mining: { mode: 'manual' }, confirmations } })
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
  confirmations: 24 | 1,
  times: number,
  random: Random,
  say: (text: string) => void
): Promise<string> {
  const { devnet, ledger } = net
  const { abi, ...code } = await counterContract()
  const client = await connectAs(devnet, await net.borrowUser(), { timeouts: { pollMs: blockMs } })
  const deployed = client.deploy({ ...code, abi }, []).then(task => task.result())
  const scAddr = await whileMining(devnet, deployed, blockMs)
  const reorgs = new Reorgs(net, client, scAddr, abi, 'next')
  const isFinalAtOnce = confirmations === 1
  const sum = { settled: 0, orphaned: 0, again: 0, revealed: 0, epochs: 0 }
  const returned: Record<Return, number> = { 'by another seat': 0, 'in its place': 0, 'sent again by its worker': 0 }
  let counted = 0n

  /** Every number comes once, in order: no effect of a branch that is gone, and none lost of this one. */
  const expectNext = (value: unknown): void => {
    counted += 1n
    must(value === counted, `the counter says ${String(value)} after ${counted} tasks of this chain`)
  }
  const count = async (): Promise<void> => {
    const result = client.compute(scAddr, abi, 'next', []).then(task => task.result())
    expectNext(await whileMining(devnet, result, blockMs))
  }

  /** Makes a branch of so many blocks, with tasks on it of which all but the last are surely settled, and the receipt of one from before it. */
  async function makeBranch(depth: number, early: Doomed | null): Promise<Doomed[]> {
    await reorgs.branch()
    if (early !== null) await reorgs.settle(early, isFinalAtOnce ? 'final' : 'verified')
    const isRoom = async (): Promise<boolean> => (await reorgs.depth()) < depth
    const doomed: Doomed[] = []
    while (early === null ? doomed.length === 0 || (await isRoom()) : await isRoom()) {
      if (doomed.length === MOST_TASKS) break
      const one = await reorgs.record()
      doomed.push(one)
      if (await isRoom()) await reorgs.settle(one, isFinalAtOnce ? 'final' : 'verified')
    }
    while (await isRoom()) await reorgs.mine()
    return doomed
  }

  /** A task whose receipt waits for the first block of the branch, of a contract with several seat holders. */
  async function recordEarly(): Promise<Doomed> {
    const isAlone = async (epoch: number): Promise<boolean> => new Set(await seatsOf(devnet, scAddr, epoch)).size === 1
    for (;;) {
      while (await isAlone(await ledger.epoch())) await reorgs.mine()
      const early = await reorgs.record()
      await reorgs.receiptInPool()
      if (!(await isAlone(await ledger.epochOf(early.task.taskId)))) return early
      early.stopWatching() // an epoch began meanwhile, and one worker has all its seats
      expectNext(await whileMining(devnet, early.task.result(), blockMs))
    }
  }

  /** The other chain has the receipt by now, or will; that it is where it has to be. */
  async function returnedAs(how: Return, { task }: Doomed, before: Placed): Promise<void> {
    const now = await reorgs.placeOf(task.taskId)
    const isSame = { block: now.block === before.block, transaction: now.hash === before.hash }
    const isRight = {
      'by another seat': now.worker !== before.worker,
      'in its place': isSame.block && isSame.transaction,
      'sent again by its worker': !isSame.block && isSame.transaction
    }[how]
    must(isRight, `${how}: the receipt was of ${before.worker.name} in block ${before.block}, and is of ${now.worker.name} in ${now.block}`) // prettier-ignore
    returned[how] += 1
  }

  const wasShown = ({ told, settled }: Pick<Doomed, 'told' | 'settled'>): boolean =>
    isFinalAtOnce && (settled || told.some(({ stage }) => stage === 'final'))

  /** Nothing comes in the place of these tasks; whoever watches one is told. */
  async function goneForGood(doomed: readonly Doomed[], wereShown: ReadonlySet<Doomed>): Promise<void> {
    for (const one of doomed) {
      const shown = wereShown.has(one)
      const watch = shown ? reorgs.watch(one.task) : one // the first watch of one that was shown is over
      const { revealed } = await reorgs.told(watch, 'what was taken back', step => step.undone !== undefined)
      must((revealed === true) === shown, `an output that was ${shown ? '' : 'not '}out is told otherwise`)
      watch.stopWatching()
      if (shown) sum.revealed += 1
    }
    sum.orphaned += doomed.length
  }

  /** Each task runs again on this chain, and its watch says what was taken back, and what had been shown. */
  async function cameAgain(doomed: readonly Doomed[], wereShown: ReadonlySet<Doomed>): Promise<void> {
    const values: unknown[] = []
    for (const one of doomed) {
      const { task, told, settled } = one
      const shown = wereShown.has(one)
      const steps = shown ? [] : told
      const watchAgain = async (): Promise<void> => {
        for await (const step of client.watchTask(task.taskId)) steps.push(step)
      }
      if (shown) await whileMining(devnet, watchAgain(), blockMs)
      values.push(await whileMining(devnet, task.result(), blockMs))
      const undone = await net.eventually(`the step that took ${task.taskId} back`, () =>
        Promise.resolve(steps.find(step => step.undone !== undefined))
      )
      const wanted = shown ? 'final' : settled ? 'verified' : undone.undone
      must(undone.undone === wanted, `a client was told that ${undone.undone} was undone, where ${wanted} was`)
      must((undone.revealed === true) === shown, `an output that was ${shown ? '' : 'not '}out is told otherwise`)
      if (shown) sum.revealed += 1
    }
    // One whose seat sleeps is overtaken by those recorded after it.
    for (const value of values.sort((a, b) => Number((a as bigint) - (b as bigint)))) expectNext(value)
    sum.again += doomed.length
  }

  await count()
  const every = Math.max(1, Math.floor(times / RETURNS.length))
  for (let i = 0; i < times; i++) {
    const isLast = i === times - 1
    const depth = isLast ? DEEPEST : times >= DEEPEST ? i + 1 : 1 + random.below(DEEPEST)
    if (isLast) await untilMidEpoch(net, reorgs)
    const how = i % every === every - 1 ? RETURNS[Math.floor(i / every) % RETURNS.length]! : null
    const early = how === null ? null : await recordEarly()
    const epoch = await ledger.epoch()
    const doomed = await makeBranch(depth, early)
    const all = early === null ? doomed : [early, ...doomed]
    const released = await reorgs.released(all)
    must(isFinalAtOnce || released.length === 0, `${released.length} outputs were out before ${confirmations} confirmations`) // prettier-ignore
    const crossed = (await ledger.epoch()) > epoch
    const lost = all.filter(({ settled }) => settled).length
    const signed = await reorgs.signed()
    const again = isLast || i % 2 === 1 ? comingAgain(doomed, signed, epoch) : 0
    const before = early === null ? null : await reorgs.placeOf(early.task.taskId)
    const wereShown = new Set(all.filter(wasShown)) // the other chain shows outputs, too
    if (early === null) await reorgs.goBack(signed.slice(0, again))
    else await reorgs.goBackTo(signed.slice(0, again), early.task.taskId, before!, how!)
    for (const one of doomed) must((await ledger.endings(one.task.taskId)).length === 0, 'a receipt outlived its block')
    await goneForGood(doomed.slice(again), wereShown)
    await cameAgain([...(early === null ? [] : [early]), ...doomed.slice(0, again)], wereShown)
    if (early !== null) await returnedAs(how!, early, before!)
    for (const one of all) one.stopWatching()
    sum.settled += lost
    if (crossed) sum.epochs += 1
    say(`depth ${depth}, CONF=${confirmations}: ${all.length} tasks undone, ${lost} of them settled, ${released.length} shown${again > 0 ? `, ${again} came again` : ''}${how === null ? '' : `, a receipt without its record, which came ${how}`}${crossed ? ', with the begin of an epoch' : ''}`) // prettier-ignore
    await count()
  }

  const drift = await ledger.drift()
  must(drift === 0n, `Enigma holds ${drift} grains more than it owes`)
  must(sum.epochs > 0, 'no reorganisation went across the begin of an epoch')
  must(sum.settled > 0, 'no receipt was taken back')
  const ways = RETURNS.filter(way => returned[way] > 0)
  must(ways.length === Math.min(times, RETURNS.length), `receipts came again only ${ways.join(', ')}`)
  must(sum.again > 0 && (times === 1 || sum.orphaned > 0), 'not both kinds of records were tried')
  must(!isFinalAtOnce || sum.revealed > 0, 'no output was out before it was taken back')
  const { reverted, dropped } = await undoneStates(net)
  must(reverted > 0, 'no enclave had anything to undo')
  if (!isFinalAtOnce) must(dropped === 0, `${dropped} states were dropped and replayed`)
  client.close()
  return `orphaned effects 0 of ${sum.orphaned} tasks in ${times} reorgs, ${sum.epochs} across a setEpoch; ${sum.settled} receipts undone, ${sum.again} tasks came again, the receipts of ${Object.values(returned).reduce((a, b) => a + b)} alone (${ways.join(', ')}); outputs that had been shown, and told so: ${sum.revealed}; states reverted ${reverted}, resynced ${dropped}` // prettier-ignore
}

/** How many of the first ones the other chain takes: a record that names an epoch which is gone, too, it refuses. */
function comingAgain(doomed: readonly Doomed[], signed: readonly string[], epoch: number): number {
  if (signed.length !== doomed.length) return 0 // one was refused once and sent again: it is not known which belongs to which
  const later = doomed.findIndex(one => one.epoch !== epoch)
  return later === -1 ? doomed.length : later
}

/** Mines until the next epoch's begin is more than a few blocks away, but nearer than the deepest branch reaches. */
async function untilMidEpoch({ ledger }: FaultNet, reorgs: Reorgs): Promise<void> {
  for (;;) {
    const into = await ledger.intoEpoch()
    if (into >= EPOCH_SIZE / 4 && into <= EPOCH_SIZE / 2) return
    await reorgs.mine()
  }
}

/** Of all enclaves: how often a state went back to where the branches part, and how often one was dropped. */
async function undoneStates({ devnet }: FaultNet): Promise<{ reverted: number; dropped: number }> {
  const statuses = await Promise.all(devnet.workers.map(worker => worker.status()))
  const all = statuses.map(status => (status as unknown as { counters: Record<string, number> }).counters)
  const total = (name: string): number => all.reduce((found, counters) => found + (counters[name] ?? 0), 0)
  return { reverted: total('states_reverted'), dropped: total('states_dropped') }
}
