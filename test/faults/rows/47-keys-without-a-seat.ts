import { refusal } from '@enigma/enclave-sim/testing'
import { scAddr, type ScAddr } from '@enigma/protocol'
import { must, type Row } from '../row.ts'
import { enclaveNetwork } from '../support/enclaves.ts'

/** A worker's host asks the principal's enclave for keys of contracts whose seats are others', with true and false claims. */
export const row: Row = {
  number: 47,
  name: 'keys for a contract without a seat',
  lane: 'parts',
  times: { core: 10, full: 1_000, campaign: 10_000 },
  async run({ random, times }) {
    const { net, stop } = await enclaveNetwork(4)
    const asker = net.workers[0]!
    let refused = 0
    let without = 0
    try {
      while (refused + without < times) {
        const target: ScAddr = scAddr(`0x${Buffer.from(random.bytes(32)).toString('hex')}`)
        const asked = [{ scAddr: target, taskIds: [] }]
        if (net.claims(asker, asked).length > 0) continue
        const k = random.below(3)
        const seat = net.tree.seats(net.epochInfo.mix, target)[k]!
        const proof = net.tree.prove(random.pick([seat.index, 0])) // another's true seat, or its own leaf on it
        const claims = [{ scAddr: target, epoch: net.epochInfo, k, proof, graceOver: 1e6 }]
        if (random.chance(0.9)) {
          const code = await refusal(net.show(asker, asked, { claims }))
          must(code === 'ENCLAVE_SEAT_REFUSED', `a false claim to a seat: ${code}`)
          refused += 1
        } else {
          await net.show(asker, asked, { claims: [] })
          without += 1
        }
        const { hasKey } = await asker.enclave.call('stateTip', { scAddr: target })
        must(!hasKey, 'a key was given without a seat')
      }
    } finally {
      await stop()
    }
    return `leaks 0 of ${times} requests (${refused} false claims refused, ${without} views without a key)`
  }
}
