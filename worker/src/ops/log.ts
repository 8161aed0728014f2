/** Structured logs: one line per event, JSON for machines or text for people. Never a key, an input or an output. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export type LogFormat = 'json' | 'text'

export type LogFacts = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>

export interface Logger {
  debug(message: string, facts?: LogFacts): void
  info(message: string, facts?: LogFacts): void
  warn(message: string, facts?: LogFacts): void
  error(message: string, facts?: LogFacts): void
  /** A logger whose lines carry the component's name. */
  child(component: string): Logger
}

/** The level of a logger and all its children; may change while the node runs. */
export interface LogControl {
  level: LogLevel
}

export interface LogOptions {
  readonly format?: LogFormat
  readonly level?: LogLevel | LogControl
  readonly component?: string
  readonly name?: string // of the node
  readonly write?: (line: string) => void
  readonly now?: () => Date
}

const MAX_FACT_CHARS = 500

/** Foreign text must not forge a line: control characters go, length is bounded. */
const clean = (value: string): string => {
  // eslint-disable-next-line no-control-regex
  const printable = value.replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, ' ')
  return printable.length <= MAX_FACT_CHARS ? printable : `${printable.slice(0, MAX_FACT_CHARS - 3)}...`
}

export function createLogger(options: LogOptions = {}): Logger {
  const { format = 'text', level = 'info', component = 'worker', name = '', now = () => new Date() } = options
  const write = options.write ?? ((line: string) => void process.stdout.write(`${line}\n`))
  const control: LogControl = typeof level === 'string' ? { level } : level

  function log(at: LogLevel, message: string, facts: LogFacts = {}): void {
    if (LOG_LEVELS.indexOf(at) < LOG_LEVELS.indexOf(control.level)) return
    const known = Object.entries(facts).filter(([, value]) => value !== undefined)
    const time = now().toISOString()
    if (format === 'json') {
      const fields = Object.fromEntries(
        known.map(([key, value]) => [
          key,
          typeof value === 'bigint' ? value.toString() : typeof value === 'string' ? clean(value) : value
        ])
      )
      write(JSON.stringify({ time, level: at, ...(name && { name }), component, message: clean(message), ...fields }))
      return
    }
    const tail = known.map(([key, value]) => `${key}=${clean(String(value))}`).join(' ')
    write(`${time} ${at.padEnd(5)} ${component.padEnd(8)} ${clean(message)}${tail && `  ${tail}`}`)
  }

  return {
    debug: (message, facts) => log('debug', message, facts),
    info: (message, facts) => log('info', message, facts),
    warn: (message, facts) => log('warn', message, facts),
    error: (message, facts) => log('error', message, facts),
    child: part => createLogger({ ...options, level: control, component: part })
  }
}
