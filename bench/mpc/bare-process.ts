/** What one process of this machine can do without any protocol; `baseline.ts` asks for it over Node's IPC channel. */
import { randomBytes } from 'node:crypto'
import { createServer, connect } from 'node:net'
import { once } from 'node:events'
import { Field } from '@enigma/mpc'

export type BareQuestion =
  | { readonly kind: 'rates'; readonly prime: bigint; readonly milliseconds: number }
  | { readonly kind: 'listen' }
  | { readonly kind: 'ping'; readonly port: number; readonly count: number }

export interface Rates {
  readonly bigint: number
  readonly wasm: number
  /** The first for each second of processor time, which neighbours hardly change. */
  readonly bigintPerCpuSecond: number
}
export type BareAnswer = Rates | { readonly value: number }

const SIZE = 20_000

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

async function listen(): Promise<BareAnswer> {
  const server = createServer({ noDelay: true }, socket => {
    socket.on('error', () => undefined)
    socket.on('data', data => socket.write(data))
    socket.on('close', () => server.close())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { value: (server.address() as { port: number }).port }
}

/** Median milliseconds for 64 bytes there and back, over a plain socket. */
async function ping(port: number, count: number): Promise<BareAnswer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const times: number[] = []
  const body = new Uint8Array(64)
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    socket.write(body)
    await once(socket, 'data')
    times.push(performance.now() - began)
  }
  socket.destroy()
  return { value: times.sort((a, b) => a - b)[count >> 1]! }
}

process.on('message', (question: BareQuestion) => {
  const answer =
    question.kind === 'rates'
      ? rates(question.prime, question.milliseconds)
      : question.kind === 'listen'
        ? listen()
        : ping(question.port, question.count)
  void Promise.resolve(answer).then(found => process.send!(found))
})
process.on('disconnect', () => process.exit(0))
