import { WorkerError } from '../errors.ts'

/** Whether this node takes new work. What is under way is finished in any case. */
export interface Drain {
  readonly isOn: boolean
  set(on: boolean): void
  /** @throws WORKER_DRAINING */
  requireOff(): void
}

export function createDrain(): Drain {
  let isOn = false
  return {
    get isOn() {
      return isOn
    },
    set: on => void (isOn = on),
    requireOff() {
      if (!isOn) return
      throw new WorkerError({ code: 'WORKER_DRAINING' }, 'This worker takes no new inputs: it is about to stop.', {
        hint: 'Nothing was stored and nothing is paid. Ask another worker.'
      })
    }
  }
}
