import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, type Address } from '@enigma/protocol'
import { startHeadFeed } from '../../src/chain/head-feed.ts'
import { readNetworkFacts } from '../../src/chain/network.ts'
import { createChainRpc, type ChainRpc } from '../../src/chain/rpc.ts'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { createLogger } from '../../src/ops/log.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import { openChain, type ChainLink } from '../../src/roles/chain-link.ts'
import { principalOperator, registeredPrincipal } from '../../src/roles/principal-identity.ts'
import { startDevChain, type DevChain } from '../chain/dev-chain.ts'
import { DevNetwork, account } from '../chain/dev-network.ts'

const log = createLogger({ write: () => undefined })

describe('roles/chain-link', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'enigma-link-'))
  let chain: DevChain
  let beforeDeployment: string
  let first: DevNetwork
  let second: DevNetwork
  let db: Database

  before(async () => {
    chain = await startDevChain()
    beforeDeployment = await chain.snapshot()
    first = await DevNetwork.deploy(chain)
    second = await DevNetwork.deploy(chain)
  })
  beforeEach(async () => {
    db = await openDatabase(join(folder, String(Math.random())))
  })
  afterEach(() => db.close())
  after(async () => {
    first?.provider.destroy()
    second?.provider.destroy()
    await chain?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = (enigma: Address): Promise<ChainLink> =>
    openChain({ chainUrls: [chain.url], enigma, confirmations: null, db, log, board: createStatusBoard() })
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 1_000 && !condition(); i++) await new Promise(done => setTimeout(done, 10))
    expect(condition()).to.equal(true)
  }

  it('refuses the data of another network', async () => {
    await open(first.enigma)
    expect(await open(second.enigma).then(() => 'opened', codeOf)).to.equal('WORKER_OTHER_NETWORK')
    expect((await open(first.enigma)).facts.enigma).to.equal(first.enigma)
  })

  it('says that there is no Enigma at an address', async () => {
    const nobody = account(20).address.toLowerCase() as Address
    expect(await open(nobody).then(() => 'opened', codeOf)).to.equal('WORKER_CONFIG')
  })

  it('looks again for an Enigma whose first event an endpoint left out', async () => {
    const rpc = createChainRpc(chain.url)
    let left = 3
    const forgetful: ChainRpc = {
      ...rpc,
      send: (method, params) =>
        method === 'eth_getLogs' && left-- > 0 ? Promise.resolve([]) : rpc.send(method, params)
    }
    expect((await readNetworkFacts(forgetful, first.enigma, 1)).enigma).to.equal(first.enigma)
    expect(left).to.be.lessThan(0)
  })

  it('knows the principal and the owner that its report binds', async () => {
    const link = await open(first.enigma)
    const owner = account(0).address.toLowerCase()
    expect(await registeredPrincipal(link)).to.equal(null)
    expect(await principalOperator(link, db)).to.equal(owner)
    await first.registerPrincipal()
    await link.indexer.advance()
    const principal = (await registeredPrincipal(link))!
    expect(principal.report).to.include({ operator: owner, nonce: 0, enigma: first.enigma })
    expect(principal.report.signer).to.equal(principal.report.principalSigner)
  })

  it('hears of a new block without asking', async () => {
    let pokes = 0
    const feed = startHeadFeed({ chainUrl: chain.url, pollMs: 3_600_000, poke: () => pokes++, log })
    await until(() => pokes > 0) // the answer to the subscription
    const before = pokes
    await chain.mine()
    await until(() => pokes > before)
    feed.stop()
  })

  it('polls while no WebSocket tells of heads, and only then', async () => {
    let pokes = 0
    const deaf = startHeadFeed({ chainUrl: 'http://127.0.0.1:9', pollMs: 10, poke: () => pokes++, log })
    await until(() => pokes > 5)
    deaf.stop()
    const times: number[] = []
    const feed = startHeadFeed({ chainUrl: chain.url, pollMs: 10, poke: () => times.push(performance.now()), log })
    await until(() => times.length > 10) // before the WebSocket is open
    await chain.mine()
    const longest = (): number => Math.max(...times.slice(1).map((at, i) => at - times[i]!))
    await until(() => longest() > 1_000) // told of a head: nothing is asked for a while
    const quiet = times.length
    await until(() => times.length > quiet + 10) // and again when it has been silent for too long
    feed.stop()
  })

  it('reads a new block at once, and looks for what was left out of earlier ones afterwards, without a further block', async () => {
    const link = await open(first.enigma)
    const looks: string[] = []
    const { advance, catchUp } = link.indexer
    link.indexer.advance = signal => (looks.push('advance'), advance.call(link.indexer, signal))
    link.indexer.catchUp = signal => (looks.push('catch up'), catchUp.call(link.indexer, signal))
    link.follow(() => undefined)
    await until(() => looks.includes('advance')) // the answer to the subscription counts as word of a block
    looks.splice(0)
    await chain.mine()
    await until(() => looks.includes('advance'))
    expect(looks[0]).to.equal('catch up')
    await link.stop()
  })

  it('follows the chain by itself, and ends when the node serves another chain', async () => {
    const link = await open(first.enigma)
    const fatal: Error[] = []
    link.follow(error => fatal.push(error))
    const head = link.indexer.head().number
    await chain.mine(3)
    await until(() => link.indexer.head().number === head + 3)
    await chain.revert(beforeDeployment)
    await chain.mine(50)
    await until(() => fatal.length > 0)
    expect(codeOf(fatal[0])).to.equal('WORKER_OTHER_NETWORK')
    await link.stop()
  })
})
