import { randomBytes, timingSafeEqual, createHash } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { asError, fromHex, printable } from '@enigma/protocol'
import { Quota } from '../net/quota.ts'
import { LOG_LEVELS, type LogLevel, type Logger } from '../ops/log.ts'
import { WorkerError } from '../errors.ts'
import { readBody, sendJson } from './body.ts'
import { RpcError, invalidParams, hintFor, toJsonRpcError } from './errors.ts'

/** What the operator of a node may have it do. Docs: docs/spec/operations.md */
export interface ManagementActions {
  /** Sends the transaction and waits until it counts. */
  login(): Promise<object>
  logout(): Promise<object>
  /** Compares everything that is stored with the chain, and fetches what is missing. */
  resync(): Promise<object>
  logLevel(level: LogLevel): Promise<object>
  peers(): Promise<object>
  /** With `on`, takes no new inputs; what is under way is finished. */
  drain(on: boolean): Promise<object>
  /** Copies the data folder to another one while the node runs. `dir`: an absolute path. @throws BACKUP_TARGET, BACKUP_FAILED */
  backup(dir: string): Promise<object>
  /** A principal's second enclave (R14): what it asks for, what the first one answers, and what it takes. As 0x hex. */
  importRequest(): Promise<object>
  exportRoot(request: Uint8Array): Promise<object>
  importRoot(sealed: Uint8Array): Promise<object>
  /** A standby becomes the primary: from now on it sends setEpoch. */
  promote(): Promise<object>
  /** R9: state keys of a new generation, from the next epoch on. */
  rotateGeneration(): Promise<object>
}

/** Every name of `ManagementActions`: one that is missing does not compile. */
export const MANAGEMENT_ACTIONS = Object.keys({
  login: 1,
  logout: 1,
  resync: 1,
  logLevel: 1,
  peers: 1,
  drain: 1,
  backup: 1,
  importRequest: 1,
  exportRoot: 1,
  importRoot: 1,
  promote: 1,
  rotateGeneration: 1
} satisfies Record<keyof ManagementActions, 1>) as readonly (keyof ManagementActions)[]

export type ManagementHandler = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>

const MAX_BODY_BYTES = 32 * 1024
const WRONG_TOKENS_PER_SECOND = 5
const TOKEN_BYTES = 32

