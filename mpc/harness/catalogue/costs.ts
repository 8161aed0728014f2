import { readFile, writeFile } from 'node:fs/promises'
import { combine } from '../../src/client.ts'
import { DEFAULT_PRIME, Field } from '../../src/field/field.ts'
import type { Security } from '../../src/session/party.ts'
import { seeded } from '../attack.ts'
import { Depths } from '../depth.ts'
import { runParties } from '../local-parties.ts'
import type { Conversation } from './conversations.ts'
import type { Setting } from './protocol.ts'
import type { AttackTarget, Made } from './targets.ts'

const field = Field.of(DEFAULT_PRIME)

/** What the busiest party sends. */
interface Cost {
  readonly rounds: number
  readonly bytes: number
}

/** Networks that costs are given for. */
const NETWORKS: readonly Setting[] = [
  { n: 3, t: 1 },
  { n: 4, t: 1 }
]

/** Runs an entry honestly with the default modulus and counts, its release with the proof of products included. @throws if it is wrong */
async function measure(target: AttackTarget, made: Made, setting: Setting, security: Security): Promise<Cost> {
  const depths = new Depths()
  const { results, traffic } = await runParties(
    {
      ...{ ...setting, security, timeoutMs: 60_000, wrap: depths.wrap },
      ...(target.tamper ? { intercept: target.tamper() } : {})
    },
    made.start(setting)
  )
  const { values } = combine(
    results.map((shares, index) => ({ index, shares })),
    { prime: DEFAULT_PRIME, ...setting }
  )
  const signed = field.toSigned(values)
  if (!made.right(signed)) throw new Error(`${target.name}, n = ${setting.n}, ${security}: ${signed} is wrong.`)
  return { rounds: depths.rounds, bytes: Math.max(...traffic.map(({ bytes }) => bytes)) }
}

const line = (cost: Cost): string => `${cost.rounds} round${cost.rounds === 1 ? '' : 's'}, ${cost.bytes} bytes`

/** The lines for a docstring: three nodes and four; a small input, and for three nodes a large one where there is another way for it. */
export async function tagsOf(target: AttackTarget): Promise<string[]> {
  const tags: string[] = []
  for (const setting of NETWORKS.filter(target.fits)) {
    const all = target.counted(seeded(1), setting)
    for (const made of setting.n === 3 ? all : all.slice(0, 1)) {
      const costs: string[] = []
      for (const mode of target.modes) {
        const name = mode === 'active' ? 'active, proved' : mode
        costs.push(`${name} ${line(await measure(target, made, setting, mode))}`)
      }
      tags.push(`@cost n = ${setting.n}, ${made.size}: ${costs.join('; ')}`)
    }
  }
  return tags
}

const TAG = /@cost ([^\n]*?)\s*(?:\*\/|\n|$)/g
/** The figures in a docstring. */
export const documented = (comment: string): string[] => [...comment.matchAll(TAG)].map(found => `@cost ${found[1]}`)

/** Puts the tags into the docstring of a function, in place of old ones; writes the file. */
export async function document(conversation: Conversation, tags: readonly string[]): Promise<void> {
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
    return `/**\n${[...lines, ...tags].map(each => ` * ${each}`.trimEnd()).join('\n')}\n */\n`
  })
  await writeFile(conversation.file, next)
}

const PAGE = new URL('../../../docs/spec/mpc-costs.md', import.meta.url)
const COST = /^@cost n = (\d+), (.*?): (.*)$/
/** "passive 1 round, 24 bytes" in a cell of its own: 1 / 24. */
const cell = (costs: string, mode: string): string => {
  const found = new RegExp(`(?:^|; )${mode}\\D* (\\d+) rounds?, (\\d+) bytes`).exec(costs)
  return found ? `${found[1]} / ${Number(found[2]).toLocaleString('en-US')}` : ''
}

/** docs/spec/mpc-costs.md: the figures of all docstrings in one table. */
export function pageOf(conversations: readonly Conversation[]): string {
  const rows = conversations.flatMap(({ name, comment }) =>
    documented(comment).map((tag, i) => {
      const [, n, size, costs] = COST.exec(tag)!
      return [i === 0 ? `\`${name}\`` : '', n!, size!, cell(costs!, 'passive'), cell(costs!, 'active')]
    })
  )
  const all = [['Operation', 'Nodes', 'Input', 'Passive', 'Active'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map(row => row[column]!.length)))
  const line = (row: readonly string[]): string => `| ${row.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`
  const [head, ...body] = all.map(line)
  return [
    '# Rounds and bytes of multi-party computation',
    '',
    'Rounds / bytes that the busiest node sends, with the default modulus and T = 2, counted by `mpc/test/catalogue/costs.test.ts` and the same as in',
    'the docstrings; `MPC_COSTS=write` with that test writes both. Rounds are the longest chain of messages that wait for each other. In active mode',
    'the proof of all products is included. They do not depend on the machine. [mpc.md](mpc.md) has the arguments.',
    '',
    head!,
    `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`,
    ...body,
    ''
  ].join('\n')
}
export const readPage = async (): Promise<string> => (await readFile(PAGE, 'utf8')).replaceAll('\r\n', '\n')
export const writePage = async (page: string): Promise<void> => writeFile(PAGE, page)
