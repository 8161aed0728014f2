import type { History, TaskControls } from '../hooks/index.ts'
import { titleOf } from '../titles.ts'
import { clock } from '../format.ts'
import { Bytes } from './bytes.tsx'
import { Card } from './card.tsx'

export interface HistoryCardProps {
  readonly history: History
  readonly shown: string | null
  readonly onShow: TaskControls['follow']
}

const MOST = 8

/** The tasks of this browser, in this visit and earlier ones. */
export function HistoryCard({ history, shown, onShow }: HistoryCardProps) {
  const tasks = history.tasks.slice(0, MOST)
  if (tasks.length === 0) return null
  return (
    <Card title="Your tasks" aside={<span className="muted small-text">kept in this browser</span>}>
      <ul className="list">
        {tasks.map(task => (
          <li key={task.taskId} className="row between">
            <span>
              <span className="muted">{clock(task.createdAtMs)}</span> {titleOf(task.functionName)}
              <span className="muted small-text"> from </span>
              <Bytes value={task.sender} keep={4} />
            </span>
            <button
              type="button"
              className="quiet"
              disabled={task.taskId === shown}
              onClick={() => void onShow(task, titleOf(task.functionName))}
            >
              {task.taskId === shown ? 'shown' : 'Show'}
              <span className="sr">
                {' '}
                {titleOf(task.functionName)} of {clock(task.createdAtMs)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  )
}
