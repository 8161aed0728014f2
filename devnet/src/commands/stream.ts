import { styleText } from 'node:util'
import type { CommandIo } from './io.ts'

const colours = ['cyan', 'green', 'yellow', 'magenta', 'blue'] as const

/** Writes the lines of all processes into one stream, each with the name of its process in front. */
export class LogStream {
  readonly #io: CommandIo
  readonly #colours = new Map<string, (typeof colours)[number]>()
  on = false

  constructor(io: CommandIo) {
    this.#io = io
  }

  line(name: string, line: string): void {
    // The chain prints several lines for every question it is asked; its log file has them.
    if (!this.on || name === 'chain') return
    this.#io.out(`${this.#prefix(name)} | ${line}`)
  }

  #prefix(name: string): string {
    const padded = name.padEnd(9)
    if (!process.stdout.isTTY) return padded
    const colour = this.#colours.get(name) ?? colours[this.#colours.size % colours.length] ?? 'cyan'
    this.#colours.set(name, colour)
    return styleText(colour, padded)
  }
}
