import type { TaskInspection } from 'enigma-js'
import { toJson } from '../abi/show-value.ts'
import { flag, text, type Command } from '../command.ts'
import { withClient } from '../connect.ts'
import { CliError } from '../errors.ts'
import { loadFunctionNames } from '../files/artifact.ts'
import { networkOptions } from '../network.ts'
import { readableKey, traceReport, type NameOf, type Traced } from '../trace-report.ts'

export const debug: Command = {
  command: 'debug',
  describe:
    'Show what a task did in the enclave: its calls, state keys, log and gas by function. For a task sent from here with --trace',
  positionals: [{ name: 'taskId', describe: 'the id that the task has on chain' }],
  options: {
    functions: {
      type: 'string',
      value: 'FILE',
      describe: 'names of the functions (.functions.json), if the contract was not deployed from here'
    },
    ...networkOptions,
    json: { type: 'boolean', describe: 'print the trace as JSON' }
  },
  examples: ['enigma call calculator div 1 0 --trace', 'enigma debug 0x9c…01'],

  run(given, io) {
    return withClient(given, io, false, async ({ client, book }) => {
      const seen = requireTrace(await client.inspect(given.positionals[0]!))
      const file = text(given, 'functions')
      const names = file === undefined ? book.find(seen.scAddr)?.functions : loadFunctionNames(file)
      const nameOf: NameOf = index => names?.[index] ?? `function ${index}`
      if (flag(given, 'json')) io.out(asJson(seen, nameOf))
      else for (const line of traceReport(seen, nameOf)) io.out(line)
      return 0
    })
  }
}

/** @throws CLI_TASK_OPEN, CLI_NOT_REQUESTER, CLI_NO_TRACE */
export function requireTrace(seen: TaskInspection): Traced {
  const { taskId, settlement, seats, trace } = seen
  if (trace !== null) return { ...seen, trace }
  if (seats === null) {
    throw new CliError(
      { code: 'CLI_NOT_REQUESTER', taskId },
      'The key that opens the trace of this task is not here.',
      {
        hint: 'A trace is encrypted to whoever sent the task: ask on the machine, and with the ENIGMA_HOME, that it was sent from.'
      }
    )
  }
  if (settlement === null) {
    throw new CliError({ code: 'CLI_TASK_OPEN', taskId }, 'The task has no receipt yet, so there is no trace of it.', {
      hint: '`enigma task watch` waits for it.'
    })
  }
  const sent = settlement.outcome === 'verified' || settlement.outcome === 'failed'
  throw new CliError(
    { code: 'CLI_NO_TRACE', taskId },
    sent ? 'This task was sent without asking for a trace.' : 'Nothing of this run was released: it does not count.',
    {
      hint: sent
        ? 'Send it again with --trace; that costs no gas, and nobody else sees that it was asked for.'
        : 'Find out with a task that ends, or with `enigma test` on the function alone.'
    }
  )
}

function asJson({ taskId, scAddr, settlement, log, trace }: Traced, nameOf: NameOf): string {
  return toJson({
    taskId,
    scAddr,
    outcome: settlement?.outcome ?? null,
    gasUsed: trace.gasUsed,
    log,
    events: trace.events.map(({ call, gasUsed, key, size }) => ({ call, gasUsed, key: readableKey(key), bytes: size })),
    functions: trace.functions.map(({ index, ...rest }) => ({ name: nameOf(index), ...rest })),
    host: trace.host,
    truncated: trace.truncated
  })
}
