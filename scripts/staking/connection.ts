import { Contract, formatUnits, type Signer } from 'ethers'
import { network } from 'hardhat'
import { enigmaAbi, tokenAbi } from '@enigma/protocol'
import { addressFrom, type Environment } from './settings.ts'

/** What a staking script works with. */
export interface Staking {
  readonly enigma: Contract
  readonly token: Contract
  /** The accounts that the network's configuration gives. */
  readonly accounts: readonly Signer[]
  readonly env: Environment
  print(line: string): void
}

/** Connects to the network that `--network` names and to the Enigma at the address in ENIGMA. */
export async function connectStaking(env: Environment = process.env): Promise<Staking> {
  const { ethers } = await network.getOrCreate()
  const accounts = await ethers.getSigners()
  if (accounts.length === 0) throw new Error('The network has no accounts: give it keys in hardhat.config.ts.')
  const enigma = new Contract(addressFrom(env, 'ENIGMA'), [...enigmaAbi], ethers.provider)
  if ((await ethers.provider.getCode(enigma)) === '0x') throw new Error(`There is no contract at ${env.ENIGMA}.`)
  const token = new Contract((await enigma.getFunction('token').staticCall()) as string, [...tokenAbi], ethers.provider)
  return { enigma, token, accounts, env, print: line => console.log(line) }
}

/** The account that signs: the one at the address in `name`, else the network's first. */
export async function accountFrom({ accounts, env }: Staking, name: string): Promise<Signer> {
  if (env[name] === undefined) return accounts[0]!
  const wanted = addressFrom(env, name).toLowerCase()
  for (const account of accounts) if ((await account.getAddress()).toLowerCase() === wanted) return account
  throw new Error(`The network has no key for ${name} ${env[name]}: give it one in hardhat.config.ts.`)
}

/** Sends a transaction, waits for its inclusion and prints it. @throws if it reverts, with the contract's error by name */
export async function transact(
  { print }: Staking,
  contract: Contract,
  from: Signer,
  name: string,
  ...args: unknown[]
): Promise<void> {
  const call = (contract.connect(from) as Contract).getFunction(name)
  await call.staticCall(...args) // a revert is read here, before anything is paid for
  const sent = await call.send(...args)
  const receipt = await sent.wait()
  print(`${name}: ${sent.hash} in block ${receipt?.blockNumber}`)
}

/** Grains as ENG. */
export const eng = (grains: bigint): string => `${formatUnits(grains, 8)} ENG`
