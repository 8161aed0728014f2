import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { address, asError, printable, type Address } from '@enigma/protocol'
import { isPlace } from './net/addresses.ts'
import { LOG_LEVELS, type LogFormat, type LogLevel } from './ops/log.ts'
import { WorkerError } from './errors.ts'

export const ROLES = ['worker', 'principal', 'bootstrap'] as const
export type Role = (typeof ROLES)[number]

/** The settings of a node: flag > environment ENIGMA_* > enigma.config.json > default. */
export interface Config {
  readonly role: Role
  readonly name: string
  readonly chainUrls: readonly string[] // endpoints of one chain, the preferred one first
  readonly enigma: Address
  readonly dataDir: string
  readonly httpHost: string
  readonly httpPort: number // 0: any free one
  readonly hostNames: readonly string[] // names the HTTP server goes by, besides localhost and addresses
  readonly origins: readonly string[] // of pages that may call, besides those of this machine
  readonly p2pHost: string
  readonly p2pPort: number
  readonly wsPort: number // libp2p over WebSocket, for nodes behind proxies and for browsers
  readonly announce: readonly string[] // addresses others reach this node at, instead of those it listens on
  readonly wantedPeers: number
  readonly maxPeers: number
  readonly maxStreams: number
  readonly snapshotEvery: number // deltas of a contract between two snapshots of its state
  readonly snapshotWorth: number // deltas that a snapshot must spare to be taken; fewer are replayed
  readonly verifyFull: boolean // replay every delta, take no snapshot
  readonly bootstrap: readonly string[] // multiaddrs with /p2p/<peer id>
  readonly operatorKeyFile: string
  readonly staking: Address | null // of a worker; default: its operator
  readonly autoRegister: boolean // of a worker; else it writes what scripts/staking/register.ts takes
  readonly autoLogin: boolean
  readonly standby: boolean // principal: answers like the primary, and leaves setEpoch to it
  readonly minWorkers: number // principal: logged-in workers before the first epoch call
  readonly logFormat: LogFormat
  readonly logLevel: LogLevel
  readonly enclave: string // folder of the enclave's bundle
  readonly isolation: 'auto' | 'bubblewrap' | 'process-only'
  readonly confirmations: number | null // null: that of the chain
  readonly crashAt: string | undefined // ENIGMA_CRASH_AT, for tests
}

const fail = (setting: string, message: string): WorkerError =>
  new WorkerError({ code: 'WORKER_CONFIG', setting }, message, {
    hint: `Set --${setting}, the environment variable ${variableOf(setting)}, or "${setting}" in enigma.config.json.`
  })

const variableOf = (setting: string): string => `ENIGMA_${setting.toUpperCase().replaceAll('-', '_')}`

const FLAGS = {
  role: { type: 'string' },
  name: { type: 'string' },
  'chain-url': { type: 'string' },
  enigma: { type: 'string' },
  'data-dir': { type: 'string' },
  'http-host': { type: 'string' },
  'http-port': { type: 'string' },
  'host-names': { type: 'string' },
  origins: { type: 'string' },
  'p2p-host': { type: 'string' },
  'p2p-port': { type: 'string' },
  'ws-port': { type: 'string' },
  announce: { type: 'string' },
  'wanted-peers': { type: 'string' },
  'max-peers': { type: 'string' },
  'max-streams': { type: 'string' },
  'snapshot-every': { type: 'string' },
  'snapshot-worth': { type: 'string' },
  'verify-full': { type: 'boolean' },
  bootstrap: { type: 'string' },
  'operator-key-file': { type: 'string' },
  staking: { type: 'string' },
  'auto-register': { type: 'string' },
  'auto-login': { type: 'boolean' },
  standby: { type: 'boolean' },
  'min-workers': { type: 'string' },
  'log-format': { type: 'string' },
  'log-level': { type: 'string' },
  enclave: { type: 'string' },
  isolation: { type: 'string' },
  confirmations: { type: 'string' },
  config: { type: 'string' }
} as const
type Setting = keyof typeof FLAGS

export type Environment = Readonly<Record<string, string | undefined>>

/** Beside each other on every machine (docs/spec/protocol.md): WebSocket listens 100 ports above TCP. */
const WS_PORT_OFFSET = 100

