/** For the benchmark of synchronisation (bench/sync.ts): the real parts on a chain in memory. */
export { PeerDeltaSync } from '../../src/sync/delta-sync.ts'
export { LevelContentStore } from '../../src/sync/content-store.ts'
export { openDatabase } from '../../src/ops/database.ts'
export { makeNetwork, quiet } from '../net/network-kit.ts'
export { MemoryChain, asScAddr } from '../memory-chain.ts'
export { makeDelta } from './sync-kit.ts'
