import os from 'node:os'
import { parseArgs } from 'node:util'
import { Wallet } from 'ethers'
import { TaskKind, ZERO_HASH, address, nextHead, taskIdOf, type Hash, type Hex, type ScAddr } from '@enigma/protocol'
import { ENG, deployContract } from '../contracts/deploy/index.ts'
import { blockNumber, ethers, helpers, mineUpTo } from '../test/contracts/support/chain.ts'
import { enclave } from '../test/contracts/support/enclaves.ts'
import { permitOf } from '../test/contracts/support/permit.ts'
import {
  CODE,
  acceptance,
  commitmentFor,
  failure,
  label,
  nonceOf,
  opened,
  recordCompute,
  recordDeployment,
  sendCommitment,
  signedReceipt,
  type CommitChoice,
  type Commitment,
  type OpenTask
} from '../test/contracts/support/tasks.ts'
import { STAKE, artifacts, send, withPrincipal, type Actor } from '../test/contracts/support/world.ts'

/**
 * What each transaction costs in Ethereum gas, with few workers and with many (R1: O(log n)).
 * Method: a simulated chain with the rules of Cancun; n workers register, pay 25,000 ENG and log in; then each call is made
 * once and `gasUsed` of its receipt is taken. Usage: node bench/gas.ts [--leaves 16,1024] [--json]
 */
const { values } = parseArgs({ options: { leaves: { type: 'string', default: '16,1024' }, json: { type: 'boolean' } } })

type Costs = Record<string, number>

