import type { ScAddr } from '@enigma/protocol'
import type { TaskOptions } from './actions.ts'
import type { FunctionArgs, FunctionName, FunctionResult, SecretContractAbi } from '@enigma/protocol/secret-abi'
import type { Task } from './task/task.ts'

/** A secret contract's functions by name: `await contract.call.addMillionaire(addr, 1_000_000n)`. */
export interface ContractHandle<A extends SecretContractAbi> {
  readonly scAddr: ScAddr
  /** Sends a task and resolves to its decoded, verified result. A last argument beyond the ABI's may be TaskOptions. */
  readonly call: {
    readonly [N in FunctionName<A>]: (
      ...args: [...FunctionArgs<A, N>, options?: TaskOptions]
    ) => Promise<FunctionResult<A, N>>
  }
  /** Sends a task and resolves to its handle, once it is recorded. */
  readonly send: {
    readonly [N in FunctionName<A>]: (
      ...args: [...FunctionArgs<A, N>, options?: TaskOptions]
    ) => Promise<Task<FunctionResult<A, N>>>
  }
}

type Compute = (name: string, args: readonly unknown[], options: TaskOptions) => Promise<Task>

export function contractHandle<A extends SecretContractAbi>(
  scAddr: ScAddr,
  abi: A,
  compute: Compute
): ContractHandle<A> {
  const send: Record<string, (...args: unknown[]) => Promise<Task>> = {}
  const call: Record<string, (...args: unknown[]) => Promise<unknown>> = {}
  for (const { type, name, inputs = [] } of abi) {
    if (type !== 'function' || name === undefined) continue
    const start = (...args: unknown[]): Promise<Task> => {
      const hasOptions = args.length === inputs.length + 1 && isOptions(args.at(-1))
      return compute(
        name,
        hasOptions ? args.slice(0, -1) : args,
        hasOptions ? ((args.at(-1) as TaskOptions | undefined) ?? {}) : {}
      )
    }
    send[name] = start
    call[name] = async (...args) => {
      const options = args.length > inputs.length ? (args.at(-1) as TaskOptions | undefined) : undefined
      return (await start(...args)).result({ signal: options?.signal })
    }
  }
  return { scAddr, call, send } as unknown as ContractHandle<A>
}

const isOptions = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
