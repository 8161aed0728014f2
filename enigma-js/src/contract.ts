import type { ScAddr } from '@enigma/protocol'
import type { TaskOptions } from './actions.ts'
import type { FunctionArgs, FunctionName, FunctionResult, SecretContractAbi } from '@enigma/protocol/secret-abi'
import type { QueryOptions } from './query/query.ts'
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
  /**
   * Read-only calls of functions that write nothing: no transaction and no fee, answered at once on the contract's present head. A
   * last argument beyond the ABI's may be QueryOptions.
   */
  readonly query: {
    readonly [N in FunctionName<A>]: (
      ...args: [...FunctionArgs<A, N>, options?: QueryOptions]
    ) => Promise<FunctionResult<A, N>>
  }
}

type Compute = (name: string, args: readonly unknown[], options: TaskOptions) => Promise<Task>
type Ask = (name: string, args: readonly unknown[], options: QueryOptions) => Promise<unknown>

export function contractHandle<A extends SecretContractAbi>(
  scAddr: ScAddr,
  abi: A,
  compute: Compute,
  ask: Ask
): ContractHandle<A> {
  const send: Record<string, (...args: unknown[]) => Promise<Task>> = {}
  const call: Record<string, (...args: unknown[]) => Promise<unknown>> = {}
  const query: Record<string, (...args: unknown[]) => Promise<unknown>> = {}
  for (const { type, name, inputs = [] } of abi) {
    if (type !== 'function' || name === undefined) continue
    const split = (args: unknown[]): [unknown[], TaskOptions & QueryOptions] => {
      const hasOptions = args.length === inputs.length + 1 && isOptions(args.at(-1))
      return hasOptions ? [args.slice(0, -1), (args.at(-1) as TaskOptions | undefined) ?? {}] : [args, {}]
    }
    send[name] = (...args) => compute(name, ...split(args))
    call[name] = async (...args) => {
      const [given, options] = split(args)
      return (await compute(name, given, options)).result({ signal: options.signal })
    }
    query[name] = (...args) => ask(name, ...split(args))
  }
  return { scAddr, call, send, query } as unknown as ContractHandle<A>
}

const isOptions = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
