import os from 'node:os'
import { hasFlag, numberFlag } from './flags.ts'
import { MAX_WORKERS, Network } from './sync/network.ts'
import { arrive, type Arrival } from './sync/newcomer.ts'

/**
 * How long a worker takes from an empty data folder to everything the chain names, and how much memory. Targets: 1,000 contracts and
 * 10,000 deltas within 60 s, and 512 MB for the worker and its enclave together.
 *
 * Method: a `hardhat node` with the real contracts, on which 11,000 tasks were recorded and settled by real transactions before: each
 * contract is deployed, which writes a delta, computes nine times with a delta, and once without; five tasks share a block, so that the
 * past has some 2,200 blocks with events, and an epoch of 200 blocks. What enclaves would have signed is signed by this program; codes
 * and deltas are filler, of which the chain knows the hashes. Two workers, real processes with enclaves, hold the contents.
 *
 * Measured is a third process, started as a devnet starts a worker, of an operator whom nobody knows: it reads the chain over JSON-RPC,
 * starts its enclave, registers by a transaction (a block every second), finds the peers, fetches, checks and stores. The clock runs from
 * the start of the process until its `/status` has the step `sync` done. Memory is the highest resident set (VmHWM) of its process, and
 * of those of its enclave, at that moment. Afterwards its database is opened and every content read and checked by its hash.
 * Everything runs on this machine; neither the time to make the past nor that of the other workers counts, but they share the processors.
 *
 * Usage: node bench/sync.ts [--json] [--rounds N] [--contracts N] [--deltas N] [--code-bytes N] [--delta-bytes N] [--tasks-per-block N]
 *   [--providers N]
 */
const rounds = numberFlag('--rounds', 1)
const contracts = numberFlag('--contracts', 1_000)
const deltas = numberFlag('--deltas', 10)
const codeBytes = numberFlag('--code-bytes', 24 * 1024)
const deltaBytes = numberFlag('--delta-bytes', 512)
const tasksPerBlock = numberFlag('--tasks-per-block', 5)
const providers = numberFlag('--providers', 2)
const json = hasFlag('--json')
const TARGET_SECONDS = 60
const TARGET_MB = 512

if (rounds + providers > MAX_WORKERS) throw new Error(`At most ${MAX_WORKERS} workers, providers included.`)
const begun = performance.now()
const say = (text: string): void => void process.stderr.write(`${text}\n`)
const network = await Network.start({ contracts, deltas, codeBytes, deltaBytes, tasksPerBlock, providers, say })
try {
  const setUpSeconds = (performance.now() - begun) / 1000
  const arrivals: Arrival[] = []
  for (let i = 0; i < rounds; i++) {
    say('starting a newcomer ...')
    arrivals.push(await arrive(network))
  }
  print(arrivals, setUpSeconds)
} finally {
  await network.stop()
}

function print(arrivals: readonly Arrival[], setUpSeconds: number): void {
  const worst = (of: (arrival: Arrival) => number): number => Math.max(...arrivals.map(of))
  const machine = `${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`
  const settings = { contracts, deltas, codeBytes, deltaBytes, tasksPerBlock, providers, blocks: network.blocks }
  const [load = 0] = os.loadavg()
  const seconds = worst(one => one.seconds)
  const peakMemoryMb = worst(one => one.peakMemoryMb)
  const ok = seconds <= TARGET_SECONDS && peakMemoryMb <= TARGET_MB
  if (!ok) process.exitCode = 1
  if (json) {
    const date = new Date().toISOString()
    const found = { seconds, peakMemoryMb, setUpSeconds, rounds: arrivals, ok }
    console.log(JSON.stringify({ bench: 'sync', machine, date, load, ...settings, ...found }))
    return
  }
  const size = `${contracts} contracts with ${deltas} deltas each in ${network.blocks} blocks, ${providers} providers`
  console.log(
    `a newcomer's sync of ${size}; ${machine}; load ${load.toFixed(1)}; set up in ${setUpSeconds.toFixed(0)} s`
  )
  for (const one of arrivals) {
    const [peers, rate] = [one.peerMegabytes?.toFixed(1) ?? '?', (contracts * deltas) / one.seconds]
    console.log(
      `  from empty      ${one.seconds.toFixed(1)} s    (target ${TARGET_SECONDS} s; ${one.cpuSeconds.toFixed(1)} s of a CPU)`
    )
    console.log(
      `    chain read ${one.chainReadSeconds.toFixed(1)} s, enclave ${one.enclaveSeconds.toFixed(1)} s, registered ${one.registeredSeconds.toFixed(1)} s`
    )
    console.log(
      `  peak memory     ${one.peakMemoryMb.toFixed(0)} MB   (target ${TARGET_MB} MB; worker ${one.workerMb.toFixed(0)}, enclave ${one.enclaveMb.toFixed(0)})`
    )
    console.log(
      `  from the chain  ${one.chainMegabytes.toFixed(1)} MB in ${one.chainRequests} requests, with peers ${peers} MB`
    )
    console.log(`  rate            ${(contracts / one.seconds).toFixed(0)} contracts/s, ${rate.toFixed(0)} deltas/s`)
  }
}
