import type { Conversation } from './conversations.ts'

/** What a docstring must say, and how that is found in it. */
const STATEMENTS = {
  shapes: /^- Shapes?[:,]/m,
  cost: /^@cost n = \d+, .+: .*\d+ rounds?, \d+ bytes$/m,
  security: /^- Security[:,]/m,
  source: /^(@see|- Source:)/m,
  accuracy: /^- Accuracy:/m
} as const
export type Statement = keyof typeof STATEMENTS

/** Numbers are exact or rounded: which, and by how much, must be said. */
const isNumeric = ({ name }: Conversation): boolean => name.startsWith('numbers/') || name.includes('/truncate.')

/** "- Shapes, security, source: as `lt`." points to another docstring, which then has to say it. */
const POINTER = /^- ([A-Za-z, ]+): as `(\w+)`/gm

const textOf = ({ comment }: Conversation): string =>
  comment
    .replace(/^\/\*\*\s?|\s*\*\/\s*$/g, '')
    .split('\n')
    .map(line => line.replace(/^\s*\*\s?/, ''))
    .join('\n')

/** Whether a docstring says this, or points to one that does: of the same file if there is one of that name, else to all of that name. */
function says(conversation: Conversation, statement: Statement, all: readonly Conversation[], depth = 0): boolean {
  if (depth > 3) return false
  const text = textOf(conversation)
  const pointers = [...text.matchAll(POINTER)].filter(([, topics]) =>
    topics!.toLowerCase().split(', ').includes(statement)
  )
  if (statement === 'cost' || pointers.length === 0) return STATEMENTS[statement].test(text)
  return pointers.every(([, , name]) => {
    const named = all.filter(other => other !== conversation && other.name.endsWith(`.${name}`))
    const near = named.filter(other => other.file.href === conversation.file.href)
    const meant = near.length > 0 ? near : named
    return meant.length > 0 && meant.every(other => says(other, statement, all, depth + 1))
  })
}

/** What the docstring of a conversation leaves unsaid, itself or by pointing to one that says it. */
export function unsaid(conversation: Conversation, all: readonly Conversation[]): Statement[] {
  const wanted = (Object.keys(STATEMENTS) as Statement[]).filter(
    statement => statement !== 'accuracy' || isNumeric(conversation)
  )
  return wanted.filter(statement => !says(conversation, statement, all))
}
