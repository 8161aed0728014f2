import { getAddress } from 'ethers/address'
import { address, addressOfPrivateKey, fromHex, keccakTuple, type Address, type Hex } from '@enigma/protocol'
import { TestingError } from './errors.ts'

/** Somebody who sends tasks. The key is there to sign what a contract checks with `crypto.recover`. */
export interface Account {
  readonly address: string // with its checksum, as results have it
  readonly privateKey: Hex
}

export type Sender = Account | string

/** Account `index` of every test network; never use its key for anything else. @throws TESTING_OPTION */
export function accountOf(index: number): Account {
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new TestingError({ code: 'TESTING_OPTION', option: 'index' }, 'Accounts are numbered 0, 1, 2, ...')
  }
  const privateKey = keccakTuple(['string', 'uint256'], ['enigma/testing/account', index])
  return { address: getAddress(addressOfPrivateKey(fromHex(privateKey))), privateKey }
}

/** @throws TESTING_OPTION */
export function addressOf(sender: Sender): Address {
  try {
    return address(typeof sender === 'string' ? sender : sender.address)
  } catch (cause) {
    throw new TestingError({ code: 'TESTING_OPTION', option: 'from' }, '`from` must be an account or an address.', {
      cause
    })
  }
}
