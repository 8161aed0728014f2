import http from 'node:http'
import https from 'node:https'

/** Connections stay open between questions; an Ethereum node closes them when it likes. */
const plain = new http.Agent({ keepAlive: true })
const secure = new https.Agent({ keepAlive: true })

export interface Answer {
  readonly status: number
  readonly text: string
}

/**
 * Posts JSON and reads the answer, at most `maxBytes` of it. A third of the processor time of `fetch`, whose streams a short answer
 * does not need; no redirects, no compression.
 *
 * @throws the signal's reason; AnswerTooLarge; an Error of the network, or for an answer that is cut short
 */
export async function postJson(url: string, body: string, maxBytes: number, signal: AbortSignal): Promise<Answer> {
  try {
    return await once(url, body, maxBytes, signal)
  } catch (error) {
    // The node closed an idle connection in the moment it was used again: it has not read the question.
    if (error instanceof ConnectionGone && !signal.aborted) return once(url, body, maxBytes, signal)
    throw error
  }
}

class ConnectionGone extends Error {}
export class AnswerTooLarge extends Error {}

function once(url: string, body: string, maxBytes: number, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const { request } = url.startsWith('https:') ? https : http
    const asked = request(url, {
      method: 'POST',
      agent: url.startsWith('https:') ? secure : plain,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      signal
    })
    const fail = (error: Error & { code?: string }): void => {
      if (signal.aborted) reject(signal.reason as Error)
      else if (asked.reusedSocket && error.code === 'ECONNRESET') reject(new ConnectionGone(error.message))
      else reject(error)
    }
    asked.on('error', fail)
    asked.on('response', response => {
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size <= maxBytes) return void parts.push(part)
        reject(new AnswerTooLarge(`The answer is larger than ${maxBytes} bytes.`))
        asked.destroy()
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') })
      )
      response.on('error', fail) // cut short
    })
    asked.end(body)
  })
}
