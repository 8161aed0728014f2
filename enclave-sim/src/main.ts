import { Socket } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measurementOf, readBundle } from './attest/measurement.ts'
import { createEnclave } from './enclave.ts'
import { EnclaveError } from './errors.ts'
import { stderrLog as log, traceOf } from './log.ts'
import { readArguments } from './process/arguments.ts'
import { banner } from './process/banner.ts'
import { createMpcHost } from './mpc-host/mpc-host.ts'
import { serveFrames } from './process/frame-server.ts'
import { openFolder } from './seal/files.ts'
import { openSealing } from './seal/sealing.ts'
import { openVault } from './seal/vault.ts'
import { createSimulatedPlatform } from './simulator.ts'
import { createWasmPool } from './wasm/index.ts'

/** The enclave's process. Its host starts it and holds the other end of file descriptor 3: docs/spec/enclave-boundary.md */

const HOST_FD = 3
const ExitCode = { hostGone: 0, unusable: 2, framingBroken: 3, fault: 70 } as const
/** Runs at the same time, of different contracts. */
const THREADS = 2

function end(code: number): never {
  process.exit(code)
}

async function main(): Promise<void> {
  process.umask(0o077)
  const { sealedFolder, isolation } = readArguments(process.argv.slice(2))
  const bundleFolder = dirname(fileURLToPath(import.meta.url))
  const measurement = measurementOf(readBundle(bundleFolder))
  const folder = openFolder(sealedFolder)
  const platform = createSimulatedPlatform({ measurement, isolation, sealing: await openSealing(folder) })
  const mpc = createMpcHost()
  const enclave = createEnclave({
    platform,
    vault: openVault(folder, platform),
    pool: createWasmPool({ threads: THREADS, threadUrl: new URL('./wasm-thread.mjs', import.meta.url) }),
    mpc,
    log,
    monotonicMs: () => performance.now(),
    nowSeconds: () => Math.floor(Date.now() / 1000)
  })

  const socket = new Socket({ fd: HOST_FD, readable: true, writable: true })
  socket.on('error', () => end(ExitCode.hostGone))
  socket.on('end', () => end(ExitCode.hostGone))
  socket.on('close', () => end(ExitCode.hostGone))
  // Sockets to other nodes, where the host gives them: docs/adr/mpc-sockets.md. Nothing else is read from there.
  process.on('message', (message, handle) => mpc.sockets.deliver(message, handle))
  process.channel?.unref()
  process.stdout.write(banner(measurement, isolation))
  log('info', 'ready', { measurement, isolation, simulation: true })
  serveFrames({
    socket,
    log,
    call: (method, payload) => enclave.call(method, payload),
    onBroken(why) {
      log('error', 'frame-refused', { why })
      end(ExitCode.framingBroken)
    }
  })
}

process.on('uncaughtException', error => {
  log('error', 'fault', { trace: traceOf(error) })
  end(ExitCode.fault)
})

try {
  await main()
} catch (error) {
  const known = error instanceof EnclaveError
  log('error', 'unusable', known ? { code: error.code, message: error.message } : { trace: traceOf(error) })
  end(ExitCode.unusable)
}
