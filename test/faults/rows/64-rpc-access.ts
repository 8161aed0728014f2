import { callText } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { RpcLab } from '../support/rpc-lab.ts'

const JSON_TYPE = 'Content-Type: application/json'
const LOCAL = 'Host: 127.0.0.1'

/** Who must not get in, by what it sends: each line is the method, path and headers of one attempt. */
const ATTEMPTS: readonly (readonly [name: string, start: string, ...headers: string[]])[] = [
  ['a rebound name', 'POST /', 'Host: evil.example', JSON_TYPE],
  ['a rebound name with a port', 'POST /', 'Host: evil.example:3346', JSON_TYPE],
  ['a name that contains localhost', 'POST /', 'Host: localhost.evil.example', JSON_TYPE],
  ['a name that ends in localhost', 'POST /', 'Host: evillocalhost', JSON_TYPE],
  ['an address inside a name', 'POST /', 'Host: 127.0.0.1.evil.example', JSON_TYPE],
  ['no name', 'POST /', 'Host: ', JSON_TYPE],
  ['a foreign page', 'POST /', LOCAL, 'Origin: http://evil.example', JSON_TYPE],
  ['a page without an origin', 'POST /', LOCAL, 'Origin: null', JSON_TYPE],
  ['a foreign page that names us', 'POST /', LOCAL, 'Origin: http://localhost.evil.example', JSON_TYPE],
  ['our name with another scheme', 'POST /', LOCAL, 'Origin: file://localhost', JSON_TYPE],
  ['a form', 'POST /', LOCAL, 'Content-Type: text/plain'],
  ['a form with files', 'POST /', LOCAL, 'Content-Type: multipart/form-data; boundary=x'],
  ['no type', 'POST /', LOCAL],
  ['another method', 'PUT /', LOCAL, JSON_TYPE],
  ['a way out of the folder', 'GET /../../etc/passwd', LOCAL],
  ['management without a token', 'POST /mgmt', LOCAL, 'Origin: http://evil.example', JSON_TYPE],
  ['a WebSocket of a foreign page', 'GET /', LOCAL, 'Origin: http://evil.example', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
  ['a WebSocket to a rebound name', 'GET /', 'Host: evil.example', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
] // prettier-ignore

const METHODS = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'prototype']

export const row: Row = {
  number: 64,
  name: 'CORS, Host rebinding, auth bypass, prototype keys',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 20 },
  async run({ times }) {
    const lab = await RpcLab.start({ perSecond: 1e9, burst: 1e9 })
    let tried = 0
    try {
      for (let round = 0; round < times; round++) {
        for (const [name, start, ...headers] of ATTEMPTS) {
          const body = callText('getInfo')
          const head = [`${start} HTTP/1.1`, ...headers, `Content-Length: ${body.length}`, 'Connection: close']
          const answer = await lab.raw(`${head.join('\r\n')}\r\n\r\n${body}`, 3_000)
          const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0)
          must(status === 0 || status >= 400, `${name} was let in: ${answer.slice(0, 100)}`)
          must(!/"result"/.test(answer), `${name} got a result`)
          must(!/access-control-allow-origin: (\*|http:\/\/evil)/i.test(answer), `${name} may read the answer`)
          tried += 1
        }
        for (const method of METHODS) {
          const body = callText(method, { __proto__: { admin: true } })
          const answer = await lab.raw(
            `POST / HTTP/1.1\r\n${LOCAL}\r\n${JSON_TYPE}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
          )
          must(/"code":-32601/.test(answer), `the method ${method} is answered: ${answer.slice(-200)}`)
          tried += 1
        }
      }
      must(await lab.answers(), 'an honest call is not answered any more')
      return `bypassed 0 of ${tried}`
    } finally {
      await lab.stop()
    }
  }
}
