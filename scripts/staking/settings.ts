import { readFileSync } from 'node:fs'
import { isAddress, parseUnits } from 'ethers'

/** Environment variables of the scripts: `hardhat run` hands no arguments on. */
export type Environment = Readonly<Record<string, string | undefined>>

const DECIMALS = 8

/** An address that must be given. @throws with a sentence that says which variable to set */
export function addressFrom(env: Environment, name: string): string {
  const value = env[name]
  if (value !== undefined && isAddress(value)) return value
  throw new Error(value === undefined ? `Set ${name} to an address.` : `${name} is no address: ${value}`)
}

/** An amount of ENG, such as 25000 or 0.5, in grains. */
export function amountFrom(env: Environment, name = 'AMOUNT'): bigint {
  const value = env[name]
  if (value === undefined) throw new Error(`Set ${name} to an amount of ENG.`)
  if (!/^\d+(\.\d{1,8})?$/.test(value))
    throw new Error(`${name} is no amount of ENG with at most 8 digits after the point: ${value}`)
  const grains = parseUnits(value, DECIMALS)
  if (grains === 0n) throw new Error(`${name} must be more than nothing.`)
  return grains
}

/** What a worker writes for its registration by hand: docs/guide-staking.md. */
export interface RegistrationFile {
  readonly operator: string
  readonly staking: string
  readonly signer: string
  readonly transportKey: string
  readonly evidence: string
}

/** @throws if the file is not what a worker writes */
export function registrationFrom(env: Environment): RegistrationFile {
  const path = env.REGISTRATION
  if (path === undefined) throw new Error('Set REGISTRATION to the registration.json in the data folder of the worker.')
  const found = JSON.parse(readFileSync(path, 'utf8')) as Partial<RegistrationFile>
  for (const name of ['operator', 'staking', 'signer', 'transportKey', 'evidence'] as const) {
    if (typeof found[name] !== 'string' || !/^0x[0-9a-fA-F]+$/.test(found[name])) {
      throw new Error(`${path} has no ${name}: it is not the file that a worker writes for its registration.`)
    }
  }
  return found as RegistrationFile
}

/** Hashes of the enclave code that may register. */
export function measurementsFrom(env: Environment): readonly string[] {
  const given = env.MEASUREMENTS?.split(',')
  if (given === undefined)
    throw new Error('Set MEASUREMENTS to what `npm run measure` prints, or several with commas between.')
  for (const one of given)
    if (!/^0x[0-9a-fA-F]{64}$/.test(one)) throw new Error(`MEASUREMENTS: '${one}' is no 32-byte hash.`)
  return given
}

export function wholeFrom(env: Environment, name: string, otherwise: number): number {
  const value = env[name]
  if (value === undefined) return otherwise
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} must be a whole number, not ${value}`)
  return Number(value)
}
