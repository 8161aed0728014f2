import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import {
  EnclaveMethod,
  FrameType,
  enclaveCodecs,
  enclaveErrorCodec,
  frameBytes,
  frameSplitter,
  type EnclaveCalls,
  type EnclaveMethodName
} from '@enigma/protocol'
import { buildEnclave } from '../../build.ts'

/** What an enclave answered with an error: its code and sentence. */
export class RemoteError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export interface Caller {
  call<M extends EnclaveMethodName>(method: M, request: EnclaveCalls[M][0]): Promise<EnclaveCalls[M][1]>
}

/** A host and its enclave process, as the worker starts it. */
export interface HostedEnclave extends Caller {
  readonly process: ChildProcess
  readonly socket: Socket
  readonly sealedFolder: string
  /** Everything the process wrote to stdout and stderr so far. */
  output(): string
  /** Every byte that came over the socket. */
  received(): Buffer
  raw(method: number, payload: Uint8Array): Promise<Uint8Array>
  exited(): Promise<number | string>
  /** Closes the connection and waits for the end of the process. */
  stop(): Promise<void>
}

let built: Promise<string> | undefined
/** The folder of a bundle made for this test run, so that no other run's enclaves lose theirs. */
export const bundle = (): Promise<string> =>
  (built ??= (async () => {
    const { path, remove } = temporaryFolder()
    process.once('exit', remove)
    await buildEnclave(path)
    return path
  })())

export function temporaryFolder(): { path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'enclave-')))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function commandLine(sealedFolder: string, dist: string): string[] {
  return [
    '--permission',
    '--allow-worker',
    '--disable-warning=PERM0006',
    '--disable-sigusr1',
    '--disallow-code-generation-from-strings',
    `--allow-fs-read=${dist}/`,
    `--allow-fs-read=${sealedFolder}/`,
    `--allow-fs-write=${sealedFolder}/`,
    join(dist, 'enclave.mjs'),
    `--sealed=${sealedFolder}`,
    '--isolation=process-only'
  ]
}

export interface HostInit {
  readonly sealedFolder: string
  /** Program and arguments; the plain command line of the specification if absent. */
  readonly command?: readonly string[]
  readonly timeoutMs?: number
}

/** Starts an enclave process; resolves once it answers `status`. */
export async function startHost(init: HostInit): Promise<HostedEnclave> {
  const { sealedFolder, timeoutMs = 20_000 } = init
  const [program, ...args] = init.command ?? [process.execPath, ...commandLine(sealedFolder, await bundle())]
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ipc'], env: {}, cwd: '/' })
  const socket = child.stdio[3] as Socket
  const outputs: string[] = []
  const chunks: Buffer[] = []
  child.stdout!.on('data', (text: Buffer) => outputs.push(text.toString()))
  child.stderr!.on('data', (text: Buffer) => outputs.push(text.toString()))
  socket.on('error', () => {}) // of a process that was killed
  const waiting = new Map<number, { resolve: (payload: Uint8Array) => void; reject: (error: Error) => void }>()
  const split = frameSplitter()
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    for (const frame of split(chunk)) {
      const request = waiting.get(frame.id)
      waiting.delete(frame.id)
      if (frame.type === FrameType.response) request?.resolve(frame.payload)
      else {
        const { code, message } = enclaveErrorCodec.decode(frame.payload)
        request?.reject(new RemoteError(code, message))
      }
    }
  })
  const ended = new Promise<number | string>(resolve => {
    child.on('close', (code, signal) => {
      for (const { reject } of waiting.values())
        reject(new RemoteError('HOST_EXIT', `exit ${code ?? signal}: ${outputs.join('')}`))
      waiting.clear()
      resolve(code ?? signal ?? 'unknown')
    })
  })
  let lastId = 0
  const host: HostedEnclave = {
    process: child,
    socket,
    sealedFolder,
    output: () => outputs.join(''),
    received: () => Buffer.concat(chunks),
    raw(method, payload) {
      const id = ++lastId
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new RemoteError('HOST_TIMEOUT', `no answer to ${method}`)), timeoutMs)
        const settle =
          <A extends unknown[]>(done: (...args: A) => void) =>
          (...args: A): void => {
            clearTimeout(timer)
            done(...args)
          }
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
        socket.write(frameBytes({ type: FrameType.request, id, method, payload }))
      })
    },
    async call(method, request) {
      const codecs = enclaveCodecs[method]
      return codecs.response.decode(await host.raw(EnclaveMethod[method], codecs.request.encode(request)))
    },
    exited: () => ended,
    async stop() {
      socket.end()
      await ended
    }
  }
  await host.call('status', {})
  return host
}
