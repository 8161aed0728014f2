import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import type * as EnigmaJs from 'enigma-js'
import type { Browser } from 'playwright-core'
import { connectAs, sample } from './support/actors.ts'
import { openBrowser } from './support/browser.ts'
import { bundlers } from './support/bundlers.ts'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

const root = join(import.meta.dirname, '../..')
/** A page that only shows amounts must not carry the client. */
const MOST_SHAKEN_BYTES = 4_000
/** The client, ethers and all: what a page really loads. */
const MOST_GZIPPED_BYTES = 220 * 1024

/** The package and what it depends on, in the versions that it asks for, as npm would lay them out. */
function install(folder: string): void {
  const modules = join(folder, 'node_modules')
  cpSync(join(root, 'enigma-js/dist/package'), join(modules, 'enigma-js'), { recursive: true })
  const manifest = readFileSync(join(modules, 'enigma-js/package.json'), 'utf8')
  for (const name of Object.keys((JSON.parse(manifest) as { dependencies: object }).dependencies)) {
    const own = join(root, 'protocol/node_modules', name)
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(existsSync(own) ? own : join(root, 'node_modules', name), join(modules, name))
  }
}

describe('e2e: enigma-js in bundlers', function () {
  this.timeout(180_000)
  const shared = useSharedDevnet()
  let folder: string
  let browser: Browser
  let server: Server
  let facts: { enigma: string; rpc: string[]; chainUrl: string; privateKey: string; scAddr: string; abi: unknown[] }

  before(async () => {
    await promisify(execFile)(process.execPath, [join(root, 'enigma-js/package-build.ts')])
    // Inside the repository, so that ethers is found as a project's own would be; enigma-js is the built package, not its sources.
    mkdirSync(join(root, 'build'), { recursive: true })
    folder = mkdtempSync(join(root, 'build/bundlers-'))
    install(folder)
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'whole.js'), "import * as enigma from 'enigma-js'\nglobalThis.enigma = enigma\n")
    writeFileSync(join(folder, 'shaken.js'), "import { inEng } from 'enigma-js'\nglobalThis.shown = inEng(5n)\n")
    server = createServer((request, response) => {
      const script = /^\/([a-z-]+\.js)$/.exec(request.url ?? '')?.[1]
      if (script === undefined)
        response.setHeader('content-type', 'text/html').end('<!doctype html><title>dApp</title>')
      else response.setHeader('content-type', 'text/javascript').end(readFileSync(join(folder, 'out', script)))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    browser = await openBrowser()

    const { devnet, nextUser } = shared()
    const user = nextUser()
    const { wasm, abi } = sample('calculator')
    const client = await connectAs(devnet, user)
    const task = await whileMining(devnet, client.deploy({ wasm, abi }, []))
    const scAddr = await whileMining(devnet, task.result())
    client.close()
    const { enigma, chainUrl, workers } = devnet
    facts = { enigma, chainUrl, rpc: workers.map(({ httpUrl }) => httpUrl), ...user, scAddr, abi: [...abi] }
  })
  after(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  for (const [name, bundle] of Object.entries(bundlers)) {
    it(`computes from a bundle of ${name}, and is left out where it is not used`, async () => {
      const whole = await bundle(join(folder, 'whole.js'), join(folder, 'out', `whole-${name}.js`))
      const shaken = await bundle(join(folder, 'shaken.js'), join(folder, 'out', `shaken-${name}.js`))
      expect(shaken.length).to.be.lessThan(MOST_SHAKEN_BYTES)
      if (name !== 'webpack') expect(gzipSync(whole).length).to.be.lessThan(MOST_GZIPPED_BYTES) // webpack's is not minified here
      expect(whole).to.not.match(/Buffer\.from|process\.nextTick|["']node:/)

      const page = await browser.newPage()
      const faults: string[] = []
      page.on('pageerror', error => faults.push(error.message))
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      for (const script of [`shaken-${name}.js`, `whole-${name}.js`])
        await page.addScriptTag({ url: `/${script}`, type: 'module' })
      const answer = page.evaluate(async ({ enigma, rpc, chainUrl, privateKey, scAddr, abi }) => {
        const loaded = globalThis as unknown as { shown: string; enigma: typeof EnigmaJs }
        const client = await loaded.enigma.createEnigmaClient({
          privateKey,
          chainUrl,
          network: { enigma, rpc, mode: 'simulation' }
        })
        const task = await client.compute(scAddr, abi as never, 'sub' as never, [76n, 17n] as never)
        return [loaded.shown, String(await task.result())]
      }, facts)
      expect(await whileMining(shared().devnet, answer)).to.deep.equal(['0.00000005', '59'])
      expect(faults).to.deep.equal([])
      await page.close()
    })
  }
})
