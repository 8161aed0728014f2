import type { StepStatus } from '@enigma/protocol'
import { alarmHint } from './alarm-hints.ts'
import type { CounterName, GaugeName } from './metric-catalogue.ts'
import { WAIT_HINTS, type WaitCode } from './wait-hints.ts'

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
  /** The step goes on when somebody has done what the code says. */
  waits(name: StartStep, code: WaitCode, detail: string): void
  steps(): readonly StepStatus[]
  /** Adds to a counter of metric-catalogue.ts, `by` 1 unless told. */
  count(name: CounterName, by?: number): void
  /** Sets a value that may fall. */
  gauge(name: GaugeName, value: number): void
  /** Something a person must look at; repeated alarms of one code count up. */
  alarm(code: string, message: string): void
  /** What the alarm was raised for is over: it stands in `/status` no more. */
  clear(code: string): void
  /** How often each alarm was raised since the start, those that are over too. */
  alarmTimes(): Readonly<Record<string, number>>
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

/** Told of a step whose state changed, or that waits or fails for another reason than before. */
export type OnStep = (step: StepStatus) => void

export function createStatusBoard(now: () => number = Date.now, onStep: OnStep = () => undefined): StatusBoard {
  const startedAt = now()
  const steps = new Map<StartStep, StepStatus>(
    START_STEPS.map(name => [name, { name, state: 'waiting', detail: '' } satisfies StepStatus])
  )
  const counters: Record<string, number> = {}
  const gauges: Record<string, number> = {}
  const alarms = new Map<string, { message: string; times: number; lastAt: number }>()
  const alarmTimes: Record<string, number> = {}
  function set(step: StepStatus & { readonly name: StartStep }): void {
    const before = steps.get(step.name)!
    steps.set(step.name, step)
    const speaks = step.state === 'waiting' || step.state === 'failed'
    if (step.state !== before.state || (speaks && step.detail !== before.detail)) onStep(step)
  }
  return {
    step: (name, state, detail = '') => set({ name, state, detail }),
    waits: (name, code, detail) => set({ name, state: 'waiting', detail, code, hint: WAIT_HINTS[code] }),
    steps: () => [...steps.values()],
    count: (name, by = 1) => void (counters[name] = (counters[name] ?? 0) + by),
    gauge: (name, value) => void (gauges[name] = value),
    alarm(code, message) {
      const times = (alarmTimes[code] ?? 0) + 1
      alarmTimes[code] = times
      alarms.set(code, { message, times, lastAt: now() })
    },
    clear: code => void alarms.delete(code),
    alarmTimes: () => ({ ...alarmTimes }),
    snapshot: () => ({
      startedAt,
      steps: [...steps.values()],
      counters: { ...counters },
      gauges: { ...gauges },
      alarms: [...alarms].map(([code, alarm]) => ({ code, hint: alarmHint(code), ...alarm }))
    })
  }
}