/** Each one is asked about every block. */
const MAX_ENDPOINTS = 8
const MAX_CONFIG_BYTES = 64 * 1024

function readFile(path: string | undefined): Record<string, unknown> {
  const file = path ?? 'enigma.config.json'
  if (!existsSync(file)) {
    if (path === undefined) return {}
    throw fail('config', `The settings file ${path} does not exist.`)
  }
  if (statSync(file).size > MAX_CONFIG_BYTES) throw fail('config', `The settings file ${file} is too large.`)
  const found = objectFrom(textOf(file))
  if (!found) throw fail('config', `The settings file ${file} is not a JSON object.`)
  for (const [name, value] of Object.entries(found)) requireSetting(file, name, value)
  return found
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw fail('config', `The settings file ${file} cannot be read: ${asError(cause).message}.`)
  }
}

function objectFrom(text: string): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(text)
    return found !== null && typeof found === 'object' && !Array.isArray(found) ? { ...found } : null
  } catch {
    return null
  }
}

/** A name with a slip in it would leave a setting at its default, and nobody would know. */
function requireSetting(file: string, name: string, value: unknown): void {
  if (!Object.hasOwn(FLAGS, name) || name === 'config') {
    const names = Object.keys(FLAGS).filter(one => one !== 'config')
    const message = `The settings file ${file} has '${printable(name)}', which is no setting.`
    const hint = `There are ${names.join(', ')}.`
    throw new WorkerError({ code: 'WORKER_CONFIG', setting: printable(name) }, message, { hint })
  }
  const isPlain = (one: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof one)
  if (isPlain(value) || (Array.isArray(value) && value.every(isPlain))) return
  throw fail(
    name,
    `The settings file ${file} has a value for ${name} that is neither text, number, true, false nor a list.`
  )
}

function oneOf<T extends string>(setting: Setting, value: string, allowed: readonly T[]): T {
  const found = allowed.find(one => one === value)
  if (found) return found
  throw fail(setting, `'${value}' is no ${setting}; there are ${allowed.join(', ')}.`)
}

function integer(setting: Setting, value: string, min: number, max: number): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && number >= min && number <= max) return number
  throw fail(setting, `'${value}' is no ${setting}; it must be a whole number from ${min} to ${max}.`)
}

function addressOf(setting: Setting, value: string): Address {
  try {
    return address(value)
  } catch {
    throw fail(setting, `'${value}' is no ${setting}; it must be an Ethereum address.`)
  }
}

/** Others take so many addresses of one node. */
const MAX_ANNOUNCED = 8

function announced(addresses: readonly string[]): readonly string[] {
  const bad = addresses.find(one => !isPlace(one))
  if (bad !== undefined) {
    const like = 'it must be like /dns4/node.example/tcp/10301 or /ip4/203.0.113.7/tcp/10401/ws, without a peer id'
    throw fail('announce', `'${printable(bad)}' is no address to announce; ${like}.`)
  }
  if (addresses.length <= MAX_ANNOUNCED) return addresses
  throw fail('announce', `${addresses.length} addresses are announced; others take ${MAX_ANNOUNCED} at most.`)
}

