import type { TaskControls } from '../hooks/index.ts'
import { Bytes } from './bytes.tsx'
import { Card } from './card.tsx'
import { ProblemNote } from './problem-note.tsx'
import { StepItem } from './step-item.tsx'
import { TraceList } from './trace-list.tsx'

const STATES = { idle: 'nothing yet', running: 'running', done: 'done', failed: 'failed' } as const

/** The task that runs, step by step. */
export function TaskCard({ task }: { task: TaskControls }) {
  const { state, title, steps, problem, notice, again } = task
  const aside = (
    <span className={`tag tag-${state}`} role="status" data-testid="task-state">
      {STATES[state]}
    </span>
  )
  return (
    <Card title={state === 'idle' ? 'A task, step by step' : title} aside={aside} className="task" anchor="task">
      {state === 'idle' && <p className="muted">Start one on this page, and see here who saw what of it.</p>}
      {task.task !== null && (
        <p className="muted small-text">
          Task <Bytes value={task.task.taskId} />
        </p>
      )}
      {notice !== null && state === 'running' && (
        <p className="notice" role="status" data-testid="task-notice">
          {notice}
        </p>
      )}
      <ProblemNote problem={problem} onAgain={again && (() => void again())} />
      <ol className="steps">
        {steps.map((step, index) => (
          <StepItem key={step.title} step={step} number={index + 1} />
        ))}
      </ol>
      <TraceList trace={task.trace} />
    </Card>
  )
}
