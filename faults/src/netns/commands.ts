import { execFile } from 'node:child_process'

/** Runs a command to its end and gives its output. @throws with what it printed, if it fails. */
export function run(program: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      reject(new Error(`${program} ${args.join(' ')}: ${stderr.trim() || error.message}`))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
