import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'
import { projectFiles, readDeployed } from './layout.ts'

/** Serves a project's page to this machine, until a signal; bundles it anew for each request, so that a reload shows a change. */
export async function servePage(project: string, port: number, io: Io): Promise<number> {
  readDeployed(project) // refuses before anything is started
  const server = createServer((request, response) => {
    const send = (type: string, body: string): void => void response.writeHead(200, { 'content-type': type }).end(body)
    const answer = async (): Promise<void> => {
      // A page whose name was rebound to this address sends its own name.
      if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ''))
        return void response.writeHead(403).end()
      if (request.url === '/')
        return send('text/html; charset=utf-8', readFileSync(join(project, projectFiles.page, 'index.html'), 'utf8'))
      if (request.url === '/page.js') return send('text/javascript; charset=utf-8', await bundle(project))
      if (request.url === '/deployed.json') return send('application/json', readDeployed(project))
      response.writeHead(404).end()
    }
    answer().catch((error: Error) => {
      io.err(error.message)
      response.writeHead(500).end()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause =>
      reject(new CliError({ code: 'CLI_USAGE', what: 'port' }, `Port ${port} cannot be used.`, { cause }))
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  io.out(`the page is at http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  server.close()
  server.closeAllConnections()
  return 0
}

async function bundle(project: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(project, projectFiles.page, 'main.mjs')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent'
  })
  return outputFiles[0]!.text
}
