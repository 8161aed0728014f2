import { expect } from 'chai'
import { Wallet, JsonRpcProvider, type Eip1193Provider } from 'ethers'
import type { ScAddr } from '@enigma/protocol'
import { type ClientError, codeOf, createEnigmaClient, type EnigmaClient, type SecretContractAbi } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { compiled } from './support/compiled.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

const DIARY = `import { Address, context, require, state, u256 } from '@enigma/sdk'

export function constructor(): void {
  state.set<Address>('owner', context.caller())
}

export function write(n: u256): void {
  state.set<u256>('n', n)
}

@view
export function read(): u256 {
  require(context.caller() == state.get<Address>('owner'), 'only its owner reads a diary')
  return state.get<u256>('n')
}

@view
export function who(): Address {
  return context.caller()
}
`

describe('e2e: questions that cost nothing', function () {
  this.timeout(240_000)
  const shared = useSharedDevnet()
  let client: EnigmaClient
  let ledger: Ledger
  let scAddr: ScAddr
  let abi: SecretContractAbi

  before(async () => {
    const { devnet, nextUser } = shared()
    client = await connectAs(devnet, nextUser())
    ledger = new Ledger(devnet)
    const contract = await compiled('diary', DIARY)
    abi = contract.abi
    scAddr = await whileMining(devnet, (await whileMining(devnet, client.deploy(contract, []))).result())
    await whileMining(devnet, client.contract(scAddr, abi).call.write!(41n))
  })
  after(() => {
    client?.close()
    ledger?.close()
  })

  it('answers from the present head, without a transaction, a fee or a block', async () => {
    const { devnet } = shared()
    const block = await devnet.blockNumber()
    const before = await ledger.balance(client.address!)
    const { value, deltaCount, block: answered } = await client.query(scAddr, abi, 'read', [])
    expect(value).to.equal(41n)
    expect(deltaCount).to.equal(2)
    expect(answered).to.be.at.most(block)
    expect(await devnet.blockNumber()).to.equal(block)
    expect(await ledger.balance(client.address!)).to.equal(before)
  })

  it('has in it what the asker wrote before', async () => {
    const { devnet } = shared()
    const { query, call } = client.contract(scAddr, abi)
    for (const n of [42n, 43n, 44n]) {
      await whileMining(devnet, call.write!(n))
      expect(await query.read!()).to.equal(n)
    }
  })

  it('is asked in the name of the account, and nobody can ask in the name of another', async () => {
    const { devnet, nextUser } = shared()
    expect(String(await client.contract(scAddr, abi).query.who!()).toLowerCase()).to.equal(client.address)
    const stranger = await connectAs(devnet, nextUser())
    try {
      const error: unknown = await stranger.contract(scAddr, abi).query.read!().catch((thrown: unknown) => thrown)
      expect(codeOf(error)).to.equal('QUERY_FAILED')
      expect((error as ClientError).message).to.contain('only its owner reads a diary')
    } finally {
      stranger.close()
    }
  })

  it('writes nothing', async () => {
    const error: unknown = await client.contract(scAddr, abi).query.write!(7n).catch((thrown: unknown) => thrown)
    expect(codeOf(error)).to.equal('QUERY_FAILED')
    expect((error as ClientError).facts).to.include({ reasonName: 'readOnly' })
    expect(await client.contract(scAddr, abi).query.read!()).to.equal(44n)
  })

  it('asks a wallet once, and its key only for what it was permitted', async () => {
    const { devnet, nextUser } = shared()
    const user = nextUser()
    const wallet = new Wallet(user.privateKey)
    const node = new JsonRpcProvider(devnet.chainUrl)
    let asked = 0
    const provider: Eip1193Provider = {
      async request({ method, params }: { method: string; params?: unknown[] }): Promise<unknown> {
        if (method === 'eth_accounts' || method === 'eth_requestAccounts') return [wallet.address]
        if (method !== 'eth_signTypedData_v4') return node.send(method, params ?? [])
        asked += 1
        const { domain, types, message } = JSON.parse(params![1] as string) as {
          domain: object
          types: Record<string, { name: string; type: string }[]>
          message: Record<string, unknown>
        }
        const { EIP712Domain: _, ...rest } = types
        return wallet.signTypedData(domain, rest, message)
      }
    }
    const page = await createEnigmaClient({
      provider,
      network: { enigma: devnet.enigma, rpc: devnet.workers.map(worker => worker.httpUrl), mode: 'simulation' }
    })
    try {
      const { query } = page.contract(scAddr, abi)
      for (let i = 0; i < 3; i++) expect(String(await query.who!()).toLowerCase()).to.equal(page.address)
      expect(asked).to.equal(1)
      await page.allowQueries(scAddr, { functions: ['read()'] })
      expect(codeOf(await query.who!().catch((error: unknown) => error))).to.equal('ENCLAVE_QUERY_REFUSED')
      expect(asked).to.equal(2)
    } finally {
      page.close()
      node.destroy()
    }
  })

  it('is answered in the next epoch too, by its seats', async () => {
    const { devnet } = shared()
    const epoch = async (): Promise<number> => (await client.network.epoch()).epoch
    const before = await epoch()
    await mineUntil(devnet, async () => (await epoch()) > before, 40)
    expect(await whileMining(devnet, client.contract(scAddr, abi).query.read!())).to.equal(44n)
  })
})
