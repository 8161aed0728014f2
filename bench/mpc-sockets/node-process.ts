/**
 * Stands for an enclave in `bench/mpc-sockets.ts`: has one stream to the other node, and answers or floods on it. argv: role
 * (`ask` or `answer`), way (`handed`: the stream is a socket from the IPC channel; `relayed`: it is file descriptor 3).
 */
import { Socket } from 'node:net'

const [role, way] = process.argv.slice(2) as ['ask' | 'answer', 'handed' | 'relayed']
const FLOOD_CHUNK = Buffer.alloc(256 * 1024)
interface Order {
  readonly rounds?: number
  readonly floodBytes?: number
}

const stream = await new Promise<Socket>(resolve => {
  if (way === 'relayed') resolve(new Socket({ fd: 3, readable: true, writable: true }))
  else process.once('message', (_, handle) => resolve(handle as Socket))
})
stream.setNoDelay(true)
stream.on('error', () => process.exit(0))
process.on('disconnect', () => process.exit(0))

/** Reads exactly so many bytes at a time. */
let wanted = 0
let got = 0
let full: () => void = () => undefined
stream.on('data', (chunk: Buffer) => {
  got += chunk.length
  if (wanted > 0 && got >= wanted) {
    got -= wanted
    wanted = 0
    full()
  }
})
const read = (bytes: number): Promise<void> =>
  new Promise(resolve => {
    if (got >= bytes) {
      got -= bytes
      resolve()
      return
    }
    wanted = bytes
    full = resolve
  })
const SIZE = 64
const message = Buffer.alloc(SIZE, 1)

async function flood(bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += FLOOD_CHUNK.length) {
    if (!stream.write(FLOOD_CHUNK)) await new Promise(resolve => stream.once('drain', resolve))
  }
}

process.send!({ ready: true })
process.on('message', (order: Order) => {
  void (async () => {
    const began = process.hrtime.bigint()
    const times: number[] = []
    if (order.rounds) {
      for (let i = 0; i < order.rounds; i++) {
        const start = process.hrtime.bigint()
        if (role === 'ask') stream.write(message)
        await read(SIZE)
        if (role === 'answer') stream.write(message)
        times.push(Number(process.hrtime.bigint() - start) / 1e3)
      }
    } else if (order.floodBytes) {
      if (role === 'ask') {
        await flood(order.floodBytes)
        await read(SIZE)
      } else {
        await read(order.floodBytes)
        stream.write(message)
      }
    }
    process.send!({ done: true, times, seconds: Number(process.hrtime.bigint() - began) / 1e9 })
  })()
})
