import { printable } from '@enigma/protocol'

/** What a person must look at, as a node's `/status` shows it to anybody. docs/spec/operations.md */
export interface Alarm {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly times: number
}

const LIMIT_MS = 5_000
const MAX_BYTES = 1024 * 1024
const MAX_ALARMS = 32

/** The alarms of the node at an address; none if it does not show them within 5 s. */
export async function alarmsOf(url: string): Promise<readonly Alarm[]> {
  try {
    const response = await fetch(new URL('/status', url), { signal: AbortSignal.timeout(LIMIT_MS) })
    const { alarms } = JSON.parse(await bounded(response)) as { alarms: readonly Record<string, unknown>[] }
    return alarms.slice(0, MAX_ALARMS).map(({ code, message, hint, times }) => ({
      code: printable(String(code), 64),
      message: printable(String(message), 1_000),
      hint: printable(String(hint), 300),
      times: Number(times)
    }))
  } catch {
    return []
  }
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MAX_BYTES) throw new RangeError('A status is not so long.')
  }
  return text
}
