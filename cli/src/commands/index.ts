import type { Command } from '../command.ts'
import { workerBackup } from './backup.ts'
import { call } from './call.ts'
import { compile } from './compile.ts'
import { debug } from './debug.ts'
import { deploy } from './deploy.ts'
import { devnetDownCommand, devnetStatusCommand, devnetUpCommand } from './devnet.ts'
import { chainCommand, foundCommand, nodeCommand, nodeHealth, pageCommand } from './hosts.ts'
import { query } from './query.ts'
import { init, migrate, page, start, stop, test } from './project.ts'
import { principalExport, principalImport, principalPromote, principalRequest, principalRotate } from './principal.ts'
import { taskRefund, taskWatch } from './task.ts'
import { workerStatus } from './worker.ts'

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  init,
  start,
  stop,
  test,
  migrate,
  page,
  devnetUpCommand,
  devnetDownCommand,
  devnetStatusCommand,
  chainCommand,
  foundCommand,
  pageCommand,
  nodeCommand,
  nodeHealth,
  compile,
  deploy,
  call,
  query,
  taskWatch,
  taskRefund,
  debug,
  workerStatus,
  workerBackup,
  principalRequest,
  principalExport,
  principalImport,
  principalPromote,
  principalRotate
]
