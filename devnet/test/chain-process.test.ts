import { expect } from 'chai'
import { join } from 'node:path'
import { accountCount, devAccount, roles } from '../src/accounts.ts'
import { chainSpec, chainUrl, Miner, type ChainKind } from '../src/chain-process.ts'
import { ChainRpc } from '../src/chain-rpc.ts'
import { ProcessTable } from '../src/process-table.ts'
import { waitFor } from '../src/wait.ts'
import { codeThrownBy, temporaryFolder } from './helpers.ts'

describe('devnet/chain-process', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let table: ProcessTable
  beforeEach(() => {
    folder = temporaryFolder()
    table = new ProcessTable({ logDir: join(folder.path, 'logs') })
  })
  afterEach(async () => {
    await table.stopAll(5_000)
    folder.remove()
  })

  const start = async (kind: ChainKind): Promise<{ rpc: ChainRpc; miner: Miner }> => {
    const chain = table.start(chainSpec({ kind, port: 0, stateFile: join(folder.path, 'chain', 'state.json') }))
    const rpc = new ChainRpc(await chainUrl(chain, AbortSignal.timeout(60_000)))
    return { rpc, miner: new Miner(rpc, kind) }
  }
  const pay = (rpc: ChainRpc): Promise<string> => {
    const transaction = { from: devAccount(0).address, to: devAccount(39).address, value: '0x1' }
    return rpc.call('eth_sendTransaction', [transaction])
  }

  for (const kind of ['hardhat', 'anvil'] as const) {
    it(`${kind} has every account of a devnet, and mines as it is told`, async function () {
      this.timeout(90_000)
      const { rpc, miner } = await start(kind)
      const accounts = await rpc.call<string[]>('eth_accounts')
      expect(accounts).to.have.length(accountCount)
      expect(accounts[29]).to.equal(roles.staking(9).address.toLowerCase())
      expect(Number(await rpc.call('eth_chainId'))).to.equal(31337)

      await miner.auto()
      await pay(rpc)
      // anvil answers before it has mined
      await waitFor(async () => (await rpc.blockNumber()) === 1, { what: 'the block of a payment', limitMs: 10_000 })

      await miner.manual()
      const waiting = await pay(rpc)
      expect(await rpc.call('eth_getTransactionReceipt', [waiting])).to.equal(null)
      await miner.mine(3)
      expect(await rpc.blockNumber()).to.equal(4)
      expect(await rpc.call('eth_getTransactionReceipt', [waiting])).to.include({ blockNumber: '0x2' })

      await miner.every(1_000)
      await waitFor(async () => (await rpc.blockNumber()) > 5, { what: 'two blocks', limitMs: 10_000 })
    })
  }

  it('anvil goes on where it was stopped, even by force', async function () {
    this.timeout(90_000)
    const first = await start('anvil')
    await first.miner.mine(5)
    const hash = (await first.rpc.call<{ hash: string }>('eth_getBlockByNumber', ['0x3', false])).hash
    await table.get('chain').stop(10_000)
    const second = await start('anvil')
    expect(await second.rpc.blockNumber()).to.equal(5)
    expect((await second.rpc.call<{ hash: string }>('eth_getBlockByNumber', ['0x3', false])).hash).to.equal(hash)

    await new Promise(resolve => setTimeout(resolve, 6_000)) // it writes its state every five seconds
    await table.kill('chain', 'SIGKILL')
    const third = await start('anvil')
    expect(await third.rpc.blockNumber()).to.equal(5)
  })

  it('says that the chain is gone', async function () {
    this.timeout(60_000)
    const { rpc } = await start('anvil')
    await table.kill('chain', 'SIGKILL')
    expect(await codeThrownBy(() => rpc.blockNumber())).to.equal('DEVNET_CHAIN')
    expect(() => table.get('chain').assertRunning()).to.throw('SIGKILL')
    expect(await codeThrownBy(() => table.get('worker7'))).to.equal('DEVNET_NO_SUCH_PROCESS')
  })
})
