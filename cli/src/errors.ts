import { EnigmaError, asError, type Hints } from '@enigma/protocol'
import { TaskFailedError } from 'enigma-js'
import type { Io } from './io.ts'

/** What the command line refuses on purpose. */
export type CliFailure =
  /** There is no such command, or its arguments do not fit. */
  | { readonly code: 'CLI_USAGE'; readonly what: string }
  /** No network is given, and none runs on this machine. */
  | { readonly code: 'CLI_NO_NETWORK' }
  /** The account or its key file cannot be used. */
  | { readonly code: 'CLI_ACCOUNT'; readonly what: string }
  /** A contract is known neither by that name nor by that address or file. */
  | { readonly code: 'CLI_CONTRACT'; readonly contract: string }
  /** The contract's ABI is not known here. */
  | { readonly code: 'CLI_NO_ABI'; readonly contract: string }
  /** An argument does not read as its ABI type. */
  | { readonly code: 'CLI_ARGUMENT'; readonly argument: string; readonly type: string }
  /** A file cannot be read or does not hold what it should. */
  | { readonly code: 'CLI_FILE'; readonly path: string }
  /** The key that opens what a task's enclave wrote is not on this machine. */
  | { readonly code: 'CLI_NOT_REQUESTER'; readonly taskId: string }
  /** There is no trace of the task. */
  | { readonly code: 'CLI_NO_TRACE'; readonly taskId: string }
  /** No node answers at the address. */
  | { readonly code: 'CLI_NO_NODE'; readonly url: string }
  /** The node has taken a management call and not ended it in time. */
  | { readonly code: 'CLI_NODE_SLOW'; readonly url: string; readonly action: string; readonly limitMs: number }
  /** The node refused a management call. */
  | { readonly code: 'CLI_NODE_REFUSED'; readonly action: string; readonly reason: string }
  /** The task has no receipt yet. */
  | { readonly code: 'CLI_TASK_OPEN'; readonly taskId: string }

const CLI_HINTS: Hints<CliFailure['code']> = {
  CLI_USAGE: '`enigma COMMAND --help` shows what the command takes.',
  CLI_NO_NETWORK: 'Start one with `./launch.sh -s`, or name one with --rpc, --chain-url and --enigma.',
  CLI_ACCOUNT: 'Name a test account from 11 to 19, or a file with a private key that only you can read.',
  CLI_CONTRACT: 'Deploy it with `enigma deploy`, or give its address and `--abi`.',
  CLI_NO_ABI: 'Give it with --abi.',
  CLI_ARGUMENT: 'Write the argument as its ABI type wants it; lists as JSON.',
  CLI_FILE: 'Check the path, and what the file holds.',
  CLI_NO_NODE: 'Start the node, or name the folder or the address of another one.',
  CLI_NODE_SLOW: 'It goes on with what it was asked for. Its log and `/status` say more; do not ask it again before.',
  CLI_NODE_REFUSED: 'The message holds what the node said; nothing was changed.',
  CLI_NOT_REQUESTER: 'Ask where the task was sent from: its keys are there, and a trace is for nobody else.',
  CLI_NO_TRACE: 'Send the task again with --trace: that costs no gas, and nobody else sees that it was asked for.',
  CLI_TASK_OPEN: '`enigma task watch` waits for it.'
}

export class CliError extends EnigmaError<CliFailure> {
  static override get hints(): typeof CLI_HINTS {
    return CLI_HINTS
  }
}

export const usageError = (what: string, hint?: string): CliError =>
  new CliError({ code: 'CLI_USAGE', what }, what, hint === undefined ? {} : { hint })

/** Prints `CODE: sentence` and the hint; gives the exit code. */
export function report(thrown: unknown, io: Io): number {
  const error = asError(thrown)
  if (!(error instanceof EnigmaError)) {
    io.err(`INTERNAL: ${error.message}`)
    io.err('hint: This is a fault of the program; what it was doing stands below.')
    io.err(error.stack ?? '')
    return 1
  }
  io.err(`${error.code}: ${error.message}`)
  if (error.hint !== undefined) io.err(`hint: ${error.hint}`)
  return error instanceof TaskFailedError ? 2 : 1
}
