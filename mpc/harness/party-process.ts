/**
 * One party in its own process: listens on loopback, links up with the others, and runs programs of a module that the parent
 * names in argv. Each export of that module is a program `(party, argument) => Promise<unknown>`.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { codeOf } from '@enigma/protocol'
import { Field } from '../src/field/field.ts'
import { Mesh } from '../src/link/mesh.ts'
import { SecureLink } from '../src/link/secure-link.ts'
import { countTraffic } from '../src/session/counting-channel.ts'
import { agreeOnKeys, type PartyKeys } from '../src/session/keys.ts'
import { Party } from '../src/session/party.ts'
import type { FromParty, PartySetup, ToParty } from './messages.ts'

type Program = (party: Party, argument: unknown) => Promise<unknown>
export type PartyProgram = Program

const tell = (message: FromParty): void => void process.send!(message)
const programs = (await import(process.argv[2]!)) as Record<string, Program>

let setup: PartySetup
let mesh: Mesh
let keys: PartyKeys
const server = createServer({ noDelay: true })
const accepted: (Socket | undefined)[] = []

async function listen(given: PartySetup): Promise<void> {
  setup = given
  // A peer first says its number; whether it is that peer shows when its records authenticate
  server.on('connection', socket => {
    socket.on('error', () => undefined)
    socket.once('readable', () => {
      const hello = socket.read(1) as Buffer | null
      if (hello) accepted[hello[0]!] = socket
      server.emit('hello')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  tell({ kind: 'listening', port: (server.address() as { port: number }).port })
}

async function link(ports: readonly number[]): Promise<void> {
  const { index, n, t, secrets, timeoutMs } = setup
  const signal = AbortSignal.timeout(timeoutMs)
  const sockets: (Socket | null)[] = []
  for (let peer = 0; peer < n; peer++) {
    if (peer === index) sockets.push(null)
    else if (peer < index) {
      const socket = connect({ port: ports[peer]!, host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect', { signal })
      socket.write(Uint8Array.of(index))
      sockets.push(socket)
    } else {
      while (!accepted[peer]) await once(server, 'hello', { signal })
      sockets.push(accepted[peer]!)
    }
  }
  server.close()
  mesh = new Mesh(
    index,
    sockets.map((socket, peer) =>
      socket ? new SecureLink(socket, { self: index, peer, secret: secrets[peer]! }) : null
    )
  )
  await mesh.ready({ timeoutMs })
  keys = await agreeOnKeys(mesh.session('keys'), t, 'epoch', { timeoutMs })
  tell({ kind: 'ready' })
}

async function run(id: number, name: string, session: string, argument: unknown): Promise<void> {
  const { n, t, prime, timeoutMs, security, numbers } = setup
  const inner = mesh.session(session)
  const channel = countTraffic(inner)
  const lag = monitorEventLoopDelay({ resolution: 5 })
  try {
    const party = Party.create({ field: Field.of(prime), n, t, channel, keys, session, timeoutMs, security, numbers })
    const program = programs[name]
    if (!program) throw new Error(`No program ${name}.`)
    // all parties start together, so the time is that of the program alone
    const start = party.operation('start')
    for (let to = 0; to < n; to++) if (to !== party.index) await start.sendBytes(to, 0, Uint8Array.of(1))
    for (let from = 0; from < n; from++) if (from !== party.index) await start.receiveBytes(from, 0, 1)
    Object.assign(channel.traffic, { messages: 0, bytes: 0, rounds: 0 })
    lag.enable()
    const [cpu, began] = [process.cpuUsage(), process.hrtime.bigint()]
    const value = await program(party, argument)
    const seconds = Number(process.hrtime.bigint() - began) / 1e9
    const used = process.cpuUsage(cpu)
    lag.disable()
    const { bytes, rounds } = channel.traffic
    const measured = {
      seconds,
      cpuSeconds: (used.user + used.system) / 1e6,
      bytes,
      rounds,
      rssBytes: process.memoryUsage.rss(),
      lagMs: Math.max(0, lag.percentile(99) / 1e6 - 5)
    }
    tell({ kind: 'result', id, value, measured })
  } catch (error) {
    tell({ kind: 'error', id, code: codeOf(error), message: (error as Error).message })
  } finally {
    lag.disable()
    inner.close()
  }
}

process.on('message', (message: ToParty) => {
  const failed = (error: Error): void => tell({ kind: 'error', id: 0, code: codeOf(error), message: error.message })
  if (message.kind === 'setup') listen(message.setup).catch(failed)
  else if (message.kind === 'connect') link(message.ports).catch(failed)
  else void run(message.id, message.program, message.session, message.argument)
})
process.on('disconnect', () => process.exit(0))
