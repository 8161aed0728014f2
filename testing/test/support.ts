import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { compileContract, type CompiledContract } from '@enigma/secret-contracts'
import { TaskFailedError, type TaskFailure } from '../src/index.ts'

const fixture = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Compiles from source, so that the tests need no earlier build. */
async function compiled(source: string): Promise<CompiledContract> {
  const directory = mkdtempSync(join(tmpdir(), 'enigma-testing-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  return compileContract(source, directory)
}

const cache = new Map<string, Promise<CompiledContract>>()
const once = (source: string): Promise<CompiledContract> => {
  if (!cache.has(source)) cache.set(source, compiled(source))
  return cache.get(source)!
}

export const sample = (name: string): Promise<CompiledContract> =>
  once(fixture(`../../secret-contracts/samples/${name}/${name}.ts`))
export const probe = (): Promise<CompiledContract> => once(fixture('./assembly/probe.ts'))

/** The facts of a run that must fail. */
export async function failureOf(run: Promise<unknown>): Promise<TaskFailure & { message: string }> {
  const { facts, message } = await failedRun(run)
  if (facts.code !== 'TASK_FAILED') expect.fail(`It failed with ${facts.code}.`)
  return { ...facts, message }
}

export async function failedRun(run: Promise<unknown>): Promise<TaskFailedError> {
  try {
    await run
  } catch (error) {
    if (error instanceof TaskFailedError) return error
    throw error
  }
  return expect.fail('The run succeeded.')
}

/** The code with which something is refused before it runs. */
export async function codeOfRefusal(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return expect.fail('It was not refused.')
}
