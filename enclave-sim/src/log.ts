/** Facts of a log line: numbers, booleans and public names. Never keys, plaintext, or the text of a foreign error. */
export type LogFacts = Readonly<Record<string, string | number | boolean>>
export type Log = (level: 'info' | 'warn' | 'error', event: string, facts?: LogFacts) => void

/** One JSON object per line on stderr; the host reads it and adds the time. */
export const stderrLog: Log = (level, event, facts = {}) => {
  process.stderr.write(`${JSON.stringify({ level, event, ...facts })}\n`)
}

/** Where an unexpected error came from, without its message: that might hold what it was about. */
export function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return 'not an Error'
  const frames = (error.stack ?? '').split('\n').filter(line => /^\s+at /.test(line))
  return [error.name, ...frames.slice(0, 6).map(frame => frame.trim())].join(' | ')
}
