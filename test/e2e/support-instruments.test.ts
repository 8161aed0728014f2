import { expect } from 'chai'
import { createServer, type AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { canaryOf, findIn, randomCanary } from './support/canary.ts'
import { startTap } from './support/tap.ts'

// The instruments of the secrecy tests must be able to find something, or their silence would mean nothing.
describe('e2e/support/canary', () => {
  const canary = randomCanary('amount')
  const bytes = Buffer.from(canary.value.toString(16), 'hex')
  const noise = Buffer.from('some text before it')
  const forms: Record<string, Buffer> = {
    'a padded word': Buffer.concat([Buffer.alloc(16), bytes]),
    'little endian': Buffer.from(bytes).reverse(),
    hex: Buffer.from(`{"x":"0x${bytes.toString('hex')}"}`),
    'upper-case hex': Buffer.from(bytes.toString('hex').toUpperCase()),
    decimal: Buffer.from(`amount=${canary.value} grains`),
    'UTF-16': Buffer.from(canary.value.toString(), 'utf16le')
  }
  for (let before = 0; before < 3; before++) {
    const word = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.from('tail')])
    forms[`base64 after ${before} bytes`] = Buffer.from(word.toString('base64'))
    forms[`base64url after ${before} bytes`] = Buffer.from(word.toString('base64url'))
  }
  for (const [form, hidden] of Object.entries(forms)) {
    it(`finds it as ${form}`, () => {
      expect(findIn('x', Buffer.concat([noise, hidden, noise]), [canary])).to.have.length.greaterThan(0)
    })
  }

  it('does not find another one', () => {
    expect(findIn('x', Buffer.concat(Object.values(forms)), [randomCanary('other')])).to.deep.equal([])
  })

  it('refuses a value that could appear by chance', () => {
    expect(() => canaryOf('small', 1_000_000n)).to.throw('too short')
  })
})

describe('e2e/support/tap', () => {
  it('passes a connection through and keeps both directions', async () => {
    const server = createServer(socket => socket.on('data', chunk => socket.end(`answer to ${chunk.toString()}`)))
    await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
    const tap = await startTap(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await fetch(tap.url).catch(() => undefined)
    expect(tap.captured().toString()).to.contain('GET / HTTP/1.1').and.to.contain('answer to GET')
    await tap.close()
    server.close()
  })

  it('reads what a WebSocket client sent behind its mask', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true })
    await new Promise(resolve => server.once('listening', resolve))
    server.on('connection', socket => socket.on('message', data => socket.send(`echo ${String(data)}`)))
    const tap = await startTap(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const client = new WebSocket(tap.url)
    await new Promise(resolve => client.once('open', resolve))
    const long = 'long '.repeat(100)
    client.send('a short message')
    client.send(long)
    await new Promise(resolve =>
      client.on('message', data => String(data).startsWith('echo long') && resolve(undefined))
    )
    client.close()
    await new Promise(resolve => client.once('close', resolve))
    await new Promise(resolve => setImmediate(resolve))
    const captured = tap.captured().toString('latin1')
    expect(captured).to.contain('echo a short message')
    expect(captured.match(/a short message/g)).to.have.length(2)
    expect(captured).to.contain(long)
    await tap.close()
    server.close()
  })
})
