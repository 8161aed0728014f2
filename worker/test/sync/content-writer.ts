import { join } from 'node:path'
import { utf8 } from '@enigma/protocol'
import { LevelContentStore } from '../../src/sync/content-store.ts'
import { openDatabase } from '../../src/ops/database.ts'
import { addressOf, asScAddr } from '../memory-chain.ts'
import { quiet } from '../net/network-kit.ts'
import { makeDelta } from './sync-kit.ts'

/** Run by content-store.test.ts, and killed: stores deltas and prints one line for each that is on disk. */
const store = await LevelContentStore.open(await openDatabase(join(process.argv[2]!, 'db')), quiet)
for (let index = 0; index < 10_000; index++) {
  await store.putBytecode(utf8(`code ${index}`), null)
  await store.putDelta(makeDelta(asScAddr('contract'), index).delta, addressOf('seat'))
  process.stdout.write(`${index}\n`)
}
