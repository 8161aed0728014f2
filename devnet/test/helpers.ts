import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for one test, removed by the caller's `afterEach`. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'enigma-devnet-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** The thrown value's code, or a failure of the test if nothing was thrown. */
export async function codeThrownBy(action: () => unknown): Promise<string> {
  try {
    await action()
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
  throw new Error('nothing was thrown')
}
