/** Prints what a check found, one problem a line, and sets the exit code: 0 when nothing was found. */
export function report(check: string, problems: readonly string[]): void {
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) console.error(`${check}: ${problems.length} problem${problems.length === 1 ? '' : 's'}`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
