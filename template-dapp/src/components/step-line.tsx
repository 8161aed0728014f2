import type { TaskControls } from '../hooks/index.ts'

/** On a phone the steps are below the fold: one line at the bottom says where the task is, and leads there. */
export function StepLine({ task }: { task: TaskControls }) {
  if (task.state !== 'running') return null
  const at = task.steps.findIndex(({ state }) => state === 'active')
  const step = task.steps[at]
  return (
    <a className="step-line" href="#task">
      <span className="dot" aria-hidden="true" />
      {step === undefined ? 'Nearly done' : `${at + 1} of ${task.steps.length}: ${step.title}`}
    </a>
  )
}
