import { expect } from 'chai'
import { TaskStatus, ZERO_HASH, address, nextHead, taskIdOf } from '@enigma/protocol'
import { blockNumber, ethers, helpers, mineUpTo } from './support/chain.ts'
import { permitOf } from './support/permit.ts'
import {
  commitmentFor,
  deployContractOf,
  failure,
  holders,
  label,
  recordCompute,
  recordDeployment,
  runAhead,
  sendBatch,
  sendCommitment,
  type OpenTask
} from './support/tasks.ts'
import { running, send, type Actor, type World } from './support/world.ts'

/** Why a batch passes over a receipt. */
const SKIP = { closed: 1n, moved: 2n, window: 3n, stale: 4n }
const MAX_BATCH = 64

const request = (scAddr: string, change: object = {}) => ({
  scAddr,
  inputHash: label('batched'),
  gasLimit: 1_000n,
  gasPx: 10n,
  epoch: 1,
  ...change
})

describe('contracts/Enigma: batches of records', () => {
  it('records all under the next nonces and takes the sum of the fees', async () => {
    const world = await helpers.loadFixture(running)
    const [owner, user] = world.users as [World['deployer'], World['deployer']]
    const [a, b] = [await deployContractOf(world, owner), await deployContractOf(world, owner)]
    const before = await world.accounts()
    const batch = [request(a), request(b, { gasLimit: 3n, gasPx: 7n }), request(a)]

    const sent = world.tx(user, 'createTaskRecords', batch)
    await expect(sent).to.changeTokenBalance(ethers, world.token, user, -20_021n)
    const ids = [0, 1, 2].map(nonce => taskIdOf(address(user.address), nonce))
    for (const [i, taskId] of ids.entries()) {
      const { sender, status } = await world.view('taskStatus', taskId)
      expect([sender, status]).to.deep.equal([user.address, BigInt(TaskStatus.RecordCreated)])
      await expect(sent).to.emit(world.enigma, 'TaskRecordCreated')
      const event = (await world.events('TaskRecordCreated')).at(i - 3)!
      expect([event.args.taskId, event.args.scAddr, event.args.kind]).to.deep.equal([taskId, batch[i]!.scAddr, 1n])
    }
    expect((await world.accounts()).escrow).to.equal(before.escrow + 20_021n)
    expect(await world.view('taskNonce', user.address)).to.equal(3n)
  })

  it('records nothing if one of them is refused', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const scAddr = await deployContractOf(world, user)
    const before = await world.accounts()
    const refused = (bad: object, error: string): Promise<void> =>
      expect(
        world.tx(user, 'createTaskRecords', [request(scAddr), bad, request(scAddr)]),
        error
      ).to.be.revertedWithCustomError(world.enigma, error)

    await refused(request(label('nothing')), 'EnigmaNoSuchContract')
    await refused(request(scAddr, { epoch: 2 }), 'EnigmaWrongEpoch')
    await refused(request(scAddr, { gasLimit: 0n }), 'EnigmaGasLimitOutOfRange')
    await refused(request(scAddr, { gasPx: 0n }), 'EnigmaZeroValue')
    await refused(request(scAddr, { gasLimit: 10n ** 9n, gasPx: 2n ** 64n - 1n }), 'EnigmaAllowanceTooLow')
    expect(await world.accounts()).to.deep.equal(before)
    expect(await world.view('taskNonce', user.address)).to.equal(1n)
  })

  it('takes at least one record and at most 64', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const scAddr = await deployContractOf(world, user)

    for (const size of [0, MAX_BATCH + 1]) {
      await expect(world.tx(user, 'createTaskRecords', Array(size).fill(request(scAddr))))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaBatchSize')
        .withArgs(size, MAX_BATCH)
    }
    await world.tx(user, 'createTaskRecords', Array(MAX_BATCH).fill(request(scAddr)))
  })

  it('is paid by one permit over exactly the sum', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const scAddr = await deployContractOf(world, user)
    await send(world.token, user, 'approve', world.address, 0n)
    const batch = [request(scAddr), request(scAddr)]
    const short = await permitOf(world, user, 19_999n)

    await expect(
      world.tx(user, 'createTaskRecordsWithPermit', batch, short.deadline, short.v, short.r, short.s)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaAllowanceTooLow')
    const { deadline, v, r, s } = await permitOf(world, user, 20_000n)
    await world.tx(user, 'createTaskRecordsWithPermit', batch, deadline, v, r, s)
    expect(await world.token.getFunction('allowance').staticCall(user.address, world.address)).to.equal(0n)
  })
})

