import type { Task, TaskProgress } from 'enigma-js'
import type { Io } from './io.ts'

/** `recorded   block 123  the fee is in escrow in block 123` */
export function stageLine({ stage, block, detail }: TaskProgress): string {
  return `${stage.padEnd(9)}  ${(block === undefined ? '' : `block ${block}`).padEnd(12)}  ${detail}`
}

/** Prints the stages that are still to come, one line each, and resolves to the result. What a reorganised chain takes back comes anew. */
export async function follow<T>(
  task: Pick<Task<T>, 'events' | 'result'>,
  io: Io,
  seen: ReadonlySet<string>
): Promise<T> {
  let known = seen
  for await (const progress of task.events) {
    if (progress.undone !== undefined) known = new Set()
    if (!known.has(progress.stage) && progress.stage !== 'failed') io.err(stageLine(progress))
  }
  return task.result()
}

/** Prints stages while a task is being made, and remembers them. */
export function announcer(io: Io): { readonly onStage: (progress: TaskProgress) => void; readonly seen: Set<string> } {
  const seen = new Set<string>()
  return {
    seen,
    onStage(progress) {
      seen.add(progress.stage)
      io.err(stageLine(progress))
    }
  }
}

/** Where a trace will be: said early, since the task may fail. */
export const sayTraced = ({ taskId }: Pick<Task, 'taskId'>, io: Io): void =>
  io.err(`${'traced'.padEnd(9)}  see enigma debug ${taskId}`)
