import type { TransactionReceipt } from 'ethers'
import { requirePayer } from '../account/account.ts'
import { revertOf } from '../chain/revert.ts'
import { mined, send, type ContractCall } from '../chain/send.ts'
import { ClientError } from '../errors.ts'
import type { Session } from '../session.ts'
import { sleep } from '../waiting.ts'
import type { Emitter } from './emitter.ts'

/**
 * Sends a transaction and tells of it as the original did: `<name>TransactionHash`, `<name>Receipt`, and `<name>Confirmation` with its
 * number and the receipt, from 1 to the network's confirmations.
 *
 * @throws USER_REJECTED, INSUFFICIENT_ETH, TX_REVERTED, TX_PENDING
 */
export async function sendTelling(
  session: Session,
  call: ContractCall,
  name: string,
  emitter: Emitter
): Promise<TransactionReceipt> {
  const { chain, timeouts, confirmations } = session
  const { what } = call
  const hash = await send(requirePayer(session.account), call).catch((error: unknown) => {
    const revert = revertOf(error)
    throw revert === null ? (error as Error) : reverted(what, revert.name, error)
  })
  emitter.emit(`${name}TransactionHash`, hash)
  const receipt = await mined(chain, hash, timeouts)
  if (receipt.status !== 1) throw reverted(what, 'unknown')
  emitter.emit(`${name}Receipt`, receipt)
  for (let number = 1; number <= confirmations; number++) {
    while ((await chain.blockNumber()) - receipt.blockNumber + 1 < number) await sleep(timeouts.pollMs)
    emitter.emit(`${name}Confirmation`, number, receipt)
  }
  return receipt
}

const reverted = (what: string, reason: string, cause?: unknown): ClientError =>
  new ClientError({ code: 'TX_REVERTED', what, reason }, `Ethereum reverted ${what}: ${reason}.`, {
    hint: 'Nothing was changed but the Ethereum gas that it took.',
    cause
  })
