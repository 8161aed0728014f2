import { post } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { jsonCorpus } from '../support/json-corpus.ts'
import { MIB, settledBytes } from '../support/resources.ts'
import { RpcLab } from '../support/rpc-lab.ts'

const PARSE_ERROR = -32_700

/** What is refused for its size, and how: JSON that is all right would be answered as well. */
const REFUSED: Readonly<Record<string, string>> = {
  'a batch of 10,000': 'RPC_BATCH_TOO_LARGE',
  'deep closed arrays': 'RPC_TOO_DEEP',
  'deep params': 'RPC_TOO_DEEP',
  'a string of a mebibyte': 'RPC_BODY_TOO_LARGE'
}

/** JSON-RPC bodies that are too large, too many, too deep, or no JSON. */
export const row: Row = {
  number: 61,
  name: 'RPC: 100 MiB body, batch 10 k, depth 1e6, bad UTF-8, JSON corners',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 50 },
  async run({ random, times }) {
    const lab = await RpcLab.start({ perSecond: 1e9, burst: 1e9 })
    const corpus = jsonCorpus()
    const names = corpus.map(({ name }) => name)
    must(Object.keys(REFUSED).every(name => names.includes(name)), 'the corpus lacks a body that is refused') // prettier-ignore
    let bodies = 0
    try {
      const before = await settledBytes()
      for (let round = 0; round < times; round++) {
        for (const { name, body, valid } of corpus) {
          const { status, answer, answers } = await post(lab.port, body)
          bodies += 1
          const code = answer.error?.data?.code
          must(code === (REFUSED[name] ?? code), `${name}: ${status} ${code}, and not ${REFUSED[name]}`)
          const done = [answer, ...answers].some(({ result }) => result !== undefined)
          must(valid || !done, `${name}: no JSON, and it was answered with a result`)
          must(
            valid || status >= 400 || answer.error?.code === PARSE_ERROR,
            `${name}: no JSON, and status ${status} does not say so`
          )
          const refused = status >= 400 && status < 500
          const told = answer.error !== undefined || answer.result !== undefined || answers.length > 0
          must(refused || told || status === 204, `${name}: status ${status} without a JSON-RPC answer`)
        }
        const deep = await post(lab.port, '['.repeat(10 ** 6))
        must(deep.answer.error?.data?.code === 'RPC_TOO_DEEP', 'depth 1e6 was not refused for its depth')
        await flood(lab, 100 * MIB)
        for (let i = 0; i < 20; i++) await post(lab.port, random.bytes(random.below(2_000)))
        bodies += 22
      }
      const grown = ((await settledBytes()) - before) / MIB
      must(await lab.answers(), 'an honest call is not answered any more')
      must(({} as { polluted?: unknown }).polluted === undefined, 'the prototype of objects was changed')
      must(grown < 50, `memory grew by ${grown.toFixed(0)} MiB`)
      return `crashes 0 after ${bodies} bodies, ${corpus.length} different ones, ${corpus.filter(({ valid }) => !valid).length} of them no JSON; live memory ${grown < 0 ? '' : '+'}${grown.toFixed(0)} MiB`
    } finally {
      await lab.stop()
    }
  }
}

/** Sends a body without end until the server has enough of it. */
async function flood(lab: RpcLab, bytes: number): Promise<void> {
  const socket = await lab.socket()
  let ended = false
  let answer = ''
  socket.on('close', () => (ended = true))
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  socket.write(
    'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
  )
  const piece = Buffer.from(`10000\r\n${'a'.repeat(0x10000)}\r\n`)
  let sent = 0
  while (sent < bytes && !ended && answer === '') {
    if (!socket.write(piece)) await Promise.race([new Promise(r => socket.once('drain', r)), new Promise(r => socket.once('close', r))]) // prettier-ignore
    sent += piece.length
  }
  socket.destroy()
  must(sent < bytes, `the server read all ${bytes} bytes`)
}
