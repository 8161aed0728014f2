import {
  ANY_OP,
  EIP712_TYPES,
  addressOfPrivateKey,
  eip712Domain,
  fromHex,
  opsHashOf,
  randomBytes,
  randomHash,
  signDigest,
  typedDigest,
  type Address,
  type Domain,
  type Permit,
  type Query,
  type ScAddr,
  type SignedPermit
} from '@enigma/protocol'
import { requirePayer, type Account, type Payer } from '../account/account.ts'
import { isRejection, rejected } from '../chain/revert.ts'

/** Who signs queries, and in whose name. */
export interface QueryKey {
  readonly issuer: Address
  readonly permit: SignedPermit | null // null: the issuer itself signs
  /** Of the permit, seconds of the chain; null without one. */
  readonly expiry: number | null
  sign(query: Query): Promise<Uint8Array>
}

export interface QueryKeyOptions {
  /** Functions that may be asked, such as `balanceOf(address)`; default: all. */
  readonly functions?: readonly string[]
  /** How long the permit holds. Nobody can take it back before. Default: an hour. */
  readonly seconds?: number
}

const DEFAULT_SECONDS = 3_600
/** A permit that ends so soon is renewed before the next query. */
const RENEW_SECONDS = 30

/** A key that this process holds: no permit is needed, and no person asked. */
function ownKey({ signer, address }: Payer, domain: Domain): QueryKey {
  return {
    issuer: address,
    permit: null,
    expiry: null,
    sign: async query => fromHex(await signer.signTypedData(eip712Domain(domain), EIP712_TYPES.Query, query), 65)
  }
}

/**
 * A key made here, with the wallet's permit for one contract: the wallet asks once, and then no more until the permit ends.
 * The key stays in memory.
 *
 * @throws USER_REJECTED
 */
export async function sessionKey(
  account: Account,
  domain: Domain,
  scAddr: ScAddr,
  nowSeconds: number,
  { functions = [ANY_OP], seconds = DEFAULT_SECONDS }: QueryKeyOptions = {}
): Promise<QueryKey> {
  const { signer, address: issuer } = requirePayer(account)
  const privateKey = randomBytes(32)
  const permit: Permit = {
    issuer,
    grantee: addressOfPrivateKey(privateKey),
    scope: scAddr as string as Permit['scope'],
    ops: opsHashOf(functions),
    notBefore: 0,
    expiry: nowSeconds + seconds,
    maxUses: 0,
    nonce: randomHash()
  }
  let signature: Uint8Array
  try {
    signature = fromHex(await signer.signTypedData(eip712Domain(domain), EIP712_TYPES.Permit, permit), 65)
  } catch (error) {
    if (isRejection(error)) throw rejected('the permit for queries', error)
    throw error
  }
  return {
    issuer,
    permit: { permit, ops: functions, signature },
    expiry: permit.expiry,
    sign: query => Promise.resolve(signDigest(typedDigest(domain, 'Query', query), privateKey))
  }
}

/** The keys of one client: its own where it holds it, else one session key per contract. */
export class QueryKeys {
  readonly #account: Account
  readonly #domain: Domain
  readonly #sessions = new Map<ScAddr, Promise<QueryKey>>()

  constructor(account: Account, domain: Domain) {
    this.#account = account
    this.#domain = domain
  }

  /** @throws CLIENT_SETTING for a client without an account; USER_REJECTED */
  async keyFor(scAddr: ScAddr, nowSeconds: number): Promise<QueryKey> {
    const payer = requirePayer(this.#account)
    if (payer.holdsKey) return ownKey(payer, this.#domain)
    const held = await this.#sessions.get(scAddr)
    if (held && (held.expiry ?? Infinity) - RENEW_SECONDS > nowSeconds) return held
    return this.open(scAddr, nowSeconds)
  }

  /** Asks the wallet for a permit now; queries that come meanwhile wait for the same one. */
  open(scAddr: ScAddr, nowSeconds: number, options?: QueryKeyOptions): Promise<QueryKey> {
    const asked = sessionKey(this.#account, this.#domain, scAddr, nowSeconds, options)
    this.#sessions.set(scAddr, asked)
    asked.catch(() => {
      if (this.#sessions.get(scAddr) === asked) this.#sessions.delete(scAddr)
    })
    return asked
  }

  /** Forgets a contract's session key: what it permitted ends with the key. */
  close(scAddr: ScAddr): void {
    this.#sessions.delete(scAddr)
  }
}
