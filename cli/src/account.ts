import { statSync } from 'node:fs'
import { devAccount } from '@enigma/devnet'
import { text, type Given, type OptionSpec } from './command.ts'
import { CliError } from './errors.ts'
import { readText } from './files/json-file.ts'
import type { NetworkFacts } from './network.ts'

/** Options of every command that pays. A key never stands on the command line or in the environment, only its file's name does. */
export const accountOptions = {
  account: { type: 'string', value: 'N', describe: 'account of the devnet, 11 to 19; default: 11' },
  'key-file': {
    type: 'string',
    value: 'FILE',
    describe: 'file with the private key, as 0x hex',
    env: 'ENIGMA_PRIVATE_KEY_FILE'
  }
} as const satisfies Record<string, OptionSpec>

/** The first account that belongs to nobody else on a devnet, and the last. */
const FIRST = 11
const LAST = 19

/** The private key to pay with. @throws CLI_ACCOUNT */
export function findKey(given: Given, { isDevnet }: Pick<NetworkFacts, 'isDevnet'>): string {
  const number = text(given, 'account')
  const file = text(given, 'key-file')
  if (number === undefined && file !== undefined) return keyFrom(file)
  if (!isDevnet) {
    throw refuse(
      'account',
      'Accounts by number exist on the devnet only.',
      'Give the file of your key with --key-file.'
    )
  }
  const index = number === undefined ? FIRST : Number(number)
  if (!Number.isInteger(index) || index < FIRST || index > LAST) {
    throw refuse('account', `--account takes a number from ${FIRST} to ${LAST}.`)
  }
  return devAccount(index).privateKey
}

function keyFrom(path: string): string {
  const found = readText(path)
  if (found === null) throw refuse('key file', `There is no key file ${path}.`)
  if ((statSync(path).mode & 0o077) !== 0) {
    throw refuse('key file', `Other users of this machine can read ${path}.`, `Run: chmod 600 ${path}`)
  }
  const key = found.trim()
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(key))
    throw refuse('key file', `${path} does not hold a private key as 64 hexadecimal digits.`)
  return key.startsWith('0x') ? key : `0x${key}`
}

const refuse = (what: string, sentence: string, hint?: string): CliError =>
  new CliError({ code: 'CLI_ACCOUNT', what }, sentence, hint === undefined ? {} : { hint })
