import { asError } from '@enigma/protocol'
import { readConfig, readOperatorKey, type Config } from './config.ts'
import { EXIT, createEnding, explain } from './ops/ending.ts'
import { createLogger, type Logger } from './ops/log.ts'
import { startBootstrap } from './roles/bootstrap.ts'
import { openBase, type NodeBase } from './roles/node.ts'
import { startPrincipal } from './roles/principal.ts'
import { createStops } from './roles/stops.ts'
import { startWorker } from './roles/worker.ts'
import type { Role } from './config.ts'

const starters: Record<Role, (base: NodeBase) => Promise<void>> = {
  worker: startWorker,
  principal: startPrincipal,
  bootstrap: startBootstrap
}

function banner(log: Logger, config: Config): void {
  if (config.role === 'bootstrap') return
  log.warn(
    'SIMULATION: the enclave of this node is simulated in software. It protects nothing against its own machine.'
  )
}

/** Runs a node by the settings of this process until a signal or a failure ends it. */
export async function runNode(): Promise<void> {
  let log = createLogger()
  let config: Config
  let key: string
  try {
    config = readConfig(process.argv.slice(2), process.env)
    key = readOperatorKey(config.operatorKeyFile)
  } catch (error) {
    explain(log, error)
    process.exitCode = EXIT.settings
    return
  }
  const logControl = { level: config.logLevel }
  log = createLogger({ format: config.logFormat, level: logControl, component: config.role, name: config.name })
  banner(log, config)

  const stops = createStops(log)
  const end = createEnding({ log, stops, exit: code => process.exit(code) })
  const fatal = (error: Error): void => {
    if (stops.signal.aborted) return log.debug('given up while stopping', { error: error.message })
    explain(log, error)
    end(EXIT.failure)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info('stopping', { signal })
      end(EXIT.clean)
    })
  }
  const tell = (error: unknown, what: string): void =>
    log.error(what, { code: 'INTERNAL', error: asError(error).message, stack: asError(error).stack })
  process.on('unhandledRejection', error => tell(error, 'an error nobody handled'))
  process.on('uncaughtException', error => {
    tell(error, 'an error nobody handled; the node stops, for nobody knows what it left undone')
    end(EXIT.failure)
  })
  try {
    await starters[config.role](await openBase({ config, operatorKey: key, log, logControl, fatal, stops }))
  } catch (error) {
    fatal(asError(error))
  }
}
