import { setTimeout as sleep } from 'node:timers/promises'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { bytesPerAttempt, bytesPerSession, dialsToNobody } from '../support/churn.ts'
import { CountingLoad } from '../support/load.ts'
import { liveBytesOf } from '../support/heap.ts'
import { statusOf } from '../support/inputs.ts'
import { hostsOf, whole } from '../support/partitions.ts'
import { MIB } from '../support/resources.ts'

/** Each peer is told of by two addresses, TCP and WebSocket. */
const ADDRESSES = 2
const DIALS_A_MINUTE = 60
/** Over a link that is gone an attempt takes five seconds; where it fails at once, only growing pauses keep it from being made again. */
const ALONE_MS = 20_000
/** The link is gone for so long first: pings give the connections up, and all of them must be dialled over a link that flaps. */
const SILENCE_MS = 22_000

/** Of what is set aside once; the figure is 10 %, and what is left here is 1 or 2: fifteen KiB for each task that is done meanwhile. */
const MOST_GROWTH = 0.05
/** Both ends of a session together, and one attempt: measured are 0 to 3 KiB either way, which is noise. A buffer of 64 KiB is far above. */
const SESSION_BYTES = 32 * 1024
const ATTEMPT_BYTES = 8 * 1024
const ROUNDS = { core: 5, full: 30, campaign: 300 }
const ATTEMPTS = { core: 400, full: 1_000, campaign: 20_000 }

/**
 * A link that comes and goes every second. How often the nodes dial is bounded, and what they keep of it: in all, and of each session and
 * each attempt, which are made by the hundred in this process, since the link makes a few a minute.
 */
export const row: Row = {
  number: 11,
  name: 'flapping link 1 s on/off for 5 min',
  lane: 'netns',
  times: { core: 0, full: 3, campaign: 3 },
  uses: ['everything'],
  minutes: 6,
  async run({ network, times, scale, say }) {
    const net = await network()
    const hosts = hostsOf(net)
    net.atEnd(() => hosts.heal())
    const alone = await dialsToNobody(ALONE_MS)
    must(alone > 1, 'an address at which nobody is was not dialled again')
    must(alone < (DIALS_A_MINUTE * ALONE_MS) / 60_000, `${alone} dials to nobody in ${ALONE_MS / 1_000} s`)
    const session = await bytesPerSession(ROUNDS[scale])
    const attempt = await bytesPerAttempt(ATTEMPTS[scale])
    const [ofSession, ofAttempt] = [Math.round(session.bytes), Math.round(attempt.bytes)]
    say(
      `${ofSession} B left of each of ${session.sessions} sessions, ${ofAttempt} B of each of ${attempt.attempts} attempts`
    )
    must(ofSession < SESSION_BYTES, `a session leaves ${ofSession} B behind at its two ends, of ${session.sessions}`)
    must(ofAttempt < ATTEMPT_BYTES, `an attempt to dial leaves ${ofAttempt} B behind, of ${attempt.attempts}`)
    const load = (await CountingLoad.prepare(net)).start()
    const worker = net.worker(1)
    const { name, pid } = worker
    const minutes = scale === 'campaign' ? 5 : 5 / 6
    const most = { dials: 0, addresses: 0, growth: 0 }
    /** What the node counts of its own attempts, those that failed too. */
    const nodes = [net.devnet.principal, ...net.devnet.workers]
    const dials = (): Promise<{ dials: number; addresses: number }[]> =>
      Promise.all(
        nodes.map(async node => {
          const { counters } = await statusOf(node)
          return { dials: counters['peer_dials'] ?? 0, addresses: counters['peer_dial_addresses'] ?? 0 }
        })
      )
    let all = 0
    const flap = async (ms: number): Promise<void> => {
      const until = performance.now() + ms
      while (performance.now() < until) {
        await hosts.partition(['worker1'], ['principal', 'worker2', 'worker3'])
        await sleep(1_000)
        await hosts.heal()
        await sleep(1_000)
      }
    }
    for (let i = 0; i < times; i++) {
      await flap(10_000) // what a node sets aside at its first reconnections is no leak
      const [before, heldBefore, started] = [await dials(), await liveBytesOf(net, name), performance.now()]
      await hosts.partition(['worker1'], ['principal', 'worker2', 'worker3'])
      await sleep(SILENCE_MS)
      await flap(minutes * 60_000)
      const [after, took] = [await dials(), (performance.now() - started) / 60_000]
      const made = after.map((now, k) => ({
        dials: now.dials - before[k]!.dials,
        addresses: now.addresses - before[k]!.addresses
      }))
      all += made.reduce((sum, one) => sum + one.dials, 0)
      most.dials = Math.max(most.dials, ...made.map(one => one.dials / took))
      most.addresses = Math.max(most.addresses, ...made.map(one => one.addresses / took))
      await whole(net)
      const held = await liveBytesOf(net, name)
      most.growth = Math.max(most.growth, held / heldBefore - 1)
      say(`${JSON.stringify(made)}; ${(heldBefore / MIB).toFixed(1)} MiB live before, ${(held / MIB).toFixed(1)} after`) // prettier-ignore
    }
    const figure = await audit(net, [load])
    must(worker.pid === pid, `${name} ended on the way`)
    must(all > 0, 'nobody ever dialled: the link did not flap')
    must(most.dials < DIALS_A_MINUTE, `${most.dials.toFixed(0)} dials a minute`)
    must(most.addresses < ADDRESSES * DIALS_A_MINUTE, `${most.addresses.toFixed(0)} addresses dialled a minute`)
    must(most.growth < MOST_GROWTH, `the live memory of the worker grew by ${(100 * most.growth).toFixed(1)} %`)
    return `${alone} dials to nobody in ${ALONE_MS / 1_000} s; ${all} dials, at most ${most.dials.toFixed(0)} dials of ${most.addresses.toFixed(0)} addresses a minute by one node, failed ones too; live memory of the worker +${(100 * most.growth).toFixed(1)} %, of a session ${ofSession} B (${session.sessions}), of an attempt ${ofAttempt} B (${attempt.attempts}); ${figure}`
  }
}
