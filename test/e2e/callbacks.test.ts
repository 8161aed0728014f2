import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Contract, JsonRpcProvider, Wallet } from 'ethers'
import type { ScAddr } from '@enigma/protocol'
import { compileContract } from '@enigma/secret-contracts'
import { TaskFailedError, type Artifact, type EnigmaClient, type SecretContractAbi, type Task } from 'enigma-js'
import { artifactsIn, deployContract } from '../../contracts/deploy/index.ts'
import { connectAs, sample } from './support/actors.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { Ledger } from './support/ledger.ts'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

/** A contract that counts, and calls a target of the caller's choice back with gas of the caller's choice. */
const CALLER = `import { AbiWriter, Address, ethereum, state, u256 } from '@enigma/sdk'

export function constructor(): void {
  state.set<u256>('n', u256.zero)
}

export function castVote(target: Address, pollId: u256, gas: u64): u256 {
  const n = state.get<u256>('n') + u256.one
  state.set<u256>('n', n)
  const args = new AbiWriter(1)
  args.u256(pollId)
  ethereum.callBack(target, ethereum.encodeCall('validateCastVote(uint256)', args), <u32>gas)
  return n
}

export function next(): u256 {
  const n = state.get<u256>('n') + u256.one
  state.set<u256>('n', n)
  return n
}
`

