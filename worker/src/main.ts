import { EnigmaError, asError } from '@enigma/protocol'
import { readConfig, readOperatorKey, type Config } from './config.ts'
import { createLogger, type Logger } from './ops/log.ts'
import { startBootstrap } from './roles/bootstrap.ts'
import { openBase, type Node, type NodeBase } from './roles/node.ts'
import { startPrincipal } from './roles/principal.ts'
import { startWorker } from './roles/worker.ts'
import type { Role } from './config.ts'

/** The executable of every node: `node worker/src/main.ts --role worker --enigma 0x... --operator-key-file ...` */

const STOP_MS = 9_000
const starters: Record<Role, (base: NodeBase) => Promise<Node>> = {
  worker: startWorker,
  principal: startPrincipal,
  bootstrap: startBootstrap
}

function explain(log: Logger, error: unknown): void {
  const failure = asError(error)
  const known = failure instanceof EnigmaError ? failure : null
  log.error(failure.message, { code: known?.code ?? 'INTERNAL', hint: known?.hint })
  if (!known && failure.stack) log.debug(failure.stack)
}

function banner(log: Logger, config: Config): void {
  if (config.role === 'bootstrap') return
  log.warn(
    'SIMULATION: the enclave of this node is simulated in software. It protects nothing against its own machine.'
  )
}

async function run(): Promise<void> {
  let log = createLogger()
  let config: Config
  let key: string
  try {
    config = readConfig(process.argv.slice(2), process.env)
    key = readOperatorKey(config.operatorKeyFile)
  } catch (error) {
    explain(log, error)
    process.exitCode = 2
    return
  }
  const logControl = { level: config.logLevel }
  log = createLogger({ format: config.logFormat, level: logControl, component: config.role, name: config.name })
  banner(log, config)

  let node: Node | null = null
  let ending = false
  const end = (code: number): void => {
    if (ending) process.exit(code)
    ending = true
    setTimeout(() => process.exit(code), STOP_MS).unref()
    Promise.resolve(node?.stop()).then(
      () => process.exit(code),
      error => {
        explain(log, error)
        process.exit(code || 1)
      }
    )
  }
  const fatal = (error: Error): void => {
    explain(log, error)
    end(1)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info('stopping', { signal })
      end(0)
    })
  }
  process.on('unhandledRejection', error => {
    log.error('an error nobody handled', { error: asError(error).message, stack: asError(error).stack })
  })
  try {
    node = await starters[config.role](await openBase(config, key, log, logControl, fatal))
  } catch (error) {
    fatal(asError(error))
  }
}

await run()
