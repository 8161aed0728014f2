import type { ScAddr } from '@enigma/protocol'
import {
  AbiError,
  functionsOf,
  type FunctionArgs,
  type FunctionEntry,
  type FunctionName,
  type FunctionResult,
  type SecretContractAbi
} from '@enigma/protocol/secret-abi'
import type { RunOptions, RunReport } from './run-types.ts'

// Nothing is known of an ABI that is read at run time; a stricter type would only make every test cast.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Unknown = Readonly<Record<string, any>>

/** Functions by name, each taking its arguments and, behind them, options. */
export type CallableFunctions<A extends SecretContractAbi, Options> =
  string extends FunctionName<A>
    ? Unknown
    : {
        readonly [N in FunctionName<A>]: (
          ...args: [...FunctionArgs<A, N>, options?: Options]
        ) => Promise<FunctionResult<A, N>>
      }

/** A deployed contract: `await contract.call.addMillionaire(who, 5n, { from: alice })`. Options stand behind the arguments. */
export interface TestContract<A extends SecretContractAbi = SecretContractAbi> {
  readonly scAddr: ScAddr
  /** Runs a function as a task. What it wrote is kept; if it fails, nothing is. @throws TaskFailedError */
  readonly call: CallableFunctions<A, RunOptions>
  /** Runs a function as a query: writes nothing, mines nothing, a tenth of the gas. @throws TaskFailedError */
  readonly query: CallableFunctions<A, RunOptions>
  /** The same as `query`. */
  readonly view: CallableFunctions<A, RunOptions>
  /** The contract's last run, its deployment at first. */
  readonly last: RunReport
}

type Run = (
  kind: 'call' | 'query',
  entry: FunctionEntry,
  args: readonly unknown[],
  options: RunOptions
) => Promise<unknown>

type Functions = Record<string, (...args: unknown[]) => Promise<unknown>>

export function contractHandle<A extends SecretContractAbi>(
  scAddr: ScAddr,
  abi: A,
  run: Run,
  last: () => RunReport
): TestContract<A> {
  const entries = functionsOf(abi)
  const query = callable(entries, 'query', run)
  const handle = { scAddr, call: callable(entries, 'call', run), query, view: query }
  // not spread: that would read `last` once, now
  return Object.defineProperty(handle, 'last', { get: last, enumerable: true }) as unknown as TestContract<A>
}

function callable(entries: readonly FunctionEntry[], kind: 'call' | 'query', run: Run): Functions {
  const functions: Functions = Object.create(null) as Functions // a contract may have a function named toString
  for (const entry of entries) {
    functions[entry.key] = async (...args) => {
      const extra = args.length === entry.parameters + 1 && isOptions(args.at(-1))
      const options = extra ? ((args.at(-1) as RunOptions | undefined) ?? {}) : {}
      return run(kind, entry, extra ? args.slice(0, -1) : args, options)
    }
  }
  return new Proxy(functions, { get: (target, key) => (typeof key === 'string' ? find(target, key) : undefined) })
}

/** A misspelt name says so, instead of "is not a function". */
function find(functions: Functions, name: string): Functions[string] | undefined {
  if (name in functions || name === 'then') return functions[name] // whoever awaits `contract.call` asks for `then`
  throw new AbiError({ code: 'ABI_FUNCTION', name }, `The contract has no function ${name}.`, {
    hint: `It has: ${Object.keys(functions).join(', ') || 'none'}.`
  })
}

const isOptions = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
