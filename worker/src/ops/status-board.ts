import { alarmHint } from './alarm-hints.ts'
import type { StepStatus } from '@enigma/protocol'

export const START_STEPS = [
  'start',
  'bootstrap',
  'discovery',
  'sync',
  'announce',
  'services',
  'register',
  'login'
] as const
export type StartStep = (typeof START_STEPS)[number]

/** The life of a node as people see it: its start steps, counters, gauges and alarms. */
export interface StatusBoard {
  step(name: StartStep, state: StepStatus['state'], detail?: string): void
  steps(): readonly StepStatus[]
  /** Adds to a counter, `by` 1 unless told. Names are `snake_case`, as Prometheus wants them. */
  count(name: string, by?: number): void
  /** Sets a value that may fall. */
  gauge(name: string, value: number): void
  /** Something a person must look at; repeated alarms of one code count up. */
  alarm(code: string, message: string): void
  snapshot(): StatusSnapshot
}

export interface StatusSnapshot {
  readonly startedAt: number // ms since 1970
  readonly steps: readonly StepStatus[]
  readonly counters: Readonly<Record<string, number>>
  readonly gauges: Readonly<Record<string, number>>
  readonly alarms: readonly {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly times: number
    readonly lastAt: number
  }[]
}

export function createStatusBoard(now: () => number = Date.now): StatusBoard {
  const startedAt = now()
  const steps = new Map<StartStep, StepStatus>(
    START_STEPS.map(name => [name, { name, state: 'waiting', detail: '' } satisfies StepStatus])
  )
  const counters: Record<string, number> = {}
  const gauges: Record<string, number> = {}
  const alarms = new Map<string, { message: string; times: number; lastAt: number }>()
  return {
    step: (name, state, detail = '') => void steps.set(name, { name, state, detail }),
    steps: () => [...steps.values()],
    count: (name, by = 1) => void (counters[name] = (counters[name] ?? 0) + by),
    gauge: (name, value) => void (gauges[name] = value),
    alarm(code, message) {
      const before = alarms.get(code)
      alarms.set(code, { message, times: (before?.times ?? 0) + 1, lastAt: now() })
    },
    snapshot: () => ({
      startedAt,
      steps: [...steps.values()],
      counters: { ...counters },
      gauges: { ...gauges },
      alarms: [...alarms].map(([code, alarm]) => ({ code, hint: alarmHint(code), ...alarm }))
    })
  }
}
