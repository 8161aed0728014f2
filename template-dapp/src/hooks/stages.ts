import type { TaskProgress } from 'enigma-js'

/** The stages of a task that hold after one more step of it, in order. A reorganised chain takes some of them back, and they come anew. */
export function stagesAfter(stages: readonly TaskProgress[], progress: TaskProgress): readonly TaskProgress[] {
  const at = stages.findIndex(({ stage }) => stage === progress.stage)
  if (progress.undone !== undefined) return stages.slice(0, at + 1)
  return at === -1 ? [...stages, progress] : stages
}
