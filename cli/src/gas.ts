import { flag, text, type Given, type OptionSpec } from './command.ts'
import { usageError } from './errors.ts'

export const gasOptions = {
  'gas-limit': {
    type: 'string',
    value: 'GAS',
    describe: 'secret-contract gas, 1 to 10^9; default: 100000000. What is not used comes back'
  },
  'gas-price': { type: 'string', value: 'GRAINS', describe: 'grains (10^-8 ENG) per unit of gas; default: 1' }
} as const satisfies Record<string, OptionSpec>

export function readGas(given: Given): { gasLimit?: bigint; gasPx?: bigint } {
  const read = (name: string): bigint | undefined => {
    const word = text(given, name)
    if (word === undefined) return undefined
    if (!/^\d[\d_]*$/.test(word)) throw usageError(`--${name} takes a whole number.`)
    return BigInt(word.replaceAll('_', ''))
  }
  const gasLimit = read('gas-limit')
  const gasPx = read('gas-price')
  return { ...(gasLimit === undefined ? {} : { gasLimit }), ...(gasPx === undefined ? {} : { gasPx }) }
}

/** What a task is sent with: gas, and whether its run is recorded for `enigma debug`. */
export const taskOptions = {
  ...gasOptions,
  trace: {
    type: 'boolean',
    describe: 'have the enclave record the run for `enigma debug`; only this client can read it, and it costs no gas'
  }
} as const satisfies Record<string, OptionSpec>

export const readTaskOptions = (given: Given): ReturnType<typeof readGas> & { readonly trace: boolean } => ({
  ...readGas(given),
  trace: flag(given, 'trace')
})
