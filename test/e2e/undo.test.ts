import { expect } from 'chai'
import { startDevnet, type Devnet } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import type { Artifact, EnigmaClient, SecretContractAbi, Task } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { signedBy } from './support/signed.ts'

describe('e2e: a reorganisation under a contract with a history, with 24 confirmations', function () {
  this.timeout(240_000)
  const TASKS = 40
  let devnet: Devnet
  let ledger: Ledger
  let client: EnigmaClient
  let counter: Artifact<SecretContractAbi>
  let scAddr: ScAddr

  before(async () => {
    devnet = await startDevnet({ workers: 1, confirmations: 24, epochSize: 60, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!, { timeouts: { pollMs: 100 } })
    counter = await counterContract()
    scAddr = await whileMining(
      devnet,
      client.deploy(counter, []).then(task => task.result() as Promise<ScAddr>),
      100
    )
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
  })
  showLogsOfFailures(() => devnet)

  const send = (): Promise<Task> => whileMining(devnet, client.compute(scAddr, counter.abi, 'next', []), 100)
  const isSettled = async ({ taskId }: Task): Promise<boolean> => (await ledger.endings(taskId)).length === 1
  async function settle(task: Task): Promise<void> {
    await mineUntil(devnet, () => isSettled(task), 20)
  }
  /** What the worker counts, as Prometheus reads it. */
  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${devnet.workers[0]!.httpUrl}/metrics`)).text()
    return Number(new RegExp(`^enigma_${name}_total (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  }

  it('goes back to where the branches part and applies the new one, and replays nothing', async () => {
    const tasks: Task[] = []
    while (tasks.length < TASKS) tasks.push(await send())
    for (const task of tasks) await settle(task)
    const history = await metric('deltas_replayed')
    // Early in an epoch: a record that names one which is gone, too, would not come again.
    const epoch = await ledger.epoch()
    await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 80, 100)

    const snapshot = (await ledger.provider.send('evm_snapshot', [])) as string
    const start = await devnet.blockNumber()
    const lost = [await send()]
    await settle(lost[0]!)
    lost.push(await send()) // for this one the enclave has the delta of the one before
    await settle(lost[1]!)
    while ((await devnet.blockNumber()) < start + 5) await devnet.mine()
    const signed = await signedBy(ledger, client.address!, start + 1, await devnet.blockNumber())
    expect(signed).to.have.lengthOf(2)
    const before = await metric('deltas_replayed')
    expect(before - history, 'the branch that goes').to.be.within(1, TASKS + 1)

    await ledger.provider.send('evm_revert', [snapshot])
    await devnet.mine()
    await devnet.mine()
    for (const raw of signed) await ledger.provider.send('eth_sendRawTransaction', [raw])
    for (const task of lost) await settle(task)
    expect(await whileMining(devnet, lost[1]!.result(), 100)).to.equal(BigInt(TASKS + 2))
    const last = await send()
    expect(await whileMining(devnet, last.result(), 100), 'the state goes on').to.equal(BigInt(TASKS + 3))

    expect(await metric('states_reverted')).to.be.at.least(1)
    expect(await metric('states_dropped')).to.equal(0)
    expect(await metric('deltas_undone')).to.be.within(1, 2)
    expect((await metric('deltas_replayed')) - before, 'of the new branch alone').to.equal(2)
  })
})
