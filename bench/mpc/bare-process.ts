/** What one process of this machine can do without any protocol; `baseline.ts` asks for it over Node's IPC channel. */
import { randomBytes } from 'node:crypto'
import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { Field } from '@enigma/mpc'

export type BareQuestion =
  | { readonly kind: 'rates'; readonly prime: bigint; readonly milliseconds: number }
  | { readonly kind: 'listen' }
  /** `ports[i]` is that of process i; connects to all before `index`. */
  | { readonly kind: 'link'; readonly index: number; readonly ports: readonly number[] }
  | { readonly kind: 'echo'; readonly peer: number; readonly count: number }
  | { readonly kind: 'ping'; readonly peer: number; readonly count: number }
  | { readonly kind: 'rounds'; readonly count: number }

export interface Rates {
  readonly bigint: number
  readonly wasm: number
  /** The first for each second of processor time, which neighbours hardly change. */
  readonly bigintPerCpuSecond: number
}
export type BareAnswer = Rates | { readonly value: number }

const SIZE = 20_000
const BODY = new Uint8Array(64)

/** Operations a second over at least this time, by the clock and by processor time. */
function rate(milliseconds: number, run: () => void): { clock: number; cpu: number } {
  run()
  const used = process.cpuUsage()
  const began = performance.now()
  let runs = 0
  do {
    run()
    runs++
  } while (performance.now() - began < milliseconds)
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(used)
  return { clock: (runs * SIZE) / seconds, cpu: (runs * SIZE * 1e6) / (user + system) }
}

function rates(prime: bigint, milliseconds: number): BareAnswer {
  const field = Field.of(prime)
  const [x, y] = [0, 1].map(() => field.sample(SIZE, bytes => randomBytes(bytes)))
  const [a, b] = [field.toBigints(x!), field.toBigints(y!)]
  const kept: bigint[] = new Array<bigint>(SIZE)
  const bigint = rate(milliseconds, () => {
    for (let i = 0; i < SIZE; i++) kept[i] = (a[i]! * b[i]!) % prime
  })
  const wasm = rate(milliseconds, () => field.mul(x!, y!))
  return { bigint: bigint.clock, wasm: wasm.clock, bigintPerCpuSecond: bigint.cpu }
}

/** Plain sockets to the other processes, as far as they are connected; each counts what came in. */
const peers: { readonly socket: Socket; bytes: number }[] = []
let heard: () => void = () => undefined

function join(peer: number, socket: Socket): void {
  const entry = { socket, bytes: 0 }
  peers[peer] = entry
  socket.on('error', () => undefined)
  socket.on('data', data => {
    entry.bytes += data.length
    heard()
  })
}

async function listen(): Promise<BareAnswer> {
  const server = createServer({ noDelay: true }, socket => {
    socket.once('readable', () => join((socket.read(1) as Buffer)[0]!, socket))
  })
  server.listen(0, '127.0.0.1')
  server.unref()
  await once(server, 'listening')
  return { value: (server.address() as { port: number }).port }
}

async function link(index: number, ports: readonly number[]): Promise<BareAnswer> {
  for (let peer = 0; peer < index; peer++) {
    const socket = connect({ port: ports[peer]!, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    socket.write(Uint8Array.of(index))
    join(peer, socket)
  }
  return { value: 0 }
}

/** Until `bytes` more have come from each of these. */
const received = (from: readonly (typeof peers)[number][]): Promise<void> =>
  new Promise(resolve => {
    heard = () => {
      if (from.some(peer => peer.bytes < BODY.length)) return
      heard = () => undefined
      for (const peer of from) peer.bytes -= BODY.length
      resolve()
    }
    heard()
  })

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]!

/** Median milliseconds for 64 bytes there and back, over a plain socket. */
async function ping(peer: number, count: number): Promise<BareAnswer> {
  const other = peers[peer]!
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    other.socket.write(BODY)
    await once(other.socket, 'data')
    times.push(performance.now() - began)
  }
  other.bytes = 0
  return { value: median(times) }
}

/** The other end; the first message may have come before. */
function echo(peer: number, count: number): Promise<BareAnswer> {
  const other = peers[peer]!
  return new Promise(resolve => {
    const answer = (): void => {
      other.socket.write(BODY)
      if (other.bytes < count * BODY.length) return
      other.socket.off('data', answer)
      other.bytes = 0
      resolve({ value: 0 })
    }
    other.socket.on('data', answer)
    if (other.bytes > 0) answer()
  })
}

/** Median milliseconds for a round in which all send 64 bytes to all and wait for theirs: what no protocol with such rounds can beat. */
async function rounds(count: number): Promise<BareAnswer> {
  const others = peers.filter(Boolean)
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    for (const { socket } of others) socket.write(BODY)
    await received(others)
    times.push(performance.now() - began)
  }
  return { value: median(times) }
}

async function answer(question: BareQuestion): Promise<BareAnswer> {
  switch (question.kind) {
    case 'rates':
      return rates(question.prime, question.milliseconds)
    case 'listen':
      return listen()
    case 'link':
      return link(question.index, question.ports)
    case 'rounds':
      return rounds(question.count)
    case 'echo':
      return echo(question.peer, question.count)
    default:
      return ping(question.peer, question.count)
  }
}

process.on('message', (question: BareQuestion) => void answer(question).then(found => process.send!(found)))
process.on('disconnect', () => process.exit(0))
