import { keepYoungHeapSmall } from './ops/young-heap.ts'

/** The executable of every node: `node worker/src/main.ts --role worker --enigma 0x... --operator-key-file ...` */

keepYoungHeapSmall()
const { runNode } = await import('./run-node.ts') // all the rest, once this process is the one that stays
await runNode()
