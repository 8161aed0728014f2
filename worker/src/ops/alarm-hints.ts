import type { Hints } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'

/** What a person does about an alarm in `/status`, by its code. Those that are errors, too, have theirs at `WorkerError`. */
export const ALARM_HINTS: Hints = {
  CHAIN_ENDPOINT_BEHIND: 'Check the endpoint of --chain-url that the message names.',
  CONTENT_LOST:
    'Start the worker, or the copy of its data, that holds what the message names. Until then tasks of that contract are refunded.',
  DISK: 'Free some space, or give the worker a larger disk.',
  ENCLAVE_CRASHED: 'Nothing at first: the worker starts it again. If it repeats, look at its memory and its log.',
  EVIDENCE_NOT_RENEWED:
    'Look at the enclave of the node and its clock: its evidence must be renewed before it expires.',
  OTHER_PRINCIPAL:
    'This principal is not the one of the contract: give it the root of the registered one, or another contract.',
  RECEIPT_REFUSED: 'Report it with the log of the worker: the contract should not refuse what its enclave signed.',
  RELEASE_FAILED: 'Nothing at first: another seat runs the task again. Look at the disk of the enclave.',
  RERUN_DIFFERS: 'Report it with the log of the worker: two runs of a task should never differ.',
  RUN_FAILED: 'Nothing at first: it is tried once more. If it repeats, look at memory and load of the machine.',
  STAKE_ROOT_MISMATCH: 'Point the worker at another Ethereum node: this one left events out.',
  STORE_DAMAGED: 'Nothing at first: what was damaged is fetched again. Check the disk.',
  STORE_REPAIRED:
    'Nothing at first: what is missing is fetched again. Check disk and memory of the machine; what the message names can be deleted when the node is ready again.'
}

export const alarmHint = (code: string): string =>
  ALARM_HINTS[code] ?? (WorkerError.hints as Hints)[code] ?? 'docs/errors.md explains the code.'
