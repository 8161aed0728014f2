import { expect } from 'chai'
import { ZeroHash } from 'ethers'
import { TaskKind, TaskStatus, address, taskIdOf, termsHash, type Hex, type ScAddr } from '@enigma/protocol'
import { ENG } from '../../contracts/deploy/index.ts'
import { blockNumber, ethers, helpers, mineUpTo } from './support/chain.ts'
import { permitOf } from './support/permit.ts'
import { CODE, commit, deployContractOf, label, nonceOf, recordCompute, recordDeployment } from './support/tasks.ts'
import { running, send, withPrincipal, type World } from './support/world.ts'

describe('contracts/Enigma: records', () => {
  it('a deployment is recorded under the address it will have, with its fee in escrow', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const before = await world.accounts()
    const taskId = taskIdOf(address(user.address), 0)
    const input = label('envelope')

    await expect(world.tx(user, 'createDeploymentTaskRecord', CODE, input, 1000n, 10n, 1, 0))
      .to.emit(world.enigma, 'TaskRecordCreated')
      .withArgs(taskId, user.address, taskId, TaskKind.deploy, CODE, input, 1000n, 10n, 1n)
    const block = (await ethers.provider.getBlock('latest'))!
    const scAddr = taskId as Hex as ScAddr
    const terms = { kind: 0, scAddr, codeHash: CODE, inputHash: input, gasLimit: 1000n, gasPx: 10n, epoch: 1 }
    expect(await world.view('taskStatus', taskId)).to.deep.equal([
      termsHash(terms),
      user.address,
      BigInt(block.number),
      BigInt(block.timestamp),
      BigInt(TaskStatus.RecordCreated)
    ])
    expect(await world.accounts()).to.deep.equal({
      ...before,
      balance: before.balance + 10_000n,
      escrow: before.escrow + 10_000n
    })
    expect(await world.view('taskNonce', user.address)).to.equal(1n)
  })

  it('a computation takes the code hash of its contract, and the sender`s next nonce', async () => {
    const world = await helpers.loadFixture(running)
    const [user, other] = world.users as [World['deployer'], World['deployer']]
    const scAddr = await deployContractOf(world, user)
    const task = await recordCompute(world, other, scAddr)

    expect(task.terms.codeHash).to.equal(CODE)
    expect(task.taskId).to.equal(taskIdOf(address(other.address), 0))
    expect((await world.view('taskStatus', task.taskId)).slot1).to.equal(termsHash(task.terms))
    const [, event] = await world.events('TaskRecordCreated')
    expect([event!.args.scAddr, event!.args.kind, event!.args.codeHash]).to.deep.equal([scAddr, 1n, CODE])
  })

  it('calls nothing that is not deployed, or whose deployment is only recorded', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const pending = await recordDeployment(world, user)

    for (const scAddr of [label('nothing'), ZeroHash, pending.terms.scAddr]) {
      await expect(world.tx(user, 'createTaskRecord', scAddr, label('input'), 1000n, 10n, 1))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaNoSuchContract')
        .withArgs(scAddr)
    }
  })

  it('refuses a deployment for another nonce than the present', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    await recordDeployment(world, user)

    for (const nonce of [0, 2]) {
      await expect(world.tx(user, 'createDeploymentTaskRecord', CODE, label('input'), 1000n, 10n, 1, nonce))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaWrongNonce')
        .withArgs(1n)
    }
  })

  it('refuses free work, endless work, and a deployment of nothing', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const attempt = (gasLimit: bigint, gasPx: bigint, code = CODE) =>
      world.tx(user, 'createDeploymentTaskRecord', code, label('input'), gasLimit, gasPx, 1, 0)

    for (const gasLimit of [0n, 10n ** 9n + 1n, 2n ** 64n - 1n]) {
      await expect(attempt(gasLimit, 1n))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaGasLimitOutOfRange')
        .withArgs(gasLimit)
    }
    await expect(attempt(1n, 0n)).to.be.revertedWithCustomError(world.enigma, 'EnigmaZeroValue').withArgs('gasPx')
    await expect(attempt(1n, 1n, ZeroHash as never))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaZeroValue')
      .withArgs('codeHash')
    await attempt(10n ** 9n, 1n)
  })

  it('takes no more than the sender allows, and cannot overflow', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const price = 2n ** 64n - 1n
    const fee = price * 10n ** 9n

    await expect(world.tx(user, 'createDeploymentTaskRecord', CODE, label('input'), 10n ** 9n, price, 1, 0))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaAllowanceTooLow')
      .withArgs(user.address, 1_000n * ENG, fee)
    expect(await nonceOf(world, user)).to.equal(0)
  })

  it('knows no tasks before the first epoch', async () => {
    const world = await helpers.loadFixture(withPrincipal)

    await expect(
      world.tx(world.stranger, 'createDeploymentTaskRecord', CODE, label('input'), 1n, 1n, 0, 0)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaNoEpoch')
  })

  it('takes the current epoch, and the one before for half an epoch more', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const refused = (epoch: bigint | number): Promise<void> =>
      expect(world.tx(user, 'createDeploymentTaskRecord', CODE, label('input'), 10n, 1n, epoch, 0))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaWrongEpoch')
        .withArgs(2n)
    await world.callEpoch()
    const start = await blockNumber()

    for (const epoch of [0, 3, 2n ** 64n - 1n]) await refused(epoch)
    await recordDeployment(world, user, { epoch: 2 })
    await mineUpTo(start + 5)
    await recordDeployment(world, user, { epoch: 1 }) // block start + GRACE
    await expect(world.tx(user, 'createDeploymentTaskRecord', CODE, label('input'), 10n, 1n, 1, 2))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaWrongEpoch')
      .withArgs(2n)
    await world.callEpoch()
    await expect(
      world.tx(user, 'createDeploymentTaskRecord', CODE, label('input'), 10n, 1n, 1, 2)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaWrongEpoch')
  })
})

