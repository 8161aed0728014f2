import { codeHashOf, type Hash } from '@enigma/protocol'
import {
  LevelContentStore,
  MemoryChain,
  PeerDeltaSync,
  asScAddr,
  makeDelta,
  makeNetwork,
  openDatabase,
  quiet
} from '@enigma/worker/testing'
import { fork, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'

/**
 * How long a worker takes from an empty disk to everything the chain names, and how much memory. Target: 1,000 contracts with 10 deltas
 * each within 60 s and 512 MB.
 *
 * Method: the chain is generated (the same in each process, from names), everything else is real: libp2p over loopback between
 * processes, LevelDB on disk, every content checked by its hash, every batch synced. Providers fill their disks first. Wall clock from
 * the call of syncAll, when the providers are connected, to its end; memory is the highest resident set of the newcomer's process,
 * the generated chain and Node.js itself included.
 *
 * Usage: node bench/sync.ts [--json] [--contracts N] [--deltas N] [--code-bytes N] [--delta-bytes N] [--providers N]
 */
const flag = (name: string, standard: number): number => {
  const at = process.argv.indexOf(name)
  return at < 0 ? standard : Number(process.argv[at + 1])
}
const contracts = flag('--contracts', 1_000)
const deltas = flag('--deltas', 10)
const codeBytes = flag('--code-bytes', 24 * 1024)
const deltaBytes = flag('--delta-bytes', 512)
const providers = flag('--providers', 2)
const json = process.argv.includes('--json')
const TARGET_SECONDS = 60
const TARGET_MB = 512

/** A code of its own for every contract. */
function codeOf(name: string): Uint8Array {
  const code = new Uint8Array(codeBytes)
  for (let at = 0, block = 0; at < codeBytes; at += 32, block++) {
    code.set(
      createHash('sha256')
        .update(`${name} ${block}`)
        .digest()
        .subarray(0, codeBytes - at),
      at
    )
  }
  return code
}

interface Content {
  readonly place: { readonly scAddr: ReturnType<typeof asScAddr>; readonly index: number } | null
  readonly hash: Hash
  readonly bytes: Uint8Array
}

/** The chain; `keep` is given every content once, for providers. */
async function makeChain(keep: (contents: readonly Content[]) => Promise<void>): Promise<MemoryChain> {
  const chain = new MemoryChain()
  for (let i = 0; i < providers; i++) chain.register(`provider ${i}`)
  chain.register('newcomer')
  const kept: Content[] = []
  for (let i = 0; i < contracts; i++) {
    const scAddr = asScAddr(`contract ${i}`)
    const code = codeOf(`contract ${i}`)
    const codeHash = codeHashOf(code)
    const contents: Content[] = [{ place: null, hash: codeHash, bytes: code }]
    chain.deploy(scAddr, codeHash)
    for (let index = 0; index < deltas; index++) {
      const { delta, hash } = makeDelta(scAddr, index, '', deltaBytes)
      contents.push({ place: { scAddr, index }, hash, bytes: delta })
      chain.append(scAddr, hash)
    }
    kept.push(...contents)
    if (kept.length < 500 && i < contracts - 1) continue
    await keep(kept.splice(0))
  }
  return chain
}

async function withStore<T>(work: (store: LevelContentStore) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(os.tmpdir(), 'enigma-bench-'))
  const db = await openDatabase(join(dir, 'db'))
  try {
    return await work(await LevelContentStore.open(db, quiet))
  } finally {
    await db.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A process of its own: fills its disk, then serves until its parent goes. */
async function provide(number: number): Promise<void> {
  await withStore(async store => {
    const chain = await makeChain(contents => store.putChosen(contents))
    const network = await makeNetwork(chain, `provider ${number}`)
    const sync = new PeerDeltaSync({ network, chain, store, log: quiet })
    await network.start()
    await sync.start()
    process.send!(network.multiaddrs())
    await once(process, 'disconnect')
    await sync.stop()
    await network.stop()
  })
}

async function measure(bootstrap: readonly string[]): Promise<Record<string, number>> {
  return withStore(async store => {
    const chain = await makeChain(() => Promise.resolve())
    const network = await makeNetwork(chain, 'newcomer', { bootstrap })
    const sync = new PeerDeltaSync({ network, chain, store, log: quiet, fetchTimeoutMs: 10 * 60 * 1000 })
    await network.start()
    await sync.start()
    while (network.peers().length < providers) await new Promise(resolve => setTimeout(resolve, 10))
    const before = process.cpuUsage()
    const started = performance.now()
    const { done, bytes } = await sync.syncAll()
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(before)
    await sync.stop()
    await network.stop()
    if (done !== contracts) throw new Error(`Only ${done} of ${contracts} contracts came.`)
    return {
      seconds,
      cpuSeconds: (user + system) / 1e6,
      megabytes: bytes / 1e6,
      contractsPerSecond: contracts / seconds,
      deltasPerSecond: (contracts * deltas) / seconds,
      peakMemoryMb: (process.resourceUsage().maxRSS * 1024) / 1e6
    }
  })
}

async function main(): Promise<void> {
  const children: ChildProcess[] = []
  try {
    const bootstrap: string[] = []
    for (let i = 0; i < providers; i++) {
      const child = fork(import.meta.filename, [...process.argv.slice(2), '--provider', String(i)], {
        stdio: 'inherit'
      })
      children.push(child)
      const [addresses] = (await once(child, 'message')) as [string[]]
      bootstrap.push(...addresses)
    }
    print(await measure(bootstrap))
  } finally {
    await Promise.all(
      children.map(async child => {
        const ended = once(child, 'exit')
        child.disconnect()
        await ended
      })
    )
  }
}

function print(figures: Readonly<Record<string, number>>): void {
  const { seconds, peakMemoryMb } = figures as { seconds: number; peakMemoryMb: number }
  const machine = `${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`
  const settings = { contracts, deltas, codeBytes, deltaBytes, providers }
  const [load = 0] = os.loadavg()
  const ok = seconds <= TARGET_SECONDS && peakMemoryMb <= TARGET_MB
  if (json) {
    const date = new Date().toISOString()
    console.log(JSON.stringify({ bench: 'sync', machine, date, load, ...settings, ...figures, ok }))
  } else {
    console.log(
      `sync of ${contracts} contracts with ${deltas} deltas each, ${providers} providers; ${machine}; load ${load.toFixed(1)}`
    )
    console.log(
      `  from empty      ${seconds.toFixed(1)} s    (target ${TARGET_SECONDS} s; ${figures['cpuSeconds']!.toFixed(1)} s of it on a CPU)`
    )
    console.log(`  peak memory     ${peakMemoryMb.toFixed(0)} MB   (target ${TARGET_MB} MB)`)
    console.log(`  fetched         ${figures['megabytes']!.toFixed(1)} MB`)
    console.log(
      `  rate            ${figures['contractsPerSecond']!.toFixed(0)} contracts/s, ${figures['deltasPerSecond']!.toFixed(0)} deltas/s`
    )
  }
  if (!ok) process.exitCode = 1
}

const provider = process.argv.indexOf('--provider')
await (provider < 0 ? main() : provide(Number(process.argv[provider + 1])))
