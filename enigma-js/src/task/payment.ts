import { Signature } from 'ethers'
import { ClientError } from '../errors.ts'
import { inEng } from './amounts.ts'
import type { Payment, Permit } from './permit.ts'
import type { CallOptions, PermitDomain } from '../chain/chain.ts'
import { tokenInterface, type TokenFunction } from '../chain/contracts.ts'
import { isRejection, isRevert, rejected } from '../chain/revert.ts'
import { mined, send } from '../chain/send.ts'
import type { Payer } from '../account/account.ts'
import type { Session } from '../session.ts'

/** A person may take some minutes in the wallet, and the transaction some more to be mined. */
const PERMIT_SECONDS = 3600
/** Left of them when a permit is still used: for the transaction's block. */
const SPARE_SECONDS = 600
const APPROVE_GAS = 100_000n

const PERMIT_TYPES = {
  Permit: ['address owner', 'address spender', 'uint256 value', 'uint256 nonce', 'uint256 deadline'].map(field => {
    const [type, name] = field.split(' ') as [string, string]
    return { name, type }
  })
}

/** What an account has and may do with ENG, as the chain says it at one time. */
export interface Funds {
  readonly balance: bigint // grains
  readonly allowance: bigint // of Enigma, grains
  /** Null: the token has no permits. */
  readonly permits: (PermitDomain & { readonly nonce: bigint }) | null
  readonly timeSeconds: number
}

/** Asks for everything at once, since each question after another one costs a user who is far away a round trip. */
export async function fundsOf({ chain }: Session, payer: Payer): Promise<Funds> {
  const one = async (name: TokenFunction, args: readonly unknown[], options: CallOptions = {}): Promise<bigint> =>
    (await chain.readToken(name, args, options))[0] as bigint
  const permits = async (): Promise<Funds['permits']> => {
    const [domain, nonce] = await Promise.all([
      chain.permitDomain(),
      one('nonces', [payer.address], { block: 'pending' }).catch((error: unknown) => {
        if (isRevert(error)) return null
        throw error
      })
    ])
    return domain === null || nonce === null ? null : { ...domain, nonce }
  }
  const [balance, allowance, permitted, { timeSeconds }] = await Promise.all([
    one('balanceOf', [payer.address]),
    one('allowance', [payer.address, chain.enigma]),
    permits(),
    chain.latestBlock()
  ])
  return { balance, allowance, permits: permitted, timeSeconds }
}

/** @throws INSUFFICIENT_ENG */
export function requireBalance({ balance }: Funds, payer: Payer, fee: bigint): void {
  if (balance >= fee) return
  throw new ClientError(
    { code: 'INSUFFICIENT_ENG', needed: fee, balance },
    `The fee is ${inEng(fee)} ENG at most, and ${payer.address} has ${inEng(balance)} ENG.`
  )
}

/**
 * Lets Enigma take the fee: an allowance that stands already, else a permit, else (a token or wallet without permits) an
 * approval in a transaction of its own.
 *
 * @throws USER_REJECTED, TX_REVERTED, TX_PENDING, INSUFFICIENT_ETH
 */
export async function arrangePayment(
  session: Session,
  payer: Payer,
  fee: bigint,
  funds: Funds,
  signal?: AbortSignal
): Promise<Payment> {
  if (funds.allowance >= fee) return { kind: 'allowance' }
  // Signed for a task that was then refused or given up, and never used.
  const kept = session.permits.get(fee)
  if (kept !== undefined && isUsable(funds, kept)) return kept
  const signed = await permit(session, payer, fee, funds)
  if (signed === null) return approve(session, payer, fee, signal)
  session.permits.set(fee, signed)
  return signed
}

/**
 * Another payment after the contract found too little allowance: signed anew if the permit cannot be used any more, since its nonce was
 * used by another client of the account or its time is over. A permit that still could be used is one that the token does not take, of
 * a wallet that is a contract for instance: that wallet approves in a transaction, and is not asked for the same signature again.
 */
export async function rearrangePayment(
  session: Session,
  payer: Payer,
  fee: bigint,
  refused: Payment,
  signal?: AbortSignal
): Promise<Payment> {
  const funds = await fundsOf(session, payer)
  if (refused.kind === 'permit' && isUsable(funds, refused)) {
    session.permits.delete(fee)
    return approve(session, payer, fee, signal)
  }
  return arrangePayment(session, payer, fee, funds, signal)
}

const isUsable = ({ permits, timeSeconds }: Funds, { nonce, deadline }: Permit): boolean =>
  nonce === permits?.nonce && timeSeconds + SPARE_SECONDS < deadline

async function permit(
  { chain }: Session,
  payer: Payer,
  fee: bigint,
  { permits, timeSeconds }: Funds
): Promise<Permit | null> {
  if (permits === null) return null
  const { name, version, nonce } = permits
  const deadline = Math.max(timeSeconds, Math.floor(Date.now() / 1000)) + PERMIT_SECONDS
  const full = { name, version, chainId: chain.chainId, verifyingContract: await chain.token() }
  const value = { owner: payer.address, spender: chain.enigma, value: fee, nonce, deadline }
  try {
    const { v, r, s } = Signature.from(await payer.signer.signTypedData(full, PERMIT_TYPES, value))
    return { kind: 'permit', nonce, deadline, v, r, s }
  } catch (error) {
    if (isRejection(error)) throw rejected('the payment permit', error)
    return null // a wallet that cannot sign typed data
  }
}

async function approve(
  { chain, timeouts }: Session,
  payer: Payer,
  fee: bigint,
  signal?: AbortSignal
): Promise<Payment> {
  const what = 'the approval of the fee'
  const data = tokenInterface.encodeFunctionData('approve', [chain.enigma, fee])
  const hash = await send(payer, { what, to: await chain.token(), data, gas: APPROVE_GAS })
  const receipt = await mined(chain, hash, timeouts, signal)
  if (receipt.status === 1) return { kind: 'allowance' }
  throw new ClientError({ code: 'TX_REVERTED', what, reason: 'unknown' }, 'Ethereum reverted the approval of the fee.')
}
