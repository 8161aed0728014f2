import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { randomOf, type Random } from '../random.ts'
import { pipe } from './pipe.ts'
import type { Direction, Toxics } from './toxics.ts'

export interface FaultProxyInit {
  readonly target: { readonly host?: string; readonly port: number }
  readonly host?: string
  readonly port?: number
  readonly up?: Toxics
  readonly down?: Toxics
  /** For jitter. */
  readonly random?: Random
}

/** A TCP server that passes every connection on to another one, and does to it what the test says. */
export interface FaultProxy {
  readonly host: string
  readonly port: number
  /** Replaces the toxics of these directions; what is not named stays. */
  set(toxics: Partial<Record<Direction, Toxics>>): void
  /** Passes everything on as it comes again; also new connections. */
  heal(): void
  /** Ends all open connections, by a reset or in good order. */
  cut(how?: 'reset' | 'end'): void
  /** New connections are reset at once, as by a host without that service. */
  refuse(refusing: boolean): void
  /** Open connections. */
  readonly open: number
  readonly accepted: number
  readonly bytes: Readonly<Record<Direction, number>>
  stop(): Promise<void>
}

export async function startFaultProxy(init: FaultProxyInit): Promise<FaultProxy> {
  const { target, host = '127.0.0.1', random = randomOf(1) } = init
  const toxics: Record<Direction, Toxics> = { up: init.up ?? {}, down: init.down ?? {} }
  const bytes = { up: 0, down: 0 }
  const pairs = new Set<readonly [Socket, Socket]>()
  let accepted = 0
  let refusing = false

  const server = createServer({ allowHalfOpen: true, noDelay: true }, client => {
    accepted += 1
    if (refusing) return void client.on('error', () => undefined).resetAndDestroy()
    const upstream = connect({
      host: target.host ?? '127.0.0.1',
      port: target.port,
      allowHalfOpen: true,
      noDelay: true
    })
    const pair = [client, upstream] as const
    pairs.add(pair)
    const reset = (): void => pair.forEach(socket => socket.resetAndDestroy())
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      socket.on('error', () => other.resetAndDestroy())
      socket.on('close', () => {
        if (other.destroyed) pairs.delete(pair)
        // Whoever closed in good order has sent its end through the pipe; a socket that is gone takes nothing any more.
        if (!socket.readableEnded || !socket.writableFinished) other.destroy()
      })
    }
    for (const [direction, from, to] of [
      ['up', client, upstream],
      ['down', upstream, client]
    ] as const) {
      void pipe({
        from,
        to,
        toxics: () => toxics[direction],
        random: random.fork(`${direction}${accepted}`),
        passed: count => (bytes[direction] += count),
        reset
      })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(init.port ?? 0, host, resolve)
  })

  const cut = (how: 'reset' | 'end' = 'reset'): void => {
    for (const socket of [...pairs].flat()) {
      if (how === 'reset') socket.resetAndDestroy()
      else socket.destroySoon()
    }
  }
  return {
    host,
    port: (server.address() as AddressInfo).port,
    set: change => void Object.assign(toxics, change),
    heal() {
      refusing = false
      Object.assign(toxics, { up: {}, down: {} })
    },
    cut,
    refuse: value => void (refusing = value),
    get open() {
      return pairs.size
    },
    get accepted() {
      return accepted
    },
    get bytes() {
      return { ...bytes }
    },
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        cut()
      })
  }
}
