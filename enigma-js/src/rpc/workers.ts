import type { RpcMethods } from '@enigma/protocol'
import { ClientError } from '../errors.ts'
import { callWorker, type HttpMethod, type RpcCallOptions } from './call.ts'
import { isAbort } from '../waiting.ts'

/** The workers that the client may ask, in turn: the one that answered last is asked first, one that did not answer at all last. */
export class Workers {
  #urls: readonly string[]

  constructor(urls: readonly string[]) {
    const valid = urls.filter(url => /^https?:\/\//.test(url))
    if (valid.length === 0 || valid.length < urls.length) {
      throw new ClientError(
        { code: 'CLIENT_SETTING', what: 'rpc' },
        'network.rpc must be the http address of a worker, or a list of them.'
      )
    }
    this.#urls = [...new Set(valid)]
  }

  get urls(): readonly string[] {
    return this.#urls
  }

  /**
   * Runs `work` against one worker after the other until one succeeds.
   *
   * @throws what the first worker that answered at all was refused for; WORKER_UNREACHABLE if none answered.
   */
  async any<T>(work: (url: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let first: unknown
    for (const url of this.#urls) {
      try {
        const result = await work(url)
        this.#urls = [url, ...this.#urls.filter(other => other !== url)]
        return result
      } catch (error) {
        if (isAbort(error, signal)) throw error
        if (isLocal(error)) throw error
        if (isUnreachable(error)) this.#putLast(url)
        if (first === undefined || isUnreachable(first)) first = error
      }
    }
    throw first as Error
  }

  /** Each call to a worker that sleeps costs its whole time limit, and an epoch may be over by then: the next one is not to begin there. */
  #putLast(url: string): void {
    this.#urls = [...this.#urls.filter(other => other !== url), url]
  }

  call<M extends HttpMethod>(
    method: M,
    params: RpcMethods[M][0],
    options: RpcCallOptions = {}
  ): Promise<RpcMethods[M][1]> {
    return this.any(url => callWorker(url, method, params, options), options.signal)
  }
}

const isUnreachable = (error: unknown): boolean => error instanceof ClientError && error.code === 'WORKER_UNREACHABLE'

/** Faults that another worker would not mend. */
const isLocal = (error: unknown): boolean =>
  error instanceof ClientError && (error.code === 'CHAIN_UNREACHABLE' || error.code === 'CLIENT_SETTING')
