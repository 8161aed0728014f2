import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'

const root = join(import.meta.dirname, '../../..')

/** `npm run dev -w template-dapp` on a free port, against the network whose page is at `pageUrl`. */
export async function startDevServer(pageUrl: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  // A group of its own, since npm starts a shell and that the server.
  const child = spawn('npm', ['run', 'dev', '-w', 'template-dapp', '--', '--port', '0', '--strictPort'], {
    cwd: root,
    env: { ...process.env, ENIGMA_PAGE_URL: pageUrl, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true
  })
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM')
    await ended
  }
  const said: string[] = []
  for await (const line of createInterface(child.stdout)) {
    said.push(stripVTControlCharacters(line))
    const url = /Local: +(http:\S+)/.exec(said.at(-1)!)?.[1]
    if (url !== undefined) return { url, stop }
  }
  await stop()
  throw new Error(`the server from sources did not start:\n${said.join('\n')}`)
}
