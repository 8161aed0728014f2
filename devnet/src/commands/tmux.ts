import { spawn, spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TmuxView {
  /** Shows the session until the user leaves it. True if it was left with the network going on, false if it was ended. */
  attach(): Promise<boolean>
  close(): void
}

export function hasTmux(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && spawnSync('tmux', ['-V']).status === 0
}

/**
 * A tmux session on a server of its own: one pane with the URLs, one per process that follows its log. Ctrl-C in the first pane ends
 * the session; Ctrl-B D leaves it and lets the network go on.
 */
export function openTmux(logDir: string, names: readonly string[], lines: readonly string[]): TmuxView {
  const server = `enigma-${process.pid}`
  const notice = join(logDir, 'ready.txt')
  writeFileSync(notice, [...lines, '', 'Ctrl-C here stops the network. Ctrl-B D leaves this view.', ''].join('\n'))
  const run = (...args: string[]): number | null =>
    spawnSync('tmux', ['-L', server, ...args], { stdio: 'ignore' }).status
  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

  // The trap comes first: who reads the notice may press Ctrl-C at once.
  const control = `trap 'exit 0' INT; sleep 1; cat ${quote(notice)}; while :; do sleep 1; done`
  run(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-s',
    'enigma',
    '-x',
    '200',
    '-y',
    '50',
    `sh -c ${quote(control)}; tmux -L ${server} kill-server`
  )
  run('set-option', '-g', 'pane-border-status', 'top')
  run('set-option', '-g', 'pane-border-format', ' #{pane_title} ')
  run('select-pane', '-T', 'enigma')
  for (const name of names) {
    run('split-window', '-t', 'enigma', `exec tail -n 200 -F ${quote(join(logDir, `${name}.log`))}`)
    run('select-pane', '-T', name)
    run('select-layout', '-t', 'enigma', 'tiled')
  }
  run('select-pane', '-t', 'enigma:0.0')

  return {
    attach: () => attach(server),
    close() {
      run('kill-server')
      const folder = join(process.env.TMUX_TMPDIR ?? '/tmp', `tmux-${process.getuid?.() ?? 0}`)
      rmSync(join(folder, server), { force: true }) // tmux leaves its socket there
    }
  }
}

async function attach(server: string): Promise<boolean> {
  const env = { ...process.env }
  delete env.TMUX // started from inside another tmux, it is a session of its own all the same
  const client = spawn('tmux', ['-L', server, 'attach-session', '-t', 'enigma'], { stdio: 'inherit', env })
  await new Promise<void>(resolve => {
    client.once('exit', () => resolve())
    client.once('error', () => resolve())
  })
  return spawnSync('tmux', ['-L', server, 'has-session', '-t', 'enigma'], { stdio: 'ignore' }).status === 0
}
