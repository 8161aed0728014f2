import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { Duplex, duplexPair } from 'node:stream'
import { Mesh } from '../../src/link/mesh.ts'
import { SecureLink } from '../../src/link/secure-link.ts'

const LONG = { timeoutMs: 600_000 }
const OPERATION = '00112233445566778899aabbccddeeff'

const factsOf = (wait: Promise<unknown>): Promise<unknown> =>
  wait.then(
    () => 'done',
    (error: { facts: unknown }) => error.facts
  )
const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length

/** That of the test itself is set when the test has begun. */
const timersOfTest = (): Promise<number> => new Promise(resolve => setImmediate(() => resolve(timers())))

/** A mesh of two whose other side exchanges salts and then reads nothing more. */
async function stuck(): Promise<{ mesh: Mesh; link: SecureLink }> {
  const [a, b] = duplexPair()
  const secret = randomBytes(32)
  const link = new SecureLink(a, { self: 0, peer: 1, secret })
  b.write(randomBytes(16))
  const mesh = new Mesh(0, [null, link])
  await mesh.ready(LONG)
  return { mesh, link }
}

/** Sends until the peer would have to read. */
function fill(send: () => Promise<void> | undefined): Promise<void> {
  for (;;) {
    const full = send()
    if (full) return full
  }
}

describe('mpc/link endings', function () {
  this.timeout(20_000)
  const body = randomBytes(100_000)

  it('ends the wait for a peer that does not read by the signal of the session, or its deadline', async () => {
    const before = await timersOfTest()
    const { mesh, link } = await stuck()
    const channel = mesh.session('one')
    const controller = new AbortController()
    let step = 0
    const waiting = factsOf(
      fill(() => channel.send(1, OPERATION, step++, body, { ...LONG, signal: controller.signal }))
    )
    controller.abort()
    expect(await waiting).to.deep.equal({ code: 'MPC_ABORTED', operation: OPERATION })
    const late = factsOf(fill(() => channel.send(1, OPERATION, step++, body, { timeoutMs: 20 })))
    expect(await late).to.deep.equal({ code: 'MPC_TIMEOUT', from: 1, operation: OPERATION, limitMs: 20 })
    expect(timers()).to.be.at.most(before)
    link.close()
  })

  it('ends it when the session is closed, and no other session with it', async () => {
    const before = await timersOfTest()
    const { mesh, link } = await stuck()
    const [one, two] = [mesh.session('one'), mesh.session('two')]
    let step = 0
    const first = factsOf(fill(() => one.send(1, OPERATION, step++, body, LONG)))
    const second = factsOf(two.send(1, OPERATION, 0, body, LONG)!)
    one.close()
    expect(await first).to.include({ code: 'MPC_ABORTED' })
    expect(await Promise.race([second, new Promise(resolve => setImmediate(resolve, 'waiting'))])).to.equal('waiting')
    link.close()
    expect(await second).to.include({ code: 'MPC_LINK', peer: 1 })
    expect(timers()).to.be.at.most(before)
  })

  it('waits for links to come up until a deadline, naming the silent one, or a signal', async () => {
    const before = await timersOfTest()
    const silent = (): Duplex => duplexPair()[0]
    const link = (peer: number): SecureLink => new SecureLink(silent(), { self: 0, peer, secret: randomBytes(32) })
    const answered = new SecureLink(
      new Duplex({
        read() {
          this.push(randomBytes(16))
          this._read = () => undefined
        },
        write: (_chunk, _encoding, done) => done()
      }),
      { self: 0, peer: 1, secret: randomBytes(32) }
    )
    const mesh = new Mesh(0, [null, answered, link(2)])
    expect(await factsOf(mesh.ready({ timeoutMs: 30 }))).to.deep.equal({
      code: 'MPC_TIMEOUT',
      from: 2,
      operation: 'link',
      limitMs: 30
    })
    const controller = new AbortController()
    const ready = factsOf(mesh.ready({ ...LONG, signal: controller.signal }))
    controller.abort()
    expect(await ready).to.include({ code: 'MPC_ABORTED' })
    expect(await factsOf(mesh.ready({ ...LONG, signal: controller.signal }))).to.include({ code: 'MPC_ABORTED' })
    mesh.close()
    expect(await factsOf(mesh.ready(LONG))).to.include({ code: 'MPC_LINK' })
    expect(timers()).to.be.at.most(before)
  })
})
