import { PeerProtocol, helloCodec, peerRequest } from '@enigma/protocol'
import { addressOf, keyOf, makeHello, until } from '@enigma/worker/testing'
import { signDigest } from '@enigma/protocol'
import { must, type Row } from '../row.ts'
import { PeerLab, say } from '../support/peers.ts'

/** What a peer once said is said again by others: a hello of another node, of another network, of an enclave that was replaced. */
export const row: Row = {
  number: 38,
  name: 'replay of old announces and hellos',
  lane: 'parts',
  times: { core: 2, full: 50, campaign: 10_000 },
  async run({ times }) {
    const lab = await PeerLab.start({ inboundPerSecond: 1_000, banMs: 1, maxUnverified: 1_000 })
    try {
      const { node, close } = await lab.attacker('carol')
      const self = {
        domain: lab.chain.facts,
        role: 'worker' as const,
        operator: addressOf('carol'),
        signer: () => addressOf('carol enclave'),
        sign: (digest: Parameters<typeof signDigest>[0]) => signDigest(digest, keyOf('carol'))
      }
      const captured = makeHello(self, node.peerId.toString(), node.getMultiaddrs().map(String))
      await close()
      await until('carol is gone', () => lab.victim.peers().length === 0)
      const decoded = helloCodec.decode(captured)
      const elsewhere = helloCodec.encode({ ...decoded, enigma: addressOf('another enigma') })
      let effects = 0
      for (let i = 0; i < times; i++) {
        const replayer = await lab.attacker()
        const hello = i % 2 === 0 ? captured : elsewhere
        const request = peerRequest.encode({ method: 0, payload: hello })
        const answer = await say(replayer.connection, PeerProtocol.hello, request).catch(() => ({ ok: false }))
        const call = peerRequest.encode({ method: 0, payload: Uint8Array.of(1) })
        const served = await say(replayer.connection, PeerProtocol.taskRelay, call, 2_000).catch(() => ({ ok: false }))
        if (answer.ok || served.ok || lab.victim.peers().length > 0) effects += 1
        await replayer.close()
      }
      must(effects === 0 && lab.served === 0, `${effects} replays had an effect, ${lab.served} calls were served`)
      return `effects 0 of ${times} replays`
    } finally {
      await lab.stop()
    }
  }
}
