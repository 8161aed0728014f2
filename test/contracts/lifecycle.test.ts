import { expect } from 'chai'
import { TaskStatus, ZERO_HASH, nextHead } from '@enigma/protocol'
import { ENG } from '../../contracts/deploy/index.ts'
import { permitOf } from './support/permit.ts'
import { CODE, commit, label, nonceOf, recordCompute, recordDeployment } from './support/tasks.ts'
import { World, STAKE, send } from './support/world.ts'

/**
 * One contract's life, written for a chain that mines at its own pace: nothing here counts blocks. At most 60 transactions,
 * since each may take a block.
 */
describe('contracts/Enigma: a whole life [any block time]', () => {
  let world: World

  before(async function () {
    this.timeout(120_000)
    world = await World.deploy()
    await world.registerPrincipal()
    for (const actor of world.actors.slice(0, 2)) await world.join(actor)
    await world.fund(world.users[0]!, 1_000n * ENG)
    await world.callEpoch()
    await world.callEpoch()
  })

  it('deploys, computes and pays each task once', async function () {
    this.timeout(120_000)
    const user = world.users[0]!
    const deployment = await recordDeployment(world, user)
    await commit(world, deployment)
    const { scAddr } = deployment.terms
    const [codeHash, headHash, count] = await world.view('secretContract', scAddr)
    expect([codeHash, count]).to.deep.equal([CODE, 1n])
    expect(headHash).to.equal(nextHead(ZERO_HASH, label(`delta of ${deployment.taskId}`)))

    const task = await recordCompute(world, user, scAddr)
    await commit(world, task)
    expect((await world.view('taskStatus', task.taskId)).status).to.equal(BigInt(TaskStatus.ReceiptVerified))
    await expect(commit(world, task)).to.be.revertedWithCustomError(world.enigma, 'EnigmaTaskNotOpen')

    const { stake, escrow, credit, balance } = await world.accounts()
    expect(escrow).to.equal(0n)
    expect(stake).to.equal(2n * STAKE)
    expect(credit).to.equal(2n * 600n * 10n)
    expect(balance).to.equal(stake + credit)
  })

  it('takes the fee by permit, and pays the worker what it earned', async function () {
    this.timeout(60_000)
    const user = world.users[0]!
    await send(world.token, user, 'approve', world.address, 0)
    const { deadline, v, r, s } = await permitOf(world, user, 10_000n)
    const nonce = await nonceOf(world, user)
    const terms = [CODE, label('input'), 1_000n, 10n, await world.currentEpoch(), nonce]
    await world.tx(user, 'createDeploymentTaskRecordWithPermit', ...terms, deadline, v, r, s)
    expect((await world.accounts()).escrow).to.equal(10_000n)

    const earned = await Promise.all(
      world.actors
        .slice(0, 2)
        .map(async ({ operator }) => (await world.view('worker', operator.address)).credit as bigint)
    )
    const { staking, operator } = world.actors[earned[0]! > 0n ? 0 : 1]!
    const before: bigint = await world.token.getFunction('balanceOf').staticCall(staking.address)
    await world.tx(staking, 'claim', operator.address)
    const after: bigint = await world.token.getFunction('balanceOf').staticCall(staking.address)
    expect(after - before).to.equal(earned[0]! > 0n ? earned[0] : earned[1])
    expect((await world.accounts()).credit).to.equal(earned[0]! + earned[1]! - (after - before))
  })
})
