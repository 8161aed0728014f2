import type { EnigmaClient, Task, TaskInspection, TaskOptions, TaskProgress } from 'enigma-js'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { problemOf, type Problem } from './problem.ts'
import { stagesAfter } from './stages.ts'
import { stepsOf, type Step } from './steps.ts'
import { traceOf, type TraceView } from './trace.ts'

/** Sends a task: `options => contract.send.addMillionaire(who, 5n, options)`. */
export type Send = (options: TaskOptions) => Promise<Task>

export interface TaskLabel {
  /** For a person: `Add an entry`. */
  readonly title: string
  /** The call as the visitor wrote it; shown in this page only, and never stored. */
  readonly plain: string | null
}

/** A task of this browser, sent now or in an earlier visit. */
export interface TaskView {
  readonly state: 'idle' | 'running' | 'done' | 'failed'
  readonly title: string
  readonly task: Task | null
  readonly steps: readonly Step[]
  readonly stages: readonly TaskProgress[]
  /** The decoded answer; a deployment's is the contract's address. */
  readonly result: unknown
  readonly problem: Problem | null
  /** Why nothing happens for a moment; null otherwise. */
  readonly notice: string | null
  /** What the run did, if the task asked for a trace: `{ ...options, trace: true }`. */
  readonly trace: TraceView | null
}

export interface TaskControls extends TaskView {
  /** Sends a task and follows it to its end. Resolves to the answer, or to undefined when it failed: `problem` says why. */
  send(label: TaskLabel, send: Send): Promise<unknown>
  /** Sends again what was refused before anything was paid. Null if there is nothing to send. */
  readonly again: (() => Promise<unknown>) | null
  /** Follows a task that was sent earlier. */
  follow(task: Task, title: string): Promise<unknown>
}

const IDLE = {
  state: 'idle',
  title: '',
  task: null,
  stages: [],
  result: undefined,
  problem: null,
  notice: null
} as const

interface Current extends Omit<TaskView, 'steps' | 'trace'> {
  readonly plain: string | null
  readonly inspection: TaskInspection | null
}

/**
 * One task at a time, from input to answer. `client` may be one that only reads: it follows the task even when the wallet is gone.
 * With the names of the contract's functions (NAME.functions.json) a trace shows them instead of numbers.
 */
export function useTask(client: EnigmaClient | null, functionNames?: readonly string[]): TaskControls {
  const [current, setCurrent] = useState<Current>({ ...IDLE, plain: null, inspection: null })
  const [last, setLast] = useState<{ label: TaskLabel; send: Send } | null>(null)
  const stop = useRef<AbortController>(new AbortController())
  useEffect(() => () => stop.current.abort(), [])

  /** A new task; what the one before still reports is no longer shown. */
  const begin = useCallback((title: string, plain: string | null) => {
    stop.current.abort()
    stop.current = new AbortController()
    const { signal } = stop.current
    const change = (part: Partial<Current>): void => {
      if (!signal.aborted) setCurrent(before => ({ ...before, ...part }))
    }
    const add = (progress: TaskProgress): void => {
      if (signal.aborted) return
      setCurrent(before => {
        const stages = stagesAfter(before.stages, progress)
        const notice = progress.undone === undefined ? null : progress.detail
        return stages === before.stages ? before : { ...before, notice, stages }
      })
    }
    setCurrent({ ...IDLE, state: 'running', title, plain, inspection: null })
    return { signal, change, add }
  }, [])

  type Running = ReturnType<typeof begin>

  const watch = useCallback(
    async (task: Task, { signal, change, add }: Running): Promise<unknown> => {
      change({ task })
      const reader = client ?? null
      const inspect = async (): Promise<void> => {
        const inspection = await reader?.inspect(task.taskId, { signal }).catch(() => null)
        if (inspection) change({ inspection })
      }
      for await (const progress of reader?.watchTask(task.taskId, { signal }) ?? task.events) {
        add(progress)
        if (progress.stage === 'recorded' || progress.stage === 'final' || progress.stage === 'failed') void inspect()
      }
      const mine = reader === null ? task : await reader.task(task.taskId)
      const result = await mine.result({ signal })
      change({ state: 'done', result })
      return result
    },
    [client]
  )

  const run = useCallback(async (running: Running, work: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await work()
    } catch (error) {
      running.change({ state: 'failed', problem: problemOf(error) })
      return undefined
    }
  }, [])

  const send = useCallback(
    (label: TaskLabel, sender: Send): Promise<unknown> => {
      setLast({ label, send: sender })
      const running = begin(label.title, label.plain)
      // Only this page's showing stops with another task; the sending itself goes on to its end.
      const onNotice = (notice: string): void => running.change({ notice })
      return run(running, async () => watch(await sender({ onStage: running.add, onNotice }), running))
    },
    [begin, run, watch]
  )

  const follow = useCallback(
    (task: Task, title: string): Promise<unknown> => {
      setLast(null)
      const running = begin(title, null)
      return run(running, () => watch(task, running))
    },
    [begin, run, watch]
  )

  const { plain, inspection, ...view } = current
  const { stages, state, result } = view
  const steps = useMemo(
    () => stepsOf({ plain, stages, inspection, answer: answerOf(state, result), failed: state === 'failed' }),
    [plain, stages, inspection, state, result]
  )
  const isUnpaid = state === 'failed' && !stages.some(({ stage }) => stage === 'recorded')
  const trace = useMemo(() => traceOf(inspection, functionNames), [inspection, functionNames])
  return {
    ...view,
    steps,
    trace,
    send,
    follow,
    again: isUnpaid && last ? () => send(last.label, last.send) : null
  }
}

function answerOf(state: Current['state'], result: unknown): string | null {
  if (state !== 'done') return null
  return result === undefined ? 'done' : String(result)
}
