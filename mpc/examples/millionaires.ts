import { lt } from '@enigma/mpc'
import { compute } from './local-network.ts'

/** Who is richer? Yao's question: true if Bob has more than Alice, and nobody learns either fortune. */
export async function bobIsRicher(alice: number, bob: number): Promise<boolean> {
  const [[richer]] = (await compute(
    { alice: { values: [alice], magnitude: 40 }, bob: { values: [bob], magnitude: 40 } },
    async (party, inputs) => [await lt(party, inputs.alice, inputs.bob)]
  )) as [[number]]
  return richer === 1
}

if (import.meta.main) console.log('Bob is richer:', await bobIsRicher(10_000_000, 30_000))