async function measure(leaves: number): Promise<Costs> {
  const world = await withPrincipal()
  const costs: Costs = {}
  const cost = async (name: string, sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>): Promise<void> => {
    costs[name] = Number((await (await sent).wait())!.gasUsed)
  }
  const actors = await Promise.all(Array.from({ length: leaves }, (_, i) => newActor(i)))
  const byOperator = new Map(actors.map(actor => [actor.operator.address.toLowerCase(), actor]))
  for (const [i, actor] of actors.entries()) {
    if (i % 128 === 127) console.error(`  ${i + 1} of ${leaves} workers`)
    if (i < leaves - 1) await world.join(actor)
  }

  const last = actors.at(-1)!
  const { operator, staking } = last
  await cost('register', world.register(last))
  await world.fund(staking, 3n * STAKE)
  await cost('deposit, logged out', world.tx(staking, 'deposit', operator.address, STAKE))
  await cost('login, new leaf', world.tx(operator, 'login'))
  await cost('deposit, logged in', world.tx(staking, 'deposit', operator.address, 100n))
  const permit = await permitOf(world, staking, 100n)
  const { deadline, v, r, s } = permit
  await cost(
    'depositWithPermit, logged in',
    world.tx(staking, 'depositWithPermit', operator.address, 100n, deadline, v, r, s)
  )
  await cost('logout', world.tx(operator, 'logout'))
  await cost('login, own leaf', world.tx(operator, 'login'))

  for (const user of world.users) await world.fund(user, 10_000n * ENG)
  const epoch = async (name: string): Promise<void> => {
    const target = Number(await world.view('nextEpochBlock'))
    if (target > (await blockNumber()) + 1) await mineUpTo(target)
    const { nextCall } = await world.view('epochState')
    await cost(name, world.tx(world.stranger, 'setEpoch', ...world.epochCall(Number(nextCall))))
  }
  await epoch('setEpoch, call 0')
  await epoch('setEpoch, first epoch')
  await epoch('setEpoch')

  const user = world.users[0]!
  await recordDeployment(world, user) // so that no counter is at zero
  const choose = async (task: OpenTask, choice: CommitChoice = {}): Promise<CommitChoice> => {
    const [seat0] = await world.seats(task.terms.epoch, task.terms.scAddr)
    return { by: byOperator.get(seat0!.operator)!, ...choice }
  }
  const settle = async (name: string, task: OpenTask, choice: CommitChoice = {}): Promise<Actor> => {
    const chosen = await choose(task, choice)
    await cost(name, sendCommitment(world, await commitmentFor(world, task, chosen)))
    return chosen.by!
  }
  const nonce = async (): Promise<number> => Number(await world.view('taskNonce', user.address))
  const current = await world.currentEpoch()
  await cost(
    'createDeploymentTaskRecord',
    world.tx(user, 'createDeploymentTaskRecord', CODE, label('in'), 1000n, 10n, current, await nonce())
  )
  const task = await recordDeployment(world, user)
  const scAddr: ScAddr = task.terms.scAddr
  const winner = await settle('commitReceipt, deployment', task)
  await cost('createTaskRecord', world.tx(user, 'createTaskRecord', scAddr, label('in'), 1000n, 10n, current))
  await send(world.token, user, 'approve', world.address, 0n)
  const fee = await permitOf(world, user, 10_000n)
  const paid = [fee.deadline, fee.v, fee.r, fee.s]
  await cost(
    'createTaskRecordWithPermit',
    world.tx(user, 'createTaskRecordWithPermit', scAddr, label('in'), 1000n, 10n, current, ...paid)
  )
  const other = world.users[1]!
  await settle('commitReceipt, computation', await recordCompute(world, other, scAddr))
  await settle('commitReceipt, nothing written', await recordCompute(world, other, scAddr), {
    receipt: { deltaHash: ZERO_HASH }
  })
  await settle('commitReceipt, failure', await recordCompute(world, other, scAddr), { receipt: failure })
  await cost('compound, logged in', world.tx(winner.staking, 'compound', winner.operator.address))
  const again = await settle('commitReceipt, computation', await recordCompute(world, other, scAddr))
  await cost('claim', world.tx(again.staking, 'claim', again.operator.address))

  // Batches: run ahead on one contract, and one receipt for each of as many contracts.
  const fresh = async (of: readonly string[]): Promise<OpenTask[]> => {
    const epoch = await world.currentEpoch()
    const from = await nonceOf(world, other)
    const requests = of.map(to => ({ scAddr: to, inputHash: label('in'), gasLimit: 1000n, gasPx: 10n, epoch }))
    const name = of[0] === of[1] ? 'one contract' : 'as many contracts'
    await cost(`createTaskRecords, ${of.length}, ${name}`, world.tx(other, 'createTaskRecords', requests))
    return Promise.all(
      requests.map(({ scAddr: to, ...terms }, i) =>
        opened(world, other, taskIdOf(address(other.address), from + i), {
          kind: TaskKind.compute,
          scAddr: to as ScAddr,
          codeHash: CODE,
          ...terms
        })
      )
    )
  }
  const commitAll = async (name: string, tasks: OpenTask[]): Promise<void> => {
    const items: Commitment[] = []
    let ahead: Hash | undefined
    for (const one of tasks) {
      const runsAhead = ahead !== undefined && tasks[0]!.terms.scAddr === one.terms.scAddr
      const choice = await choose(one, runsAhead ? { receipt: { prevHead: ahead! } } : {})
      const item = await commitmentFor(world, one, choice)
      ahead = nextHead(item.receipt.prevHead, item.receipt.deltaHash)
      items.push(item)
    }
    const data = world.enigma.interface.encodeFunctionData('commitReceipts', [items])
    await cost(name, world.stranger.sendTransaction({ to: world.address, data, gasLimit: 16_000_000 }))
    const settled = await Promise.all(tasks.map(({ taskId }) => world.view('taskStatus', taskId)))
    if (settled.some(({ status }) => status !== 2n)) throw new Error(`Not all of ${name} were settled.`)
  }
  await commitAll('commitReceipts, 64, one contract', await fresh(Array<string>(64).fill(scAddr)))
  const many: string[] = []
  for (let i = 0; i < 64; i++) {
    const made = await recordDeployment(world, other)
    await sendCommitment(world, await commitmentFor(world, made, await choose(made)))
    many.push(made.terms.scAddr)
  }
  await commitAll('commitReceipts, 64, as many contracts', await fresh(many))

  const probe = await deployContract(world.deployer, artifacts, 'contracts/test/CallbackProbe.sol', 'CallbackProbe', [
    await world.gateway.getAddress()
  ])
  const target = await probe.getAddress()
  for (const [outcome, name] of [
    ['verified', 'note'],
    ['failed', 'refuse']
  ] as const) {
    const callback = { target, data: probe.interface.encodeFunctionData(name) as Hex }
    await settle(`commitReceiptWithCallback, ${outcome}`, await recordCompute(world, other, scAddr), { callback })
  }

  const late = await recordCompute(world, other, scAddr)
  await mineUpTo(late.recordBlock + 22)
  await cost('returnFeesForTask', world.tx(world.stranger, 'returnFeesForTask', late.taskId, late.terms))
  const accepted = acceptance(world, late, last)
  await cost('punishSilence, logged in', world.tx(world.stranger, 'punishSilence', late.taskId, late.terms, accepted))
  const cheat = actors[1]!
  const lies = [await signedReceipt(world, late, cheat), await signedReceipt(world, late, cheat, { gasUsed: 1n })]
  await cost('punishEquivocation, logged in', world.tx(world.stranger, 'punishEquivocation', ...lies))

  const leaver = actors.find(
    ({ operator: one }) =>
      one !== operator && one !== winner.operator && one !== again.operator && one !== cheat.operator
  )!
  await cost('logoutFor', world.tx(leaver.staking, 'logoutFor', leaver.operator.address))
  await helpers.mine(80)
  await cost('withdraw', world.tx(leaver.staking, 'withdraw', leaver.operator.address, STAKE))
  const { credit } = await world.view('worker', leaver.operator.address)
  if (credit > 0n) await world.tx(leaver.staking, 'claim', leaver.operator.address)
  await cost('unregister', world.tx(leaver.operator, 'unregister'))
  return costs
}

async function newActor(i: number): Promise<Actor> {
  const wallet = async (role: string) => {
    const made = new Wallet(label(`${role} ${i} of the gas bench`), ethers.provider)
    await helpers.setBalance(made.address, 10n ** 20n)
    return made
  }
  return { operator: await wallet('operator'), staking: await wallet('staking'), enclave: enclave(`bench ${i}`) }
}

const sizes = values.leaves.split(',').map(Number)
const results: Record<string, Costs> = {}
for (const leaves of sizes) {
  console.error(`measuring with ${leaves} workers ...`)
  results[leaves] = await measure(leaves)
}
const machine = `${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores, Node ${process.version}`
const method = 'gasUsed of one transaction on a simulated chain with the rules of Cancun'
if (values.json) {
  console.log(JSON.stringify({ machine, date: new Date().toISOString(), method, gasByWorkers: results }, null, 2))
} else {
  console.log(`${method}; ${machine}; ${new Date().toISOString().slice(0, 10)}`)
  console.log(['workers'.padEnd(42), ...sizes.map(n => String(n).padStart(10))].join(''))
  for (const name of Object.keys(results[sizes[0]!]!)) {
    console.log([name.padEnd(42), ...sizes.map(n => String(results[n]![name]).padStart(10))].join(''))
  }
}
