import { gte, pick, publicValue, select, stack, type Party, type Secret } from '@enigma/mpc'
import { compute } from './local-network.ts'

/** Inner nodes compare a feature with a threshold; leaves are classes. The tree is public here, the patient is not. */
export type Tree =
  | { readonly feature: number; readonly threshold: number; readonly below: Tree; readonly above: Tree }
  | { readonly leaf: number }

/** Evaluates every comparison of the tree at once, then folds the leaves: which path was taken stays secret. */
export async function classify(tree: Tree, features: readonly number[]): Promise<number> {
  const [[found]] = (await compute(
    { features: { values: features, magnitude: 12, fraction: 8 } },
    async (party, inputs) => {
      const nodes: { feature: number; threshold: number }[] = []
      const visit = (node: Tree): void => {
        if ('leaf' in node) return
        nodes.push(node)
        visit(node.below)
        visit(node.above)
      }
      visit(tree)
      const left = pick(
        party,
        inputs.features,
        nodes.map(({ feature }) => feature)
      )
      const right = publicValue(
        party,
        nodes.map(({ threshold }) => threshold),
        8
      )
      return [await fold(party, tree, await gte(party, left, right), { next: 0 })]
    }
  )) as [[number]]
  return found
}

async function fold(party: Party, node: Tree, taken: Secret, at: { next: number }): Promise<Secret> {
  if ('leaf' in node) return publicValue(party, [node.leaf])
  const here = pick(party, taken, [at.next++])
  const below = await fold(party, node.below, taken, at)
  const above = await fold(party, node.above, taken, at)
  return select(party, here, stack(party, [above]), stack(party, [below]))
}

if (import.meta.main) {
  const tree: Tree = {
    feature: 0,
    threshold: 37.5,
    below: { leaf: 0 },
    above: { feature: 1, threshold: 120, below: { leaf: 1 }, above: { leaf: 2 } }
  }
  console.log('class', await classify(tree, [38.2, 131]))
}
