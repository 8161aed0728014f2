import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text, type Given } from './command.ts'
import { CliError, usageError } from './errors.ts'

/** Management calls: to a node on this machine, with the token of its data folder. docs/spec/operations.md */

const CALL_MS = 60_000

/** A flag that must be there. @throws CLI_USAGE */
export function need(given: Given, name: string): string {
  const value = text(given, name)
  if (value === undefined) throw usageError(`--${name} is missing.`)
  return value
}

export interface Managed {
  readonly role: 'principal' | 'worker'
  /** Without --http. */
  readonly url: string
  /** For what takes longer than other calls; `fetch` itself waits 300 s at most. */
  readonly limitMs?: number
}

/** @throws CLI_FILE, CLI_NO_NODE, CLI_NODE_SLOW, CLI_NODE_REFUSED */
export async function manageNode(
  given: Given,
  node: Managed,
  action: string,
  body: object = {}
): Promise<Record<string, unknown>> {
  const url = text(given, 'http') ?? node.url
  const { limitMs = CALL_MS } = node
  const file = join(need(given, 'data-dir'), 'mgmt.token')
  let token: string
  try {
    token = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new CliError({ code: 'CLI_FILE', path: file }, `${file} cannot be read.`, {
      hint: '--data-dir is the data folder of a node that has been started, and you its owner.',
      cause
    })
  }
  const answer = await post(`${url}/mgmt/${action}`, token, body, limitMs).catch((cause: unknown) => {
    if ((cause as Error).name === 'TimeoutError') {
      const seconds = Math.round(limitMs / 1_000)
      throw new CliError(
        { code: 'CLI_NODE_SLOW', url, action, limitMs },
        `The ${node.role} at ${url} has not ended ${action} within ${seconds} s.`
      )
    }
    throw new CliError({ code: 'CLI_NO_NODE', url }, `No node answers at ${url}.`, {
      hint: `Start the ${node.role}, or give its address with --http.`,
      cause
    })
  })
  if (answer.error === undefined) return answer
  const { message, code: reason = 'UNKNOWN', hint } = answer.error
  throw new CliError({ code: 'CLI_NODE_REFUSED', action, reason }, `The ${node.role} refused (${reason}): ${message}`, {
    hint: hint ?? 'Its log says what it was doing.'
  })
}

type Answer = Record<string, unknown> & { error?: { message: string; code?: string; hint?: string } }

async function post(url: string, token: string, body: object, limitMs: number): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(limitMs)
  })
  return (await response.json()) as Answer
}
