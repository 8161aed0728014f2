import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type * as EnigmaJs from 'enigma-js'
import { Wallet } from 'ethers'
import { chromium, type Browser, type Page } from 'playwright-core'
import type { DevAccount } from '@enigma/devnet'
import { connectAs, sample } from './support/actors.ts'
import { DevnetChain } from './support/chain-data.ts'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

const root = join(import.meta.dirname, '../..')
const chromiumPath = process.env.ENIGMA_CHROMIUM ?? '/usr/bin/chromium'
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/** What a page's script asks its wallet. */
interface WalletRequest {
  readonly method: string
  readonly params?: readonly unknown[]
}

/** A wallet as a page sees one: it holds the key outside the page, signs, and passes everything else on to the chain. */
function walletOf({ privateKey }: DevAccount, chain: DevnetChain): (request: WalletRequest) => Promise<unknown> {
  const wallet = new Wallet(privateKey)
  return async ({ method, params = [] }) => {
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [wallet.address]
      case 'eth_signTypedData_v4': {
        const { domain, types, message } = JSON.parse((params as [string, string])[1]) as {
          domain: object
          types: Record<string, { name: string; type: string }[]>
          message: Record<string, unknown>
        }
        const { EIP712Domain: _, ...own } = types
        return wallet.signTypedData(domain, own, message)
      }
      case 'eth_sendTransaction': {
        const { to, data, gas } = (params as [{ to: string; data: string; gas: string }])[0]
        const [nonce, price, chainId] = await Promise.all([
          chain.rpc<string>('eth_getTransactionCount', [wallet.address, 'pending']),
          chain.rpc<string>('eth_gasPrice'),
          chain.rpc<string>('eth_chainId')
        ])
        const fees = { maxFeePerGas: BigInt(price) * 2n, maxPriorityFeePerGas: 1n }
        const rest = { nonce: Number(nonce), chainId: BigInt(chainId), gasLimit: BigInt(gas), type: 2, ...fees }
        return chain.rpc('eth_sendRawTransaction', [await wallet.signTransaction({ to, data, ...rest })])
      }
      default:
        return chain.rpc(method, params)
    }
  }
}

describe('e2e: enigma-js in a browser', function () {
  this.timeout(240_000)
  const shared = useSharedDevnet()
  let browser: Browser
  let server: Server

  before(async () => {
    await promisify(execFile)(process.execPath, [join(root, 'enigma-js/build.ts')])
    const bundle = readFileSync(join(root, 'enigma-js/dist/enigma.bundle.js'))
    server = createServer((request, response) => {
      if (request.url === '/enigma.js') response.setHeader('content-type', 'text/javascript').end(bundle)
      else response.setHeader('content-type', 'text/html').end('<!doctype html><title>dApp</title>')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    browser = await chromium.launch({ executablePath: chromiumPath, args: flags })
  })
  after(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
  })

  it('computes with a wallet, keeps its key over a reload, and reads the answer again', async () => {
    const { devnet, nextUser } = shared()
    const user = nextUser()
    const { wasm, abi } = sample('calculator')
    const deployer = await connectAs(devnet, nextUser())
    const task = await whileMining(devnet, deployer.deploy({ wasm, abi }, []))
    const scAddr = await whileMining(devnet, task.result())
    deployer.close()

    const page = await browser.newPage()
    const faults: string[] = []
    page.on('pageerror', error => faults.push(error.message))
    await page.exposeFunction('askWallet', walletOf(user, new DevnetChain(devnet.chainUrl)))
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const facts = { enigma: devnet.enigma, rpc: devnet.workers.map(({ httpUrl }) => httpUrl), scAddr, abi: [...abi] }

    await page.goto(address)
    const first = await whileMining(devnet, compute(page, facts))
    expect(first.result).to.equal('59')
    const all = ['encrypted', 'delivered', 'recorded', 'accepted', 'executing', 'committed', 'verified', 'final']
    expect(first.stages).to.deep.equal(all)

    await page.reload()
    const again = await whileMining(devnet, resume(page, facts))
    expect(again).to.deep.equal([{ taskId: first.taskId, result: '59' }])
    expect(faults).to.deep.equal([])
  })
})

interface Facts {
  readonly enigma: string
  readonly rpc: readonly string[]
  readonly scAddr: string
  readonly abi: unknown[]
}

/** Runs inside the page. */
function compute(page: Page, facts: Facts): Promise<{ taskId: string; stages: string[]; result: string }> {
  return page.evaluate(async ({ enigma, rpc, scAddr, abi }) => {
    const source = '/enigma.js'
    const { createEnigmaClient } = (await import(source)) as typeof EnigmaJs
    const { askWallet } = globalThis as unknown as { askWallet(request: object): Promise<unknown> }
    const provider = { request: askWallet }
    const client = await createEnigmaClient({ provider, network: { enigma, rpc, mode: 'simulation' } })
    const task = await client.compute(scAddr, abi as never, 'sub' as never, [76n, 17n] as never)
    const stages: string[] = []
    for await (const { stage } of task.events) stages.push(stage)
    return { taskId: task.taskId, stages, result: String(await task.result()) }
  }, facts)
}

/** Runs inside the page, after a reload: only localStorage remembers. */
function resume(page: Page, facts: Facts): Promise<{ taskId: string; result: string }[]> {
  return page.evaluate(async ({ enigma, rpc }) => {
    const source = '/enigma.js'
    const { createEnigmaClient } = (await import(source)) as typeof EnigmaJs
    const { askWallet } = globalThis as unknown as { askWallet(request: object): Promise<unknown> }
    const provider = { request: askWallet }
    const client = await createEnigmaClient({ provider, network: { enigma, rpc, mode: 'simulation' } })
    const tasks = await client.resume()
    return Promise.all(tasks.map(async task => ({ taskId: task.taskId, result: String(await task.result()) })))
  }, facts)
}
