import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { manageNode } from '../manage.ts'

/** To another disk all is copied, and the node goes on with it whoever waits. */
const COPY_MS = 280_000

export const workerBackup: Command = {
  command: 'worker backup',
  describe: "Copy a node's data folder to another one while the node runs",
  positionals: [{ name: 'dir', describe: 'folder to make; it must not exist, or be empty' }],
  options: {
    http: { type: 'string', value: 'URL', describe: 'address of the node (default http://127.0.0.1:3346)' },
    'data-dir': { type: 'string', value: 'DIR', describe: "the node's data folder, with its mgmt.token" }
  },
  examples: ['enigma worker backup /var/backups/enigma/2026-11-26 --data-dir .enigma/net/worker1'],

  async run(given, io) {
    const dir = resolve(given.positionals[0]!)
    const node = { role: 'worker', url: 'http://127.0.0.1:3346', limitMs: COPY_MS } as const
    const { files, bytes, pausedMs } = await manageNode(given, node, 'backup', { dir })
    const size = `${(Number(bytes) / 2 ** 20).toFixed(1)} MiB`
    io.out(`${dir}: ${String(files)} files, ${size}; writes waited ${String(pausedMs)} ms.`)
    io.out('It holds the keys of the node: keep it as safe as the node itself, and never start both.')
    return 0
  }
}
