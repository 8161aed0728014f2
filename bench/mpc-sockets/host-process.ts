/**
 * Stands for a worker in `bench/mpc-sockets.ts`, in a process of its own: starts its node process, connects over TCP to the other
 * worker, and either hands the socket in or relays what comes, in frames of a length and the bytes as the enclave's socket has them.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'

const [role, way, isolation, port] = process.argv.slice(2) as ['ask' | 'answer', 'handed' | 'relayed', string, string]
const script = realpathSync(fileURLToPath(new URL('./node-process.ts', import.meta.url)))
const node = realpathSync(process.execPath)

function start(): ChildProcess {
  const stdio = ['ignore', 'inherit', 'inherit', 'pipe', 'ipc'] as ('ignore' | 'inherit' | 'pipe' | 'ipc')[]
  if (isolation !== 'bubblewrap') {
    const flags = ['--permission', '--disable-warning=PERM0006', `--allow-fs-read=${script}`, script, role, way]
    return spawn(node, flags, { stdio, env: {}, cwd: '/' })
  }
  const cage = [
    ...['--unshare-all', '--die-with-parent', '--clearenv', '--setenv', 'NODE_CHANNEL_FD', '4'],
    ...[
      '--cap-drop',
      'ALL',
      '--ro-bind',
      '/usr',
      '/usr',
      '--symlink',
      'usr/lib',
      '/lib',
      '--symlink',
      'usr/lib64',
      '/lib64'
    ],
    ...[
      '--ro-bind',
      node,
      '/node',
      '--ro-bind',
      script,
      '/node-process.ts',
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      '--chdir',
      '/'
    ],
    ...[
      '/node',
      '--permission',
      '--disable-warning=PERM0006',
      '--allow-fs-read=/node-process.ts',
      '/node-process.ts',
      role,
      way
    ]
  ]
  return spawn('bwrap', cage, { stdio, env: { PATH: process.env['PATH'] }, cwd: '/' })
}

/** Length and bytes, cut again at the other end: what a frame costs a relay. */
function relay(tcp: Socket, enclave: Duplex): void {
  const HEADER = 4
  enclave.on('data', (chunk: Buffer) => {
    const header = Buffer.alloc(HEADER)
    header.writeUInt32BE(chunk.length)
    tcp.cork()
    tcp.write(header)
    const flowing = tcp.write(chunk)
    tcp.uncork()
    if (flowing) return
    enclave.pause()
    tcp.once('drain', () => enclave.resume())
  })
  let left = 0
  let head = Buffer.alloc(0)
  tcp.on('data', (chunk: Buffer) => {
    let at = 0
    let flowing = true
    while (at < chunk.length) {
      if (left === 0) {
        const part = chunk.subarray(at, at + HEADER - head.length)
        head = Buffer.concat([head, part])
        at += part.length
        if (head.length < HEADER) break
        left = head.readUInt32BE(0)
        head = Buffer.alloc(0)
      }
      const body = chunk.subarray(at, at + left)
      at += body.length
      left -= body.length
      if (body.length > 0) flowing = enclave.write(body)
    }
    if (flowing) return
    tcp.pause()
    enclave.once('drain', () => tcp.resume())
  })
}

const child = start()
child.on('message', (message: { ready?: boolean; done?: boolean }) => process.send!(message))
process.on('disconnect', () => {
  child.kill()
  process.exit(0)
})
process.on('message', (order: object) => child.send(order))

async function link(): Promise<Socket> {
  if (role === 'ask') {
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
    if (way === 'handed') socket.pause()
    await once(socket, 'connect')
    return socket
  }
  const server = createServer({ noDelay: true, pauseOnConnect: way === 'handed' })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send!({ port: (server.address() as { port: number }).port })
  const [socket] = (await once(server, 'connection')) as [Socket]
  server.close()
  return socket
}
const tcp = await link()
if (way === 'handed') child.send({ link: true }, tcp)
else relay(tcp, child.stdio[3] as Duplex)
