import type { EnigmaClient, Task } from 'enigma-js'
import { useCallback, useEffect, useState } from 'react'

export interface History {
  /** Tasks of this browser on this network, newest first. */
  readonly tasks: readonly Task[]
  /** True once the storage has been read. */
  readonly loaded: boolean
  refresh(): Promise<void>
}

/** A transaction may have been on its way when the page was closed: it is looked for some times. */
const LOOKS = 10
const EVERY_MS = 3_000

/** The tasks that this browser has sent, from the client's own storage: what a reloaded page goes on with. */
export function useHistory(client: EnigmaClient | null): History {
  const [tasks, setTasks] = useState<readonly Task[]>([])
  const [loaded, setLoaded] = useState(false)
  const refresh = useCallback(async () => {
    if (client === null) return
    const found = await client.resume()
    setTasks(found.reverse())
    setLoaded(true)
  }, [client])

  useEffect(() => {
    let looks = 0
    void refresh().catch(() => undefined)
    const timer = setInterval(() => {
      if (++looks >= LOOKS) clearInterval(timer)
      void refresh().catch(() => undefined)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [refresh])
  return { tasks, loaded, refresh }
}
