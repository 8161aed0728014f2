import type { Party } from '../session/party.ts'

/**
 * Everyone's bytes at everyone: the same list at all honest parties, whatever corrupt ones tell whom, if present >= 3t + 1.
 *
 * Everyone says its bytes, then t times everyone repeats what it heard from whom; what a party said is the majority of what is said
 * about it, layer by layer, and zeros where there is none.
 *
 * - Shapes: `own` has the same length at all parties; the result has one entry for each present party, in their order.
 * - Cost: t + 1 rounds; each party sends to each other its bytes, then as many for each thing it heard: 3 times more for N = 4, T = 2.
 * - Security: any t corrupt parties. What an honest party says stands.
 * @see Lamport, Shostak, Pease: "The Byzantine generals problem", 1982 (oral messages).
 * @cost n = 4, 2 bytes of each: passive 2 rounds, 24 bytes; active, proved 2 rounds, 24 bytes
 */
export async function broadcast(party: Party, own: Uint8Array): Promise<Uint8Array[]> {
  const op = party.operation('broadcast')
  const { present } = op.session
  const size = own.length
  const nothing = new Uint8Array(size)
  /** By chain of speakers, the last first asked: "2,0" is what 0 says that 2 said. */
  const heard = new Map<string, Uint8Array>()
  const chains = (length: number, chain: readonly number[] = []): (readonly number[])[] =>
    chain.length === length
      ? [chain]
      : present.filter(i => !chain.includes(i)).flatMap(i => chains(length, [...chain, i]))
  heard.set('', own)
  for (let round = 0; round <= op.t; round++) {
    // what there is to say: first one's own bytes, then all that was heard and does not come from oneself
    const topics = (speaker: number): (readonly number[])[] => chains(round).filter(chain => !chain.includes(speaker))
    const words = joined(topics(op.index).map(chain => heard.get(chain.join())!))
    const step = op.step()
    for (const to of op.others) await op.sendBytes(to, step, words)
    const answers = await Promise.all(
      present.map(async from => {
        const about = topics(from)
        const said = from === op.index ? words : await op.receiveBytes(from, step, about.length * size)
        return about.map((chain, i) => [[...chain, from].join(), said.subarray(i * size, (i + 1) * size)] as const)
      })
    )
    for (const [chain, bytes] of answers.flat()) heard.set(chain, bytes)
  }
  const resolve = (chain: readonly number[]): Uint8Array => {
    if (chain.length === op.t + 1) return heard.get(chain.join())!
    const told = present.filter(i => !chain.includes(i)).map(i => resolve([...chain, i]))
    return told.find(bytes => 2 * told.filter(other => same(bytes, other)).length > told.length) ?? nothing
  }
  return present.map(i => resolve([i]))
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i])

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
