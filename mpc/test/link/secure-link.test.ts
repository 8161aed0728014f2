import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { dealLocally } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field } from '../../src/field/field.ts'
import { Mesh } from '../../src/link/mesh.ts'
import { SecureLink } from '../../src/link/secure-link.ts'
import { mul } from '../../src/protocols/multiply.ts'
import { openChecked } from '../../src/protocols/open.ts'
import { agreeOnKeys } from '../../src/session/keys.ts'
import { Party } from '../../src/session/party.ts'

const open: { destroy: () => void }[] = []

async function socketPair(
  relay: (from: Socket, to: Socket) => void = (from, to) => from.pipe(to)
): Promise<[Socket, Socket]> {
  // client <-> middle <-> client, so that a test can read and change what is on the wire
  const server = createServer({ noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const dial = async (): Promise<[Socket, Socket]> => {
    const accepted = once(server, 'connection')
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const [middle] = (await accepted) as [Socket]
    await (socket.readyState === 'open' ? undefined : once(socket, 'connect'))
    open.push(socket, middle)
    return [socket, middle]
  }
  const [a, middleA] = await dial()
  const [b, middleB] = await dial()
  for (const socket of [middleA, middleB]) socket.on('error', () => undefined)
  relay(middleA, middleB)
  relay(middleB, middleA)
  server.close()
  return [a, b]
}

const wait = { timeoutMs: 15_000 }
const SESSION = '0011223344556677'
const OPERATION = '00112233445566778899aabbccddeeff'

async function linkPair(
  relay?: (from: Socket, to: Socket) => void,
  secrets = [randomBytes(32)],
  drainTimeoutMs = 15_000
): Promise<[SecureLink, SecureLink]> {
  const [a, b] = await socketPair(relay)
  const links: [SecureLink, SecureLink] = [
    new SecureLink(a, { self: 0, peer: 1, secret: secrets[0]!, drainTimeoutMs }),
    new SecureLink(b, { self: 1, peer: 0, secret: secrets.at(-1)! })
  ]
  await Promise.all(links.map(link => link.ready(wait)))
  return links
}

describe('mpc/link', function () {
  this.timeout(40_000)

  afterEach(() => open.splice(0).forEach(socket => socket.destroy()))

  it('carries messages of any size, early, late and of many sessions', async () => {
    const [a, b] = await linkPair()
    b.openSession(SESSION)
    const bodies = [0, 1, 511, 512 * 1024, 512 * 1024 + 1, 3_000_000].map(size => randomBytes(size))
    for (const [step, body] of bodies.entries()) await a.send(SESSION, OPERATION, step, body)
    await a.send('ffffffffffffffff', OPERATION, 0, Buffer.from('other session'))
    for (const [step, body] of [...bodies.entries()].reverse()) {
      const found = await b.mailbox(SESSION).receive(OPERATION, step, body.length, wait)
      expect(Buffer.compare(Buffer.from(found), body)).to.equal(0)
    }
    const late = a.mailbox(SESSION).receive(OPERATION, 9, 2, wait)
    await b.send(SESSION, OPERATION, 9, Buffer.from('ab'))
    expect(Buffer.from(await late).toString()).to.equal('ab')
    expect(Buffer.from(await b.mailbox('ffffffffffffffff').receive(OPERATION, 0, 13, wait)).toString()).to.equal(
      'other session'
    )
  })

  it('ends with MPC_LINK when a byte on the wire is changed, a record repeated or the secret another', async () => {
    const changes: ((data: Buffer, count: number) => Buffer)[] = [
      (data, count) => (count === 1 ? Buffer.concat([data.subarray(0, -1), Buffer.of(data.at(-1)! ^ 1)]) : data),
      (data, count) => (count === 1 ? Buffer.concat([data, data]) : data),
      (data, count) => (count === 1 ? Buffer.concat([Buffer.from('ffffffff', 'hex'), data]) : data)
    ]
    for (const change of changes) {
      let count = 0
      const [a, b] = await linkPair((from, to) =>
        from.on('data', data => to.write(data.length > 16 ? change(data, ++count) : data))
      )
      await a.send(SESSION, OPERATION, 0, randomBytes(100))
      const first = await b
        .mailbox(SESSION)
        .receive(OPERATION, 0, 100, wait)
        .catch(e => e)
      const second = await b
        .mailbox(SESSION)
        .receive(OPERATION, 1, 100, wait)
        .catch(e => e)
      expect([first.code, second.code]).to.include('MPC_LINK')
    }
    const [c, d] = await linkPair(undefined, [randomBytes(32), randomBytes(32)])
    await c.send(SESSION, OPERATION, 0, randomBytes(10))
    expect(
      (
        await d
          .mailbox(SESSION)
          .receive(OPERATION, 0, 10, wait)
          .catch(e => e)
      ).facts
    ).to.include({ code: 'MPC_LINK', what: 'authentication' })
  })

  it('bounds the wait for a peer that does not read, and tells waiters when a connection closes', async () => {
    const [a, b] = await linkPair(
      (from, to) => {
        let seen = 0
        from.on('data', data => {
          to.write(data)
          if ((seen += data.length) > 16) from.pause()
        })
      },
      undefined,
      300
    )
    const sent = (async () => {
      for (let step = 0; step < 64; step++) await a.send(SESSION, OPERATION, step, randomBytes(1_000_000))
    })()
    expect(await sent.catch((e: { code: string }) => e.code)).to.equal('MPC_TIMEOUT')
    const waiting = b.mailbox(SESSION).receive(OPERATION, 99, 1, wait)
    a.close()
    b.close()
    expect(await waiting.catch((e: { code: string }) => e.code)).to.equal('MPC_LINK')
  })

  it('bounds what a peer may start: sessions nobody here knows, and long messages never finished', async () => {
    const [a, b] = await linkPair()
    for (let i = 0; i < 65; i++) await a.send(i.toString(16).padStart(16, '0'), OPERATION, 0, Buffer.from('x'))
    const flooded = await b
      .mailbox(SESSION)
      .receive(OPERATION, 0, 1, wait)
      .catch(e => e)
    expect(flooded.facts).to.include({ code: 'MPC_LINK', what: 'flood' })
    const [c, d] = await linkPair()
    for (let step = 0; step < 17; step++)
      await Promise.resolve(c.send(SESSION, OPERATION, step, new Uint8Array(1024 * 1024))).catch(() => undefined)
    const early = await d
      .mailbox(SESSION)
      .receive(OPERATION, 99, 1, wait)
      .catch(e => e)
    expect(early.facts).to.include({ code: 'MPC_LINK', what: 'flood' })
  })

  it('runs sessions side by side, and no share or value appears on the wire', async () => {
    const field = Field.of(DEFAULT_PRIME)
    const wire: Buffer[] = []
    const relay = (from: Socket, to: Socket): void =>
      void from.on('data', data => {
        wire.push(data)
        to.write(data)
      })
    const links: (SecureLink | null)[][] = [0, 1, 2].map(() => [null, null, null])
    for (const [i, j] of [
      [0, 1],
      [0, 2],
      [1, 2]
    ] as const) {
      const secret = randomBytes(32)
      const [a, b] = await socketPair(relay)
      links[i]![j] = new SecureLink(a, { self: i, peer: j, secret })
      links[j]![i] = new SecureLink(b, { self: j, peer: i, secret })
    }
    const meshes = links.map((row, i) => new Mesh(i, row))
    await Promise.all(meshes.map(mesh => mesh.ready(wait)))
    const keys = await Promise.all(meshes.map(mesh => agreeOnKeys(mesh.session('keys'), 1, 'epoch 1', wait)))
    const x = dealLocally([3n, 5n, 7n], 3, 1)
    const run = (session: string): Promise<bigint[][]> =>
      Promise.all(
        meshes.map(async (mesh, i) => {
          const channel = mesh.session(session)
          const party = Party.create({ field, n: 3, t: 1, channel, keys: keys[i]!, session, timeoutMs: 15_000 })
          const { values } = await openChecked(party, await mul(party, x[i]!, x[i]!))
          channel.close()
          return field.toBigints(values)
        })
      )
    const all = await Promise.all(['a', 'b', 'c', 'd'].map(run))
    for (const results of all) expect(results).to.deep.equal(Array(3).fill([9n, 25n, 49n]))
    const traffic = Buffer.concat(wire)
    expect(traffic.length).to.be.above(1000)
    for (const rows of x) {
      for (let i = 0; i < 3; i++)
        expect(traffic.indexOf(field.toBytes(field.slice(rows, i, i + 1)).subarray(0, 12))).to.equal(-1)
    }
    for (const key of keys.flatMap(k => [...k.sets, ...k.pairs])) if (key) expect(traffic.indexOf(key)).to.equal(-1)
    for (const square of [9n, 25n, 49n]) expect(traffic.indexOf(field.toBytes(field.constant(square)))).to.equal(-1)
  })
})
