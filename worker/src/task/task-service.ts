import type { TaskEvent, TaskId } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import { eventKey, seatStatusOf, taskEvents } from './task-events.ts'
import type { createIntake } from './intake.ts'
import type { TaskRunner } from './runner.ts'
import type { TaskService } from '../sync/task-service.ts'
import type { TaskStore } from './task-store.ts'

export interface TaskServiceParts {
  readonly chain: ChainReader
  readonly enclave: Enclave
  readonly intake: ReturnType<typeof createIntake>
  readonly runner: TaskRunner
  readonly store: TaskStore
}

/** The task machine as the network side of the worker sees it. */
export function createTaskService({ chain, enclave, intake, runner, store }: TaskServiceParts): TaskService {
  const events = (taskId: TaskId): TaskEvent[] =>
    taskEvents(
      chain.task(taskId),
      runner.task(taskId),
      enclave.identity.signer,
      chain.head().number,
      chain.facts.confirmations
    )
  return {
    events,
    async storeEnvelope(envelope, bytecode) {
      const inputHash = await intake.take(envelope, bytecode)
      await runner.onEnvelope(inputHash)
      return enclave.identity.signer
    },
    seatStatus(taskId) {
      const task = runner.task(taskId)
      return task && task.facts.seat !== null ? seatStatusOf(task, enclave.identity.signer) : null
    },
    releasedResult: taskId => store.result(taskId),
    onReleased: listener =>
      runner.onChange(taskId => {
        if (runner.task(taskId)?.state.stage === 'released') listener(taskId)
      }),
    watch(taskId, listener) {
      const told = new Set(events(taskId).map(eventKey))
      const tellNew = (): void => {
        for (const event of events(taskId)) {
          if (told.has(eventKey(event))) continue
          told.add(eventKey(event))
          listener(event)
        }
      }
      const stopRunner = runner.onChange(changed => {
        if (changed === taskId) tellNew()
      })
      const stopChain = chain.subscribe(event => {
        if (event.type === 'head') tellNew()
      })
      return () => {
        stopRunner()
        stopChain()
      }
    }
  }
}
