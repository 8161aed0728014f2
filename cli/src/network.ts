import { join } from 'node:path'
import { readDevnetState } from '@enigma/devnet'
import { text, type Given, type OptionSpec } from './command.ts'
import { CliError, usageError } from './errors.ts'
import type { Io } from './io.ts'

/** Options of commands that need the chain alone. */
export const chainOptions = {
  'chain-url': {
    type: 'string',
    value: 'URL',
    describe: 'JSON-RPC address of the Ethereum node, or several with commas between; default: the devnet',
    env: 'ENIGMA_CHAIN_URL'
  },
  enigma: {
    type: 'string',
    value: 'ADDRESS',
    describe: 'address of the Enigma contract; default: the devnet',
    env: 'ENIGMA_CONTRACT'
  }
} as const satisfies Record<string, OptionSpec>

/** Options of every command that speaks to a network. The running devnet is the default for all of them. */
export const networkOptions = {
  rpc: {
    type: 'string',
    value: 'URLS',
    describe: 'JSON-RPC address of a worker, or several with commas between; default: all of the devnet',
    env: 'ENIGMA_RPC'
  },
  ...chainOptions
} as const satisfies Record<string, OptionSpec>

export interface NetworkFacts {
  readonly rpc: readonly string[]
  readonly chainUrl: string
  readonly enigma: string
  readonly isDevnet: boolean
  /** Where this user's keys and known contracts of the network are. */
  readonly folder: string
}

/** @throws CLI_NO_NETWORK, CLI_USAGE */
export function findNetwork(given: Given, io: Io): NetworkFacts {
  const rpc = text(given, 'rpc')?.split(',') ?? readDevnetState()?.workers?.map(({ httpUrl }) => httpUrl)
  if (rpc === undefined) throw noNetwork()
  return { ...findChain(given, io), rpc }
}

/** The same for what needs no worker. @throws CLI_NO_NETWORK, CLI_USAGE */
export function findChain(given: Given, io: Io): Omit<NetworkFacts, 'rpc'> {
  const devnet = readDevnetState()
  const chainUrl = text(given, 'chain-url') ?? devnet?.chainUrl
  const enigma = text(given, 'enigma') ?? devnet?.enigma
  if (chainUrl === undefined || enigma === undefined) throw noNetwork()
  if (!/^0x[0-9a-f]{40}$/i.test(enigma)) throw usageError('--enigma takes an address: 0x and 40 hexadecimal digits.')
  const isDevnet = chainUrl === devnet?.chainUrl && enigma === devnet.enigma
  const name = isDevnet ? 'devnet' : `network-${enigma.toLowerCase().slice(2, 14)}`
  return { chainUrl, enigma, isDevnet, folder: join(homeOf(io), name, 'client') }
}

/** Addresses of workers alone, for questions that need no chain. @throws CLI_NO_NETWORK */
export function findWorkers(given: Given): readonly string[] {
  const rpc = text(given, 'rpc')?.split(',') ?? readDevnetState()?.workers?.map(({ httpUrl }) => httpUrl)
  if (rpc === undefined) throw noNetwork()
  return rpc
}

const homeOf = ({ env }: Io): string => env.ENIGMA_HOME ?? join(import.meta.dirname, '../../.enigma')

const noNetwork = (): CliError =>
  new CliError({ code: 'CLI_NO_NETWORK' }, 'No network runs on this machine, and none is given.', {
    hint: 'Start one with `./launch.sh -s`, or name one with --rpc, --chain-url and --enigma.'
  })
