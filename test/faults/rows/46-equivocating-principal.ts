import { DOMAIN, refusal } from '@enigma/enclave-sim/testing'
import { chainViewRequest as codec, randomBytes, signDigest, typedDigest, type Hash } from '@enigma/protocol'

import { must, type Row } from '../row.ts'
import { enclaveNetwork } from '../support/enclaves.ts'
import { runMocha } from '../support/mocha-row.ts'

/** A principal's host asks for seeds out of order and shows workers views that its enclave did not sign; the contract sees second seeds. */
export const row: Row = {
  number: 46,
  name: 'equivocating principal',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 200 },
  async run({ random, times, scale }) {
    const { net, stop } = await enclaveNetwork(1)
    const worker = net.workers[0]!
    let refused = 0
    try {
      const first = await net.principal.enclave.call('epochSeed', { d: 0 })
      for (let i = 0; i < times; i++) {
        const again = await net.principal.enclave.call('epochSeed', { d: 0 })
        must(again.seed === first.seed && again.nextCommit === first.nextCommit, 'two seeds for one epoch call')
        const skipped = await refusal(net.principal.enclave.call('epochSeed', { d: 2 + random.below(1_000) }))
        must(skipped === 'ENCLAVE_SEED_ORDER', `a seed out of order: ${skipped}`)

        const asked = await worker.enclave.call('chainViewRequest', { minBlock: net.block, contracts: [] })
        const answer = await net.principal.enclave.call('answerChainView', {
          asked,
          asker: worker.attested,
          view: net.view(nonceOf(asked.request), []),
          claims: []
        })
        const late = { ...answer.view, epoch: answer.view.epoch + 1 }
        const forged = signDigest(typedDigest(DOMAIN, 'ChainView', late), randomBytes(32))
        for (const lie of [
          { ...answer, view: late },
          { ...answer, view: late, signature: forged }
        ]) {
          const code = await refusal(worker.enclave.call('openChainView', lie))
          must(code === 'ENCLAVE_VIEW_REFUSED', `a view that was not signed: ${code}`)
        }
        await worker.enclave.call('openChainView', answer)
        refused += 3
      }
      if (scale !== 'core') refused += await runMocha({ files: ['enclave-sim/test/calls/generations.test.ts'] })
    } finally {
      await stop()
    }
    return `accepted 0 of ${refused} equivocations`
  }
}

const nonceOf = (request: Uint8Array): Hash => codec.decode(request).nonce
