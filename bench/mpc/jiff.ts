import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = '1.0.0'
const DEADLINE = 240_000

export interface JiffRates {
  readonly mulPerSecond: number
  readonly lessThanPerSecond: number
}

/**
 * JIFF (npm `jiff-mpc`), installed into a temporary folder: a relay and three parties with its extension for large numbers.
 * Passive security, Shamir shares with T = 2, the same modulus.
 */
export async function measureJiff(prime: bigint, quick: boolean): Promise<JiffRates> {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-jiff-'))
  const children: ChildProcess[] = []
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    const arguments_ = [
      'install',
      `jiff-mpc@${VERSION}`,
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--loglevel=error'
    ]
    execFileSync('npm', arguments_, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], timeout: DEADLINE })
    cpSync(fileURLToPath(new URL('./jiff/', import.meta.url)), folder, { recursive: true })
    const start = (script: string, ...args: string[]): ChildProcess => {
      const child = fork(join(folder, script), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      children.push(child)
      return child
    }
    const signal = AbortSignal.timeout(DEADLINE)
    const [port] = (await once(start('server.mjs'), 'message', { signal })) as [number]
    const [products, comparisons] = quick ? [300, 2] : [1000, 3]
    const parties = Array.from({ length: 3 }, () =>
      start('party.mjs', `http://127.0.0.1:${port}`, String(prime), String(products), String(comparisons))
    )
    const answers = (await Promise.all(parties.map(party => once(party, 'message', { signal })))) as [
      { opened: number; mul: number; lessThan: number }
    ][]
    if (answers.some(([{ opened }]) => opened !== 49)) throw new Error('JIFF gave a wrong product.')
    const slowest = (name: 'mul' | 'lessThan'): number => Math.max(...answers.map(([answer]) => answer[name]))
    return { mulPerSecond: products / slowest('mul'), lessThanPerSecond: comparisons / slowest('lessThan') }
  } finally {
    for (const child of children) child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