/** @throws WORKER_CONFIG naming the setting. */
export function readConfig(args: readonly string[], env: Environment): Config {
  let flags: Partial<Record<Setting, string | boolean>>
  try {
    flags = parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values
  } catch (cause) {
    throw new WorkerError(
      { code: 'WORKER_CONFIG', setting: 'flags' },
      cause instanceof Error ? cause.message : 'Bad flags.'
    )
  }
  const file = readFile((flags.config as string | undefined) ?? env[variableOf('config')])
  const find = (setting: Setting): string | undefined => {
    const value = flags[setting] ?? env[variableOf(setting)] ?? file[setting]
    if (value === undefined || value === '') return undefined
    return Array.isArray(value) ? value.join(',') : String(value as string | number | boolean)
  }
  const need = (setting: Setting): string => {
    const value = find(setting)
    if (value === undefined) throw fail(setting, `The setting ${setting} is missing.`)
    return value
  }

  const isOn = (setting: Setting, otherwise = 'false'): boolean =>
    ['true', '1'].includes(oneOf(setting, find(setting) ?? otherwise, ['true', 'false', '1', '0']))
  const listOf = (setting: Setting): string[] => (find(setting) ?? '').split(',').filter(one => one !== '')

  const role = oneOf('role', find('role') ?? 'worker', ROLES)
  const name = find('name') ?? role
  const staking = find('staking')
  const confirmations = find('confirmations')
  const p2pPort = integer('p2p-port', find('p2p-port') ?? (role === 'principal' ? '10300' : '10301'), 0, 65_535)
  const wsDefault = p2pPort === 0 || p2pPort + WS_PORT_OFFSET > 65_535 ? 0 : p2pPort + WS_PORT_OFFSET
  const maxPeers = integer('max-peers', find('max-peers') ?? (role === 'worker' ? '128' : '1024'), 2, 4_096)
  const chainUrls = (find('chain-url') ?? 'http://127.0.0.1:8545').split(',').map(url => url.trim())
  if (!chainUrls.every(url => /^https?:\/\//.test(url)) || chainUrls.length > MAX_ENDPOINTS) {
    const what = `one to ${MAX_ENDPOINTS} addresses with commas between, each beginning with http:// or https://`
    throw fail('chain-url', `The chain URL must be ${what}.`)
  }
  return {
    role,
    name,
    chainUrls: [...new Set(chainUrls)],
    enigma: addressOf('enigma', need('enigma')),
    dataDir: resolve(find('data-dir') ?? join(env['ENIGMA_HOME'] ?? '.enigma', 'default', name)),
    httpHost: find('http-host') ?? '127.0.0.1',
    hostNames: listOf('host-names'),
    origins: listOf('origins'),
    httpPort: integer('http-port', find('http-port') ?? (role === 'principal' ? '3336' : '3346'), 0, 65_535),
    p2pHost: find('p2p-host') ?? '127.0.0.1',
    p2pPort,
    wsPort: integer('ws-port', find('ws-port') ?? String(wsDefault), 0, 65_535),
    announce: announced(listOf('announce')),
    wantedPeers: integer('wanted-peers', find('wanted-peers') ?? String(Math.min(32, maxPeers)), 1, maxPeers),
    maxPeers,
    snapshotEvery: integer('snapshot-every', find('snapshot-every') ?? '64', 1, 1_000_000),
    snapshotWorth: integer('snapshot-worth', find('snapshot-worth') ?? '32', 1, 1_000_000),
    verifyFull: isOn('verify-full'),
    maxStreams: integer('max-streams', find('max-streams') ?? '8', 1, 256),
    bootstrap: listOf('bootstrap'),
    operatorKeyFile: need('operator-key-file'),
    staking: staking === undefined ? null : addressOf('staking', staking),
    autoRegister: isOn('auto-register', 'true'),
    autoLogin: isOn('auto-login'),
    standby: isOn('standby'),
    minWorkers: integer('min-workers', find('min-workers') ?? '1', 1, 10_000),
    logFormat: oneOf('log-format', find('log-format') ?? 'text', ['text', 'json'] as const),
    logLevel: oneOf('log-level', find('log-level') ?? 'info', LOG_LEVELS),
    enclave: resolve(find('enclave') ?? join(import.meta.dirname, '../../enclave-sim/dist')),
    isolation: oneOf('isolation', find('isolation') ?? 'auto', ['auto', 'bubblewrap', 'process-only'] as const),
    confirmations: confirmations === undefined ? null : integer('confirmations', confirmations, 1, 1_000),
    crashAt: env['ENIGMA_CRASH_AT']
  }
}

/** The operating key, from a file: neither lists of processes nor environments may show it. */
export function readOperatorKey(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new WorkerError(
      { code: 'WORKER_CONFIG', setting: 'operator-key-file' },
      `The key file ${path} cannot be read.`,
      {
        hint: 'It must hold the operating key as 64 hexadecimal digits.',
        cause
      }
    )
  }
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(text)) {
    throw new WorkerError(
      { code: 'WORKER_CONFIG', setting: 'operator-key-file' },
      `The key file ${path} holds no key.`,
      {
        hint: 'It must hold the operating key as 64 hexadecimal digits.'
      }
    )
  }
  return text.startsWith('0x') ? text : `0x${text}`
}
