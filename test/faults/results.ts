/** What became of one row. */
export interface Result {
  readonly number: number
  readonly name: string
  readonly times: number
  readonly ok: boolean
  /** The figure, or why it does not hold. */
  readonly figure: string
  readonly ms: number
}

/** The table that a run prints. */
export function tableOf(results: readonly Result[]): string {
  const head = ['row', 'fault', 'times', 'time', 'verdict', 'figure']
  const lines = [...results]
    .sort((a, b) => a.number - b.number)
    .map(({ number, name, times, ok, figure, ms }) => [
      String(number),
      name,
      String(times),
      `${(ms / 1000).toFixed(0)} s`,
      ok ? 'holds' : 'FAILED',
      figure
    ])
  const widths = head.map((_, i) => (i === 5 ? 0 : Math.max(...[head, ...lines].map(line => line[i]!.length))))
  return [head, ...lines].map(line => line.map((cell, i) => cell.padEnd(widths[i]!)).join('  ').trimEnd()).join('\n') // prettier-ignore
}

/** The form in which the test runner counts results: that of mocha's JSON reporter. */
export function mochaReport(results: readonly Result[]): object {
  const failures = results.filter(({ ok }) => !ok)
  return {
    stats: { passes: results.length - failures.length, failures: failures.length, pending: 0 },
    failures: failures.map(({ number, name, figure }) => ({
      fullTitle: `faults: row ${number}, ${name}`,
      err: { message: figure }
    })),
    pending: []
  }
}