async function compiled(name: string, source: string): Promise<Artifact<SecretContractAbi>> {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-contract-'))
  try {
    writeFileSync(join(folder, `${name}.ts`), source)
    const { wasmPath, abi } = await compileContract(join(folder, `${name}.ts`), folder)
    return { wasm: readFileSync(wasmPath), abi: abi as unknown as SecretContractAbi }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const DAY = 86_400
const PASSED = 2n

describe('e2e: secret contracts that call Ethereum back', function () {
  this.timeout(240_000)
  const shared = useSharedDevnet()
  let provider: JsonRpcProvider
  let wallet: Wallet
  let voting: Contract
  let client: EnigmaClient
  let ledger: Ledger

  before(async () => {
    const { devnet, nextUser } = shared()
    provider = new JsonRpcProvider(devnet.chainUrl, devnet.chainId, { staticNetwork: true, cacheTimeout: -1 })
    provider.pollingInterval = 50
    wallet = new Wallet(nextUser().privateKey, provider)
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, nextUser())
    const gateway = (await ledger.enigma.getFunction('gateway')()) as string
    const source = 'contracts/samples/VotingETH.sol'
    voting = await whileMining(devnet, deployContract(wallet, artifactsIn(), source, 'VotingETH', [gateway]))
  })
  showLogsOfFailures(() => shared().devnet, 60)
  after(() => {
    client?.close()
    ledger?.close()
    provider?.destroy()
  })

  const mining = <T>(work: Promise<T>): Promise<T> => whileMining(shared().devnet, work)
  const target = (): Promise<string> => voting.getAddress()
  const deployed = async (artifact: Artifact<SecretContractAbi>, args: unknown[] = []): Promise<ScAddr> =>
    mining(client.deploy(artifact, args as never).then(task => task.result()))
  const createPoll = async (scAddr: ScAddr): Promise<bigint> => {
    await mining(
      voting
        .getFunction('createPoll')(50, 'More trees?', DAY, scAddr)
        .then((sent: { wait(): Promise<unknown> }) => sent.wait())
    )
    return (await voting.getFunction('pollCount')()) as bigint
  }
  const votesOn = async (pollId: bigint): Promise<bigint> =>
    ((await voting.getFunction('getPoll')(pollId)) as { votes: bigint }).votes
  const headOf = async (scAddr: ScAddr): Promise<unknown[]> =>
    ((await ledger.enigma.getFunction('secretContract')(scAddr)) as unknown as { toArray(): unknown[] }).toArray()
  const failureOf = async (started: Promise<Task>): Promise<string> => {
    const task = await mining(started)
    const error: unknown = await mining(task.result()).then(
      () => new Error('it succeeded'),
      (thrown: unknown) => thrown
    )
    if (!(error instanceof TaskFailedError)) throw error
    expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptFailedETH'])
    return task.taskId
  }

  describe('votes that nobody sees, on a poll that everybody sees', () => {
    const artifact = sample('voting')
    let scAddr: ScAddr
    let pollId: bigint
    before(async () => {
      scAddr = await deployed(artifact, [await target()])
      pollId = await createPoll(scAddr)
      await result('openPoll', [pollId, await endOf(pollId)])
    })
    const endOf = async (id: bigint): Promise<bigint> =>
      ((await voting.getFunction('getPoll')(id)) as { end: bigint }).end
    const call = (name: string, args: unknown[]): Promise<Task> =>
      client.compute(scAddr, artifact.abi, name, args as never) as Promise<Task>
    const result = async (name: string, args: unknown[]): Promise<unknown> =>
      mining(call(name, args).then(task => task.result()))

    it('counts a vote on Ethereum and in secret, both or neither', async () => {
      await result('castVote', [pollId, true])
      expect(await votesOn(pollId)).to.equal(1n)
      expect(await result('hasVoted', [pollId])).to.equal(true)
    })

    /** Why the contract itself gave up, before it called anybody. */
    const readableOf = async (started: Promise<Task>): Promise<unknown> => {
      const thrown: unknown = await mining(started.then(task => task.result())).catch((error: unknown) => error)
      return thrown instanceof TaskFailedError && 'readable' in thrown.facts ? thrown.facts.readable : thrown
    }

    it('undoes what the poll refuses: nothing is applied, no result comes out, the next task runs on the old head', async () => {
      const foreign = await createPoll(`0x${'77'.repeat(32)}` as ScAddr) // the poll of another contract
      const before = await headOf(scAddr)
      const taskId = await failureOf(call('openPoll', [foreign, await endOf(foreign)]))
      expect(await headOf(scAddr)).to.deep.equal(before)
      expect(await votesOn(foreign)).to.equal(0n)
      for (const worker of shared().devnet.workers) {
        const answer = await fetch(worker.httpUrl, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getTaskResult', params: { taskId } })
        })
        expect(((await answer.json()) as { result: unknown }).result, worker.name).to.equal(null)
      }
      expect(await readableOf(call('castVote', [foreign, true])), 'it never happened').to.match(/^open the poll first/)
    })

    it('closes the poll with the tally, once the time is over', async () => {
      expect(await readableOf(call('tallyPoll', [pollId])), 'nothing leaves before').to.equal('the poll is not over')
      await provider.send('evm_increaseTime', [DAY + 1])
      await shared().devnet.mine()
      await result('tallyPoll', [pollId])
      const poll = (await voting.getFunction('getPoll')(pollId)) as { status: bigint; tally: bigint }
      expect([poll.status, poll.tally]).to.deep.equal([PASSED, 100n])
    })
  })

  it('fails a run whose callback has too little gas, or no target, and goes on with the state before it', async () => {
    const { wasm, abi } = await compiled('caller', CALLER)
    const scAddr = await deployed({ wasm, abi })
    const pollId = await createPoll(scAddr)
    const call = (name: string, args: unknown[]): Promise<Task> =>
      client.compute(scAddr, abi, name, args as never) as Promise<Task>
    const result = async (name: string, args: unknown[]): Promise<unknown> =>
      mining(call(name, args).then(task => task.result()))

    expect(await result('castVote', [await target(), pollId, 150_000n])).to.equal(1n)
    expect(await votesOn(pollId)).to.equal(1n)
    await failureOf(call('castVote', [await target(), pollId, 5_000n]))
    await failureOf(call('castVote', [client.address!, pollId, 150_000n])) // no contract there
    await failureOf(call('castVote', [shared().devnet.token, pollId, 150_000n])) // forbidden
    expect(await votesOn(pollId)).to.equal(1n)
    expect(await result('next', [])).to.equal(2n)
  })
})