describe('contracts/Enigma: paying in one transaction', () => {
  it('takes record and permit together, for a deployment and for a computation', async () => {
    const world = await helpers.loadFixture(running)
    const user = await unapproved(world)
    const scAddr = await deployContractOf(world, world.users[1]!)

    const first = await permitOf(world, user, 10_000n)
    const paid = [first.deadline, first.v, first.r, first.s]
    await world.tx(user, 'createDeploymentTaskRecordWithPermit', CODE, label('in'), 1000n, 10n, 1, 0, ...paid)
    const second = await permitOf(world, user, 200n)
    const again = [second.deadline, second.v, second.r, second.s]
    await world.tx(user, 'createTaskRecordWithPermit', scAddr, label('in'), 100n, 2n, 1, ...again)

    expect((await world.accounts()).escrow).to.equal(10_200n)
    expect(await world.token.getFunction('allowance').staticCall(user.address, world.address)).to.equal(0n)
  })

  it('is not stopped by somebody who used the permit first', async () => {
    const world = await helpers.loadFixture(running)
    const user = await unapproved(world)
    const { deadline, v, r, s } = await permitOf(world, user, 10_000n)
    await send(world.token, world.stranger, 'permit', user.address, world.address, 10_000n, deadline, v, r, s)

    const args = [CODE, label('in'), 1000n, 10n, 1, 0, deadline, v, r, s]
    await world.tx(user, 'createDeploymentTaskRecordWithPermit', ...args)
    expect((await world.accounts()).escrow).to.equal(10_000n)
  })

  it('refuses a permit over another amount, or of another payer', async () => {
    const world = await helpers.loadFixture(running)
    const user = await unapproved(world)
    const low = await permitOf(world, user, 9_999n)
    const refused = (from: typeof user, p: typeof low): Promise<void> =>
      expect(
        world.tx(
          from,
          'createDeploymentTaskRecordWithPermit',
          CODE,
          label('in'),
          1000n,
          10n,
          1,
          0,
          p.deadline,
          p.v,
          p.r,
          p.s
        )
      )
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaAllowanceTooLow')
        .withArgs(from.address, 0n, 10_000n)

    await refused(user, low)
    await refused(world.stranger, await permitOf(world, user, 10_000n))
  })
})

describe('contracts/Enigma: refund after the deadline', () => {
  it('gives the whole fee back, by anyone, once, from the block after the deadline', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const before = await world.accounts()
    const task = await recordDeployment(world, user)
    const deadline = task.recordBlock + 21

    await mineUpTo(deadline)
    await expect(world.tx(world.stranger, 'returnFeesForTask', task.taskId, task.terms))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaDeadlineNotPassed')
      .withArgs(deadline, deadline)
    const refund = world.tx(world.stranger, 'returnFeesForTask', task.taskId, task.terms)
    await expect(refund).to.emit(world.enigma, 'TaskFeeReturned').withArgs(task.taskId, user.address, 10_000n)
    await expect(refund).to.changeTokenBalances(ethers, world.token, [user, world.stranger], [10_000n, 0n])

    const { status, slot1 } = await world.view('taskStatus', task.taskId)
    expect([status, slot1]).to.deep.equal([BigInt(TaskStatus.ReceiptFailedReturn), termsHash(task.terms)])
    expect(await world.accounts()).to.deep.equal(before)
    await expect(world.tx(world.stranger, 'returnFeesForTask', task.taskId, task.terms))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaTaskNotOpen')
      .withArgs(task.taskId, TaskStatus.ReceiptFailedReturn)
  })

  it('never comes after a receipt, nor a receipt after it', async () => {
    const world = await helpers.loadFixture(running)
    const settled = await recordDeployment(world, world.users[0]!)
    const returned = await recordDeployment(world, world.users[1]!)
    await commit(world, settled)
    await mineUpTo(returned.recordBlock + 22)
    await world.tx(world.stranger, 'returnFeesForTask', returned.taskId, returned.terms)

    await expect(world.tx(world.stranger, 'returnFeesForTask', settled.taskId, settled.terms))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaTaskNotOpen')
      .withArgs(settled.taskId, TaskStatus.ReceiptVerified)
    await expect(commit(world, returned))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaTaskNotOpen')
      .withArgs(returned.taskId, TaskStatus.ReceiptFailedReturn)
  })

  it('pays nothing for a record with other terms, or for a task that never was', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    await helpers.mine(30)

    for (const change of [{ gasLimit: 2000n }, { gasPx: 11n }, { kind: 1 }, { epoch: 2 }, { scAddr: label('other') }]) {
      await expect(world.tx(world.stranger, 'returnFeesForTask', task.taskId, { ...task.terms, ...change }))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaRecordMismatch')
        .withArgs(task.taskId)
    }
    await expect(world.tx(world.stranger, 'returnFeesForTask', label('never'), task.terms))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaTaskNotOpen')
      .withArgs(label('never'), TaskStatus.RecordUndefined)
  })
})

/** A user with money that has allowed nothing. */
async function unapproved(world: World): Promise<World['deployer']> {
  const user = world.users[0]!
  await send(world.token, user, 'approve', world.address, 0n)
  return user
}
