/** Where a command writes. The `enigma` command passes its own. */
export interface CommandIo {
  out(line: string): void
  err(line: string): void
}
