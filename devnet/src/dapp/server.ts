/** `node devnet/src/dapp/server.ts --root FOLDER [--host ADDRESS] --port PORT --network FILE`: the process that serves the template dApp. */
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { servePage } from './serve-page.ts'

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    host: { type: 'string' },
    port: { type: 'string' },
    network: { type: 'string' }
  }
})
const { root = '', host = '127.0.0.1', port = '0', network = '' } = values
const server = servePage({ root: resolve(root), networkFile: resolve(network) })
server.once('error', error => {
  console.error(error.message)
  process.exit(1)
})
server.listen(Number(port), host, () => {
  console.log(`the page is at http://${host}:${(server.address() as AddressInfo).port}`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
  })
}
