import { HDNodeWallet } from 'ethers'

/** The mnemonic that every Ethereum tool uses for throw-away chains. Everybody knows its keys. */
const mnemonic = 'test test test test test test test test test test test junk'

/** Accounts that the chain must have money for. */
export const accountCount = 40

export interface DevAccount {
  readonly address: string
  readonly privateKey: string
}

let root: HDNodeWallet | undefined

/** Account i of the well-known mnemonic, path m/44'/60'/0'/0/i. */
export function devAccount(index: number): DevAccount {
  root ??= HDNodeWallet.fromPhrase(mnemonic, undefined, "m/44'/60'/0'/0")
  const { address, privateKey } = root.deriveChild(index)
  return { address, privateKey }
}

/** Who uses which account, so that no two senders share a nonce. Workers count from 1. */
export const roles = {
  admin: () => devAccount(0),
  operator: (worker: number) => devAccount(worker),
  principal: () => devAccount(10),
  standby: () => devAccount(30),
  users: () => Array.from({ length: 9 }, (_, i) => devAccount(11 + i)),
  staking: (worker: number) => devAccount(20 + worker)
} as const
