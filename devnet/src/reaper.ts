import { spawn, type ChildProcess } from 'node:child_process'

/**
 * Reads `add PID` and `del PID` until the pipe closes, then ends every process group that is still on its list: first with
 * SIGTERM, then for good. The pipe closes when the supervisor ends, however it ends, so even `kill -9` leaves nothing behind.
 */
const script = `
trap '' INT HUP TERM
list=' '
while read -r verb pid; do
  case $verb in
    add) list="$list$pid " ;;
    del) rest=' '; for p in $list; do [ "$p" = "$pid" ] || rest="$rest$p "; done; list=$rest ;;
  esac
done
[ "$list" = ' ' ] && exit 0
for p in $list; do kill -s TERM -- "-$p" 2>/dev/null; done
sleep 2
for p in $list; do kill -s KILL -- "-$p" 2>/dev/null; done
`

/** A shell of one megabyte that outlives us just long enough to clean up. */
export class Reaper {
  readonly #child: ChildProcess

  constructor() {
    this.#child = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
    this.#child.unref()
    this.#child.stdin?.on('error', () => undefined) // it was killed by somebody: then there is nobody to tell
    this.#child.on('error', () => undefined)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  add(pgid: number): void {
    this.#child.stdin?.write(`add ${pgid}\n`)
  }

  remove(pgid: number): void {
    this.#child.stdin?.write(`del ${pgid}\n`)
  }

  /** Ends it; resolves when it is gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return
    const gone = new Promise<void>(resolve => void this.#child.once('exit', () => resolve()))
    this.#child.ref()
    this.#child.stdin?.end()
    await gone
  }
}