/** The token of a data folder; made at the first start, readable by its owner alone. @throws WORKER_DATA_DIR */
export function managementToken(file: string): string {
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, `${randomBytes(TOKEN_BYTES).toString('hex')}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  chmodSync(file, 0o600)
  const token = readFileSync(file, 'utf8').trim()
  if (/^[0-9a-f]{64}$/.test(token)) return token
  throw new WorkerError(
    { code: 'WORKER_DATA_DIR', path: file },
    'The management token in the data folder is no token.',
    {
      hint: 'Remove the file mgmt.token; the node makes another one when it starts.'
    }
  )
}

/** In constant time whatever is given: two digests of one length are compared. */
function isToken(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

const isLoopback = (address: string | undefined): boolean => /^(::ffff:)?127\.|^::1$/.test(address ?? '')

type Fields = Readonly<Record<string, unknown>>

function only(given: Fields, ...names: string[]): void {
  const unknown = Object.keys(given).find(name => !names.includes(name))
  if (unknown !== undefined) throw invalidParams('body', 'The request has a field that is not known.')
}

function hexField(given: Fields, name: string): Uint8Array {
  const value = given[name]
  if (typeof value === 'string' && /^0x([0-9a-f]{2})+$/.test(value)) return fromHex(value)
  throw invalidParams(name, `${name} is bytes as 0x hex.`)
}

/** Every action by its path; a body is a JSON object of its fields. */
function actionTable(actions: ManagementActions): Readonly<Record<string, (given: Fields) => Promise<object>>> {
  const bare = (work: () => Promise<object>) => (given: Fields) => {
    only(given)
    return work()
  }
  return {
    '/mgmt/login': bare(() => actions.login()),
    '/mgmt/logout': bare(() => actions.logout()),
    '/mgmt/resync': bare(() => actions.resync()),
    '/mgmt/peers': bare(() => actions.peers()),
    '/mgmt/log-level': given => {
      only(given, 'level')
      const level = LOG_LEVELS.find(one => one === given['level'])
      if (level === undefined) throw invalidParams('level', `level is one of ${LOG_LEVELS.join(', ')}.`)
      return actions.logLevel(level)
    },
    '/mgmt/import-request': bare(() => actions.importRequest()),
    '/mgmt/export-root': given => {
      only(given, 'request')
      return actions.exportRoot(hexField(given, 'request'))
    },
    '/mgmt/import-root': given => {
      only(given, 'sealed')
      return actions.importRoot(hexField(given, 'sealed'))
    },
    '/mgmt/backup': given => {
      only(given, 'dir')
      const dir = given['dir']
      if (typeof dir !== 'string' || dir === '') throw invalidParams('dir', 'dir is the path of a folder.')
      return actions.backup(dir)
    },
    '/mgmt/promote': bare(() => actions.promote()),
    '/mgmt/rotate-generation': bare(() => actions.rotateGeneration()),
    '/mgmt/drain': given => {
      only(given, 'on')
      const on = given['on'] ?? true
      if (typeof on !== 'boolean') throw invalidParams('on', 'on is true or false.')
      return actions.drain(on)
    }
  }
}

/** POST /mgmt/<action> with `Authorization: Bearer <token>`, from this machine itself and never from a page. */
export function managementHandler(actions: ManagementActions, token: string, log: Logger): ManagementHandler {
  const table = actionTable(actions)
  const wrong = new Quota()

  async function perform(request: IncomingMessage, path: string): Promise<[number, object]> {
    const body = await readBody(request, { maxBytes: MAX_BODY_BYTES })
    if (body === null) return refusal(413, 'RPC_BODY_TOO_LARGE', `A request has at most ${MAX_BODY_BYTES} bytes.`)
    let given: unknown
    try {
      given = body.length === 0 ? {} : JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    } catch {
      return refusal(400, 'RPC_NOT_JSON', 'The request is not JSON.')
    }
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      return refusal(400, 'RPC_INVALID_REQUEST', 'The request is not a JSON object.')
    }
    try {
      const answer = await table[path]!(given as Fields)
      log.info('management', { action: path.slice('/mgmt/'.length) })
      return [200, answer]
    } catch (error) {
      const { message, data } = toJsonRpcError(error)
      log.warn('a management call failed', { action: path, error: printable(asError(error).message) })
      const isTheirs = error instanceof RpcError && error.code === 'RPC_INVALID_PARAMS'
      return [isTheirs ? 400 : 500, { error: { message, ...data } }]
    }
  }

  return async (request, response, path) => {
    const end = ([status, answer]: [number, object]): void => {
      if (status >= 400) response.setHeader('Connection', 'close')
      sendJson(response, status, JSON.stringify(answer))
    }
    const { headers, socket, method } = request
    const relayed = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined
    if (!isLoopback(socket.remoteAddress) || relayed || headers.origin !== undefined) {
      return end(refusal(403, 'MGMT_FORBIDDEN', 'Management is for programs on this machine.'))
    }
    if (method !== 'POST') {
      response.setHeader('Allow', 'POST')
      return end(refusal(405, 'MGMT_METHOD', 'Management calls are POST requests.'))
    }
    const given = /^Bearer ([0-9a-f]{1,128})$/.exec(headers.authorization ?? '')?.[1] ?? ''
    if (!isToken(given, token)) {
      if (!wrong.take('wrong', WRONG_TOKENS_PER_SECOND, WRONG_TOKENS_PER_SECOND)) {
        response.setHeader('Retry-After', '1')
        return end(refusal(429, 'RPC_BUSY', 'Too many wrong tokens.'))
      }
      log.warn('a management call had a wrong token')
      response.setHeader('WWW-Authenticate', 'Bearer')
      return end(refusal(401, 'MGMT_TOKEN', 'The token is wrong; it is in mgmt.token of the data folder.'))
    }
    if (!Object.hasOwn(table, path)) {
      return end(refusal(404, 'MGMT_ACTION', `There are ${Object.keys(table).join(', ')}.`))
    }
    end(await perform(request, path))
  }
}

const refusal = (status: number, code: string, message: string): [number, object] => [
  status,
  { error: { code, message, hint: hintFor(code) } }
]
