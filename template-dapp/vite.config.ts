import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const compiled = join(import.meta.dirname, '../secret-contracts/build')
/** What the page deploys, and the names of its functions, to read traces with. */
const files = ['millionaires.wasm', 'millionaires.functions.json']

/** Puts the compiled secret contracts at /contracts/, where the page fetches them. */
function secretContracts(): Plugin {
  return {
    name: 'secret-contracts',
    generateBundle() {
      for (const name of files) {
        this.emitFile({ type: 'asset', fileName: `contracts/${name}`, source: readFileSync(join(compiled, name)) })
      }
    },
    configureServer({ middlewares }) {
      middlewares.use('/contracts', (request, response, next) => {
        const name = files.find(known => request.url === `/${known}`)
        if (name === undefined) return next()
        const type = name.endsWith('.wasm') ? 'application/wasm' : 'application/json'
        response.setHeader('content-type', type).end(readFileSync(join(compiled, name)))
      })
    }
  }
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), secretContracts()],
  build: { target: 'es2022', chunkSizeWarningLimit: 900 },
  // `npm run dev -w template-dapp` works against the network that ./launch.sh started: its page says where everything is.
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/network.json': process.env.ENIGMA_PAGE_URL ?? 'http://127.0.0.1:8080' }
  },
  preview: { host: '127.0.0.1', port: 8080, strictPort: true }
})
