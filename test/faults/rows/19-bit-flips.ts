import { join } from 'node:path'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { endsLevelDb, flipAnyBit, shortenAnyKey } from '../support/damage.ts'
import { Inputs, alarmsOf } from '../support/inputs.ts'
import { CountingLoad } from '../support/load.ts'
import { runMocha } from '../support/mocha-row.ts'

/** Inputs that a worker has just acknowledged when it dies. */
const INPUTS = 8

/**
 * The tests of the database flip single random bits of its files, here with another seed each time. And a worker dies, its database is damaged, by
 * turns where LevelDB ends the process over it and anywhere, and it is started again: it comes up, says so, and has what it acknowledged but for
 * what hung on the damaged place.
 */
export const row: Row = {
  number: 19,
  name: 'bit flip in every store file',
  lane: 'devnet',
  minutes: 5,
  times: { core: 0, full: 10, campaign: 40 },
  async run({ network, random, times, say }) {
    const net = await network()
    const { devnet } = net
    const seeds = random.fork('flips')
    const load = await CountingLoad.prepare(net)
    load.start()
    let [deadly, told, found, lost] = [0, 0, 0, 0]
    const flips = async (): Promise<void> => {
      for (let i = 0; i < 2 * times; i++) {
        const grep = i % 2 === 0 ? 'never reads a wrong value after a bit was flipped' : 'flipped where LevelDB counts on them' // prettier-ignore
        const files = ['worker/test/ops/database.test.ts', 'worker/test/ops/damaged-tables.test.ts']
        await runMocha({ files, grep, env: { SEED: String(1 + seeds.below(2 ** 30)) } })
      }
    }
    const workers = async (): Promise<void> => {
      for (let i = 0; i < times; i++) {
        await net.withWorker(random, async worker => {
          const db = join(worker.dataDir, 'db')
          const inputs = new Inputs(net, worker, load.scAddr, random)
          if (i % 2 === 0) await devnet.restart(worker.name) // what is in its log becomes a table
          await inputs.sendAndThen(INPUTS, INPUTS, () => devnet.kill(worker.name, 'SIGKILL'))
          const damage = (i % 2 === 0 ? shortenAnyKey(db, random) : null) ?? flipAnyBit(db, random)
          const isDeadly = await endsLevelDb(db)
          if (isDeadly) deadly += 1
          await devnet.restart(worker.name)
          const alarms = await alarmsOf(worker, 'STORE_REPAIRED')
          // What a compaction left behind when the worker died is damaged without anybody's noticing.
          must(alarms > 0 || !isDeadly, `${worker.name} came up with ${damage.where} damaged, and does not say so`)
          told += Math.min(alarms, 1)
          const there = await inputs.lookUp()
          must(there.lost.length <= damage.most, `${there.lost.length} inputs that ${worker.name} acknowledged are gone with ${damage.where}`) // prettier-ignore
          found += there.found
          lost += there.lost.length
          say(`${worker.name} came up with ${damage.where} damaged, said so ${alarms} times, has ${there.found} inputs`)
        })
      }
    }
    await Promise.all([flips(), workers()])
    must(deadly > 0 || times < 4, 'LevelDB ended over none of the damaged databases')
    const figure = await audit(net, [load])
    return `silent wrong reads 0 after ${100 * times} flips; ${times} workers came up on damaged databases, ${deadly} of which end LevelDB, ${told} said so; ${lost} of ${found + lost} acknowledged inputs hung on the damage; ${figure}`
  }
}
