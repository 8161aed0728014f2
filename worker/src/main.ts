import { keepYoungHeapSmall } from './ops/young-heap.ts'

/** The executable of every node: `node worker/src/main.ts --role worker --enigma 0x... --operator-key-file ...` */

keepYoungHeapSmall()
let hasBegun = false
// A signal during the loading is told at its end: to these, and to those of the node, which must be there by then.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void (hasBegun || process.exit(0)))
const { runNode } = await import('./run-node.ts') // all the rest, once this process is the one that stays
hasBegun = true
await runNode()
