import type { Problem } from '../hooks/index.ts'

/** An error as a sentence, with its code for whoever looks it up. */
export function ProblemNote({ problem, onAgain }: { problem: Problem | null; onAgain?: (() => void) | null }) {
  if (problem === null) return null
  const { code, sentence, hint } = problem
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{sentence}</strong>
        {hint !== null && <> {hint}</>}
      </p>
      <p className="problem-foot">
        <code>{code}</code>
        {onAgain && (
          <button type="button" className="small" onClick={onAgain}>
            Send again
          </button>
        )}
      </p>
    </div>
  )
}
