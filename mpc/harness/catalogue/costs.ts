import { readFile, writeFile } from 'node:fs/promises'
import { seeded } from '../attack.ts'
import { Depths } from '../depth.ts'
import { runParties } from '../local-parties.ts'
import type { Conversation } from './conversations.ts'
import type { AttackTarget } from './targets.ts'

/** What the busiest party of three sends. */
interface Cost {
  readonly rounds: number
  readonly bytes: number
}

/** Counts what an entry of the catalogue costs at n = 3 with the default modulus, its release with the proof of products included. */
export async function measure(target: AttackTarget, security: 'passive' | 'active'): Promise<Cost> {
  const setting = { n: 3, t: 1 }
  const { start } = target.make(seeded(1), setting)
  const program = start(setting)
  const depths = new Depths()
  const { traffic } = await runParties({ ...setting, security, timeoutMs: 60_000, wrap: depths.wrap }, program)
  return {
    rounds: depths.rounds,
    bytes: Math.max(...traffic.map(({ bytes }) => bytes))
  }
}

const line = (cost: Cost): string => `${cost.rounds} round${cost.rounds === 1 ? '' : 's'}, ${cost.bytes} bytes`
export const tagOf = (passive: Cost, active: Cost): string =>
  `@cost n = 3, input of harness/catalogue: passive ${line(passive)}; active, proved, ${line(active)}`

const TAG = /@cost ([^\n]*?)\s*(?:\*\/|\n|$)/
/** The figures in a docstring, or null. */
export const documented = (comment: string): string | null => {
  const found = TAG.exec(comment)
  return found ? `@cost ${found[1]}` : null
}

/** Puts the tag into the docstring of a function, in place of an old one; writes the file. */
export async function document(conversation: Conversation, tag: string): Promise<void> {
  const text = await readFile(conversation.file, 'utf8')
  const name = conversation.name.split('.').at(-1)!
  const declaration = new RegExp(
    `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?(?=export (?:async )?(?:function|const) ${name}\\b)`
  )
  const next = text.replace(declaration, (comment: string) => {
    const lines = comment
      .replace(/^\/\*\*\s?|\s*\*\/\n?$/g, '')
      .split('\n')
      .map(each => each.replace(/^\s*\*\s?/, ''))
      .filter(each => !each.startsWith('@cost'))
    while (lines[0] === '') lines.shift()
    if (lines.length === 0) return `/** ${tag} */\n`
    return `/**\n${[...lines, tag].map(each => ` * ${each}`.trimEnd()).join('\n')}\n */\n`
  })
  await writeFile(conversation.file, next)
}
