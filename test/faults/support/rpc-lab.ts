import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  MemoryChain,
  MemoryWorker,
  Running,
  callText,
  post,
  type RpcLimits,
  type RpcServer
} from '@enigma/worker/testing'

/** A worker's real JSON-RPC server over parts in memory. */
export class RpcLab {
  readonly worker = new MemoryWorker(new MemoryChain())
  readonly #running = new Running()
  server!: RpcServer

  static async start(limits: Partial<RpcLimits> = {}): Promise<RpcLab> {
    const lab = new RpcLab()
    lab.server = await lab.#running.start(lab.worker.server({ limits }))
    return lab
  }

  get port(): number {
    return this.server.port
  }

  /** An honest call; true if it is answered as it should be. */
  async answers(): Promise<boolean> {
    const { answer } = await post(this.port, callText('getInfo'))
    return answer.result !== undefined
  }

  /** Sends bytes as they are; what comes back until the server ends the connection, or the limit. */
  async raw(bytes: string | Uint8Array, limitMs = 5_000): Promise<string> {
    const socket = await this.socket()
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.write(bytes)
    await Promise.race([once(socket, 'close'), new Promise(resolve => setTimeout(resolve, limitMs))])
    socket.destroy()
    return received
  }

  async socket(localAddress = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress })
    socket.on('error', () => undefined)
    await Promise.race([once(socket, 'connect'), once(socket, 'close')])
    return socket
  }

  stop(): Promise<void> {
    return this.#running.stop()
  }
}
