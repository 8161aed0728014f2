import { inEng, type TaskInspection, type TaskProgress } from 'enigma-js'

/** Who saw something of a task. */
export type Party = 'you' | 'network' | 'ethereum' | 'enclave'

/** One thing that one party saw. */
export interface Sight {
  readonly party: Party
  readonly label: string
  readonly value: string
  /** Bytes: shown in a fixed-width font, and cut off. */
  readonly isBytes?: boolean
  /** In the clear: only you and the drawn enclaves have these. */
  readonly isSecret?: boolean
}

export interface Step {
  readonly title: string
  /** In a sentence, for somebody who sees this for the first time. */
  readonly text: string
  readonly state: 'waiting' | 'active' | 'done' | 'failed'
  readonly sights: readonly Sight[]
}

/** What is known of a task so far. */
export interface TaskFacts {
  /** As the visitor wrote it: `addMillionaire(0xf39f…, 5)`. Null after a reload: arguments are not stored. */
  readonly plain: string | null
  readonly stages: readonly TaskProgress[]
  readonly inspection: TaskInspection | null
  /** The decrypted answer, as text. */
  readonly answer: string | null
  readonly failed: boolean
}

/** Step of each stage, and whether the stage completes it. */
const STEP_OF: Readonly<Record<TaskProgress['stage'], readonly [step: number, completes: boolean]>> = {
  encrypted: [1, true],
  delivered: [2, true],
  recorded: [3, false],
  accepted: [3, true],
  executing: [4, false],
  committed: [4, false],
  verified: [4, false],
  final: [4, true],
  failed: [4, true]
}

const TITLES: readonly (readonly [string, string])[] = [
  ['You start a task', 'The page hands your input to enigma-js. It has not left this page yet.'],
  [
    'It is encrypted here',
    'Your browser encrypts it for the enclaves that were drawn for this contract, and for nobody else.'
  ],
  [
    'It is sent to the network',
    'A worker passes the ciphertext on to the drawn ones. Nothing is paid before one of them has it.'
  ],
  ['A worker takes it', 'Ethereum records the task and holds its fee. One of the drawn workers accepts it.'],
  [
    'It is computed',
    'Inside the enclave. The worker is paid, Ethereum records the receipt, and the answer comes back to you.'
  ]
]

/** The five steps of a task, in the words of the protocol's introduction, with what each party has seen. */
export function stepsOf(facts: TaskFacts): Step[] {
  const reached = facts.stages.map(({ stage }) => STEP_OF[stage])
  const complete = Math.max(0, ...reached.map(([step, completes]) => (completes ? step : step - 1)))
  const begun = facts.plain !== null || facts.stages.length > 0
  return TITLES.map(([title, text], index) => {
    const isDone = begun && index <= complete
    const isActive = begun && index === complete + 1
    const isLast = facts.failed && (index === TITLES.length - 1 ? isDone : isActive)
    const state = isLast ? 'failed' : isDone ? 'done' : isActive && !facts.failed ? 'active' : 'waiting'
    return { title, text, state, sights: state === 'waiting' ? [] : SIGHTS[index]!(facts) }
  })
}

const stage = ({ stages }: TaskFacts, name: TaskProgress['stage']): TaskProgress | undefined =>
  stages.find(progress => progress.stage === name)

const bytes = (party: Party, label: string, value: string | null | undefined): Sight[] =>
  value ? [{ party, label, value, isBytes: true }] : []

const words = (party: Party, label: string, value: string | null | undefined, isSecret = false): Sight[] =>
  value ? [{ party, label, value, isSecret }] : []

const SIGHTS: readonly ((facts: TaskFacts) => Sight[])[] = [
  ({ plain }) => words('you', 'Your input', plain ?? 'not stored by this page', plain !== null),

  facts => {
    const input = stage(facts, 'encrypted')?.input
    return [
      ...bytes('you', `Ciphertext, the last of ${input?.bytes ?? 0} bytes`, input?.sample),
      ...words('you', 'Encrypted', stage(facts, 'encrypted')?.detail)
    ]
  },

  facts => {
    const input = stage(facts, 'encrypted')?.input
    return [
      ...bytes('network', 'Ciphertext', input?.sample),
      ...bytes('network', 'Its hash', input?.inputHash ?? facts.inspection?.input.inputHash),
      ...words('network', 'Delivered', stage(facts, 'delivered')?.detail)
    ]
  },

  facts => {
    const { inspection } = facts
    const recorded = stage(facts, 'recorded')
    const fee = inspection && inspection.record.gasLimit * inspection.record.gasPx
    return [
      ...bytes('ethereum', 'Input hash', recorded && inspection?.record.inputHash),
      ...bytes('ethereum', 'Transaction', recorded?.transactionHash),
      ...words('ethereum', 'Fee in escrow', fee === null ? null : `${inEng(fee)} ENG`),
      ...bytes('enclave', 'Accepted by', stage(facts, 'accepted')?.signer ?? inspection?.answer?.signer)
    ]
  },

  facts => {
    const { inspection, answer } = facts
    const settlement = inspection?.settlement
    const receipt = settlement && settlement.outcome !== 'returned' ? settlement : null
    const changed = inspection?.answer && !/^0x0+$/.test(inspection.answer.deltaHash)
    return [
      ...words('enclave', 'Your input, in the clear', facts.plain, true),
      ...bytes('network', 'The encrypted change of state has the hash', changed ? inspection.answer?.deltaHash : null),
      ...bytes('network', 'The answer, encrypted for you', inspection?.answer?.ciphertext),
      ...bytes('ethereum', 'Hash of the answer', receipt?.outputHash),
      ...words(
        'ethereum',
        'Paid to the worker',
        receipt && inspection && `${inEng(receipt.gasUsed * inspection.record.gasPx)} ENG`
      ),
      ...words('you', 'The answer', answer, true)
    ]
  }
]