describe('contracts/Enigma: batches of receipts', () => {
  it('settles deltas that build on each other, pays the worker and refunds each sender', async () => {
    const world = await helpers.loadFixture(running)
    const [owner, user] = world.users as [World['deployer'], World['deployer']]
    const scAddr = await deployContractOf(world, owner)
    const [, head] = await world.view('secretContract', scAddr)
    const tasks = [
      await recordCompute(world, user, scAddr),
      await recordCompute(world, owner, scAddr),
      await recordCompute(world, user, scAddr)
    ]
    const items = await runAhead(world, tasks)
    const [holder] = (await holders(world, tasks[0]!)) as [Actor]
    const before = await world.accounts()
    const { credit } = await world.view('worker', holder.operator.address)

    await expect(sendBatch(world, items)).to.changeTokenBalances(ethers, world.token, [user, owner], [8_000n, 4_000n])
    const last = items.reduce((at, { receipt }) => nextHead(at, receipt.deltaHash), head)
    expect((await world.view('secretContract', scAddr)).slice(1)).to.deep.equal([last, 4n])
    expect((await world.view('worker', holder.operator.address)).credit).to.equal(credit + 18_000n)
    expect(await world.accounts()).to.deep.equal({
      ...before,
      balance: before.balance - 12_000n,
      escrow: before.escrow - 30_000n,
      credit: before.credit + 18_000n
    })
  })

  it('passes over what is closed, stale, moved or outside its window, and applies the rest', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const scAddr = await deployContractOf(world, user)
    const early = await recordDeployment(world, user)
    await helpers.mine(3)
    const [closed, stale, moved, good] = [
      await recordDeployment(world, user),
      await recordCompute(world, user, scAddr),
      await recordDeployment(world, user),
      await recordDeployment(world, user)
    ] as [OpenTask, OpenTask, OpenTask, OpenTask]
    await sendCommitment(world, await commitmentFor(world, closed))
    const movedRecord = await commitmentFor(world, moved)
    const items = [
      await commitmentFor(world, closed),
      await commitmentFor(world, stale, { receipt: { prevHead: label('an older head') } }),
      await commitmentFor(world, moved, { receipt: { recordBlock: moved.recordBlock - 1 } }),
      await commitmentFor(world, moved, { receipt: { recordTime: moved.recordTime - 1 } }),
      { ...movedRecord, record: { ...movedRecord.record, gasPx: 11n } },
      await commitmentFor(world, early),
      await commitmentFor(world, good)
    ]
    await mineUpTo(early.recordBlock + 22)

    const sent = sendBatch(world, items)
    for (const [taskId, reason] of [
      [closed.taskId, SKIP.closed],
      [stale.taskId, SKIP.stale],
      [moved.taskId, SKIP.moved],
      [early.taskId, SKIP.window]
    ]) {
      await expect(sent).to.emit(world.enigma, 'ReceiptSkipped').withArgs(taskId, reason)
    }
    expect((await world.events('ReceiptSkipped')).map(({ args }) => args.reasonCode)).to.deep.equal([
      SKIP.closed,
      SKIP.stale,
      SKIP.moved,
      SKIP.moved,
      SKIP.moved,
      SKIP.window
    ])
    for (const [task, status] of [
      [stale, TaskStatus.RecordCreated],
      [moved, TaskStatus.RecordCreated],
      [early, TaskStatus.RecordCreated],
      [good, TaskStatus.ReceiptVerified]
    ] as const) {
      expect((await world.view('taskStatus', task.taskId)).status).to.equal(BigInt(status))
    }
  })

  it('pays a receipt that it holds twice once', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const task = await recordDeployment(world, user)
    const item = await commitmentFor(world, task)

    const sent = sendBatch(world, [item, item, item])
    await expect(sent).to.changeTokenBalance(ethers, world.token, user, 4_000n)
    expect(await world.events('ReceiptSkipped')).to.have.length(2)
    expect(await world.accounts()).to.include({ escrow: 0n, credit: 6_000n })
  })

  it('out of order, applies the receipt that fits and passes over those that came too early', async () => {
    const world = await helpers.loadFixture(running)
    const scAddr = await deployContractOf(world, world.users[0]!)
    const tasks = [
      await recordCompute(world, world.users[1]!, scAddr),
      await recordCompute(world, world.users[1]!, scAddr)
    ]
    const items = await runAhead(world, tasks)

    await expect(sendBatch(world, items.toReversed()))
      .to.emit(world.enigma, 'ReceiptSkipped')
      .withArgs(tasks[1]!.taskId, SKIP.stale)
    expect((await world.view('secretContract', scAddr)).deltaCount).to.equal(2n)
    await sendBatch(world, items) // the first is closed by now
    expect((await world.view('secretContract', scAddr)).deltaCount).to.equal(3n)
  })

  it('mixes successes, failures and runs that wrote nothing', async () => {
    const world = await helpers.loadFixture(running)
    const scAddr = await deployContractOf(world, world.users[0]!)
    const tasks = [
      await recordCompute(world, world.users[1]!, scAddr),
      await recordCompute(world, world.users[1]!, scAddr),
      await recordCompute(world, world.users[1]!, scAddr)
    ] as const
    await sendBatch(world, [
      await commitmentFor(world, tasks[0], { receipt: failure }),
      await commitmentFor(world, tasks[1], { receipt: { deltaHash: ZERO_HASH } }),
      await commitmentFor(world, tasks[2])
    ])
    const statuses = await Promise.all(tasks.map(async ({ taskId }) => (await world.view('taskStatus', taskId)).status))
    expect(statuses).to.deep.equal([3n, 2n, 2n])
    expect((await world.view('secretContract', scAddr)).deltaCount).to.equal(2n)
  })

  it('reverts if nothing was applied, and if it is empty or too large', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const item = await commitmentFor(world, task)
    await sendBatch(world, [item])

    await expect(sendBatch(world, [item, item]))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaNothingApplied')
      .withArgs(2)
    await expect(sendBatch(world, []))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaBatchSize')
      .withArgs(0, MAX_BATCH)
    await expect(sendBatch(world, Array(MAX_BATCH + 1).fill(item)))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaBatchSize')
      .withArgs(MAX_BATCH + 1, MAX_BATCH)
  })

  it('one forged, misplaced or contradictory receipt reverts the whole batch', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const [a, b] = [await recordDeployment(world, user), await recordDeployment(world, user)]
    const [good, item] = [await commitmentFor(world, a), await commitmentFor(world, b)]
    const before = await world.accounts()
    const refused = (bad: typeof item, error: string): Promise<void> =>
      expect(sendBatch(world, [good, bad]), error).to.be.revertedWithCustomError(world.enigma, error)

    await refused({ ...item, receipt: { ...item.receipt, gasUsed: 999n } }, 'EnigmaUnknownSigner')
    await refused({ ...item, signature: item.signature.slice(0, -2) }, 'EnigmaInvalidSignature')
    await refused({ ...item, seat: 3 }, 'EnigmaNoSuchSeat')
    await refused({ ...item, proof: { ...item.proof, stake: 1n } }, 'EnigmaWrongStakeProof')
    await refused(await commitmentFor(world, b, { receipt: { gasUsed: 1_001n } }), 'EnigmaGasAboveLimit')
    await refused(await commitmentFor(world, b, { receipt: { reason: 1 } }), 'EnigmaReceiptInconsistent')
    await refused(await commitmentFor(world, b, { receipt: { kind: 1 } }), 'EnigmaReceiptMismatch')
    expect(await world.accounts()).to.deep.equal(before)
  })

  it('of two workers that race with the same batch, one is paid', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const items = []
    for (let i = 0; i < 3; i++) items.push(await commitmentFor(world, await recordDeployment(world, user)))
    const at = await blockNumber()
    await sendBatch(world, items)

    await expect(sendBatch(world, items)).to.be.revertedWithCustomError(world.enigma, 'EnigmaNothingApplied')
    expect((await world.accounts()).credit).to.equal(18_000n)
    expect((await world.enigma.queryFilter('ReceiptVerified', at)).length).to.equal(3)
  })
})
