/** The `enigma` command, for whoever wants to run it inside another program. */
export { run } from './run.ts'
export type { Io } from './io.ts'
export { commands } from './commands/index.ts'
export { parse } from './parse.ts'
