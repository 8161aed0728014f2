/** Queues by name: what is in one lane happens one after the other, lanes do not wait for each other. */
export interface Lanes {
  run<T>(lane: string, work: () => Promise<T>): Promise<T>
}

export function createLanes(): Lanes {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run(lane, work) {
      const turn = (tails.get(lane) ?? Promise.resolve()).then(work)
      const tail = turn
        .catch(() => {}) // the caller of `work` hears of it
        .then(() => {
          if (tails.get(lane) === tail) tails.delete(lane)
        })
      tails.set(lane, tail)
      return turn
    }
  }
}
