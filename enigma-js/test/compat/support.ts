import { memoryStorage } from '../../src/index.ts'
import { Enigma, type Emitter, type LegacyConfig, type LegacyError, type LegacyTask } from '../../src/compat/index.ts'
import type { Scene } from '../support/scene.ts'
import { ENIGMA, TOKEN } from '../support/scripted-chain.ts'

export const GAS = 100_000_000
export const code = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])

/** The original's constructor, with a web3 instance for a provider. */
export function legacy(scene: Scene, config: LegacyConfig = {}, token: string = TOKEN): Enigma {
  const web3 = { currentProvider: scene.chain }
  const defaults = { gas: 4712388, from: scene.chain.sender }
  return new Enigma(web3, ENIGMA, token, scene.server.url, defaults, {
    storage: memoryStorage(),
    timeouts: { pollMs: 5, resultMs: 200, transactionMs: 1_000 },
    retry: { retries: 2, minTimeout: 1, randomize: false },
    onNotice: () => undefined,
    ...config
  })
}

/** What an emitter told, in order, until `last` or `error`. */
export function told(emitter: Emitter, events: readonly string[], last: string): Promise<[string, ...unknown[]][]> {
  const seen: [string, ...unknown[]][] = []
  return new Promise(resolve => {
    for (const event of new Set([...events, last, 'error'])) {
      emitter.on(event, (...values: unknown[]) => {
        seen.push([event, ...values])
        if (event === last || event === 'error') resolve(seen)
      })
    }
  })
}

export const names = (seen: readonly [string, ...unknown[]][]): string[] => seen.map(([event]) => event)

/** The task of an event. @throws the error that was told instead. */
export async function taskOf(emitter: Emitter, event: string): Promise<LegacyTask> {
  const [name, value] = (await told(emitter, [], event)).at(-1)!
  if (name === 'error') throw value as Error
  return value as LegacyTask
}

export async function errorOf(emitter: Emitter): Promise<LegacyError> {
  return (await told(emitter, [], 'error')).at(-1)![1] as LegacyError
}
