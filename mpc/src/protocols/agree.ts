import type { Party } from '../session/party.ts'

/**
 * Which parties say yes: the same answer at all honest parties, whatever corrupt ones tell whom, if present >= 3t + 1.
 *
 * Everyone says its bit, then t times everyone repeats what it heard from whom; what a party said is the majority of what is said
 * about it, layer by layer.
 *
 * - Cost: t + 1 rounds; each party sends to each other 1 byte, then one for each thing it heard: 3 bytes more for N = 4, T = 2.
 * - Security: any t corrupt parties. An honest party's own bit stands.
 * @see Lamport, Shostak, Pease: "The Byzantine generals problem", 1982 (oral messages).
 */
export async function whoSays(party: Party, yes: boolean): Promise<number[]> {
  const op = party.operation('who-says')
  const { present } = op.session
  /** By chain of speakers, the last first asked: "2,0" is what 0 says that 2 said. */
  const heard = new Map<string, number>()
  const chains = (length: number, chain: readonly number[] = []): (readonly number[])[] =>
    chain.length === length
      ? [chain]
      : present.filter(i => !chain.includes(i)).flatMap(i => chains(length, [...chain, i]))
  heard.set('', yes ? 1 : 0)
  for (let round = 0; round <= op.t; round++) {
    // what there is to say: first one's own bit, then all that was heard and does not come from oneself
    const topics = (speaker: number): (readonly number[])[] => chains(round).filter(chain => !chain.includes(speaker))
    const words = Uint8Array.from(topics(op.index), chain => heard.get(chain.join())!)
    const step = op.step()
    for (const to of op.others) await op.sendBytes(to, step, words)
    const answers = await Promise.all(
      present.map(async from => {
        const about = topics(from)
        const said = from === op.index ? words : await op.receiveBytes(from, step, about.length)
        return about.map((chain, i) => [[...chain, from].join(), said[i] === 1 ? 1 : 0] as const)
      })
    )
    for (const [chain, bit] of answers.flat()) heard.set(chain, bit)
  }
  const resolve = (chain: readonly number[]): number => {
    if (chain.length === op.t + 1) return heard.get(chain.join())!
    const others = present.filter(i => !chain.includes(i))
    return 2 * others.reduce((sum, i) => sum + resolve([...chain, i]), 0) > others.length ? 1 : 0
  }
  return present.filter(i => resolve([i]) === 1)
}
