import { MAX_BYTECODE_BYTES, codeHashOf } from '@enigma/protocol'
import { asScAddr, until } from '@enigma/worker/testing'
import { must, seconds, type Row } from '../row.ts'
import { StoreLab } from '../support/stores.ts'

/** Four of the largest bytecodes that the protocol takes: 2 MiB. */
const CODES = 4
/** When it is cut, in parts of all bytes, or up to a tenth before. */
const CUTS = [0.3, 0.7]
/** The figure is 20 %; a cut costs a frame of 64 KiB at most, 3 %, and headers are 3 % of all. */
const MOST_AGAIN = 0.12
const KILOBIT = 1_000 / 8
/** The sync gives up by itself when nothing moves; this is how long the test looks on. */
const PATIENCE_MS = 240_000

/** Two mebibytes over 256 kbit/s, cut twice on the way and by nobody else. What had arrived is not sent again. */
export const row: Row = {
  number: 14,
  name: '256 kbit/s link, 2 MiB of bytecode, cut on the way',
  lane: 'parts',
  minutes: 6,
  times: { core: 0, full: 3, campaign: 5 },
  async run({ random, times }) {
    let worst = 0
    let connections = 0
    let slowest = 0
    for (let round = 0; round < times; round++) {
      const lab = new StoreLab(['alice', 'bob'])
      try {
        const codes = Array.from({ length: CODES }, () => random.bytes(MAX_BYTECODE_BYTES))
        for (const [i, code] of codes.entries()) lab.chain.deploy(asScAddr(`contract ${i}`), codeHashOf(code))
        const { proxy, store } = await lab.honestBehindProxy('bob', [])
        for (const code of codes) await store.putBytecode(code, null)
        const size = CODES * MAX_BYTECODE_BYTES
        proxy.set({ down: { bytesPerSecond: 256 * KILOBIT } })
        const alice = await lab.honest('alice', [])
        const started = performance.now()
        const limit = AbortSignal.timeout(PATIENCE_MS)
        const complete = (async () => {
          const found = []
          for (const code of codes) found.push(await alice.sync.ensureBytecode(codeHashOf(code), limit))
          return found
        })()
        complete.catch(() => undefined) // told of below
        for (const part of CUTS) {
          await until('some of it has come', () => proxy.bytes.down > size * (part - 0.1 * random.next()), 120_000)
          proxy.cut()
        }
        const found = await complete
        slowest = Math.max(slowest, performance.now() - started)
        for (const [i, code] of codes.entries()) must(Buffer.from(found[i]!).equals(code), `bytecode ${i} is wrong`)
        worst = Math.max(worst, proxy.bytes.down / size - 1)
        connections = Math.max(connections, proxy.accepted)
      } finally {
        await lab.stop()
      }
    }
    must(connections === 1 + CUTS.length, `${connections} connections: some were given up while bytes came`)
    must(worst < MOST_AGAIN, `${(100 * worst).toFixed(0)} % was sent again`)
    return `complete ${times} of ${times} in ${seconds(slowest)} with two cuts each; sent again ${(100 * worst).toFixed(1)} %`
  }
}
