import { EnigmaError, envelopeCodec, type SignedQuery, type SignedQueryAnswer } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import { WorkerError } from '../errors.ts'
import type { QuerySeat } from '../sync/query-relay.ts'
import type { EnclaveFeed } from './feed.ts'
import type { ChainViews } from './views.ts'

export interface QuerySeatParts {
  readonly chain: ChainReader
  readonly enclave: Enclave
  readonly views: ChainViews
  readonly feed: EnclaveFeed
}

/** A head may come between the view and the run; once more is enough, the next seat may do better. */
const ATTEMPTS = 2

/** Answers read-only calls with this node's enclave (R8): a fresh view, the state up to its head, then the run. docs/spec/queries.md */
export function createQuerySeat({ chain, enclave, views, feed }: QuerySeatParts): QuerySeat {
  async function attempt(query: SignedQuery, signal: AbortSignal): Promise<SignedQueryAnswer> {
    const { scAddr } = envelopeCodec.decode(query.envelope).context
    const { nonce, view } = await views.open([{ scAddr, taskIds: [] }], chain.head().number, signal)
    const contract = view.contracts.find(one => one.scAddr === scAddr)
    if (!contract || contract.deltaCount === 0) {
      throw new WorkerError({ code: 'SC_UNKNOWN', scAddr }, `There is no secret contract at ${scAddr}.`)
    }
    await feed.bring(scAddr, contract.codeHash, contract.deltaCount, signal)
    return enclave.call('query', { ...query, nonce })
  }

  return {
    async answer(query, signal) {
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(query, signal)
        } catch (error) {
          if (!(error instanceof WorkerError)) throw error
          const refused = error.facts.code === 'ENCLAVE_REFUSED' ? error.facts.reason : error.code
          if (tries < ATTEMPTS && ['WORKER_BEHIND', 'CHAIN_BEHIND'].includes(refused)) continue
          // To the entry worker, and to the client, it is the enclave that speaks.
          throw refused === error.code ? error : new EnigmaError({ code: refused }, error.message, { cause: error })
        }
      }
    }
  }
}
