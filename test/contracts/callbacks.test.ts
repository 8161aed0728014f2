import { expect } from 'chai'
import { ZeroAddress, ZeroHash, type Contract, type ContractTransactionReceipt } from 'ethers'
import { TaskStatus, nextHead, ZERO_HASH, type Hex } from '@enigma/protocol'
import { deployContract } from '../../contracts/deploy/index.ts'
import { helpers, mineUpTo } from './support/chain.ts'
import {
  CODE,
  acceptance,
  commit,
  commitmentFor,
  deployContractOf,
  holders,
  recordCompute,
  recordDeployment,
  runAhead,
  sendBatch,
  sendCommitment,
  signedReceipt,
  type Callback,
  type OpenTask
} from './support/tasks.ts'
import { artifacts, running, send, type Actor, type World } from './support/world.ts'

const FAILURE = { forbidden: 1n, noCode: 2n, reverted: 3n }

interface Scene {
  readonly world: World
  readonly probe: Contract
  readonly at: string
  /** A task of a deployed contract, open. */
  readonly task: OpenTask
}

/** A running network, a contract, a task of it, and a target for callbacks. */
async function scene(): Promise<Scene> {
  const world = await running()
  const gateway = await world.gateway.getAddress()
  const source = 'contracts/test/CallbackProbe.sol'
  const probe = await deployContract(world.deployer, artifacts, source, 'CallbackProbe', [gateway])
  const scAddr = await deployContractOf(world, world.users[0]!)
  const task = await recordCompute(world, world.users[1]!, scAddr)
  return { world, probe, at: await probe.getAddress(), task }
}

const calling = ({ probe, at }: Scene, name: string, args: unknown[] = [], gas?: number): Callback => ({
  target: at,
  data: probe.interface.encodeFunctionData(name, args) as Hex,
  ...(gas === undefined ? {} : { gas })
})

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the ABI decides
const read = (contract: Contract, name: string): Promise<any> => contract.getFunction(name).staticCall()

const done = async (sent: ReturnType<typeof commit>): Promise<ContractTransactionReceipt> =>
  (await (await sent).wait())!

const statusOf = async (world: World, { taskId }: OpenTask): Promise<number> =>
  Number((await world.view('taskStatus', taskId)).status)

/** Commits with the callback and expects a failed run: paid, refunded, nothing changed. */
async function expectFailedETH(s: Scene, callback: Callback, why: bigint): Promise<void> {
  const { world, task } = s
  const before = await world.view('secretContract', task.terms.scAddr)
  const accounts = await world.accounts()
  const commitment = await commitmentFor(world, task, { callback })
  const digest = await world.view('receiptDigest', commitment.receipt)
  const [holder] = (await holders(world, task)) as [Actor]

  await expect(sendCommitment(world, commitment))
    .to.emit(world.enigma, 'ReceiptFailedETH')
    .withArgs(task.taskId, task.terms.scAddr, holder.operator.address, why, commitment.receipt.outputHash, 600n, digest)
  expect((await world.view('taskStatus', task.taskId)).slot1).to.equal(digest)
  expect(await statusOf(world, task)).to.equal(TaskStatus.ReceiptFailedETH)
  expect(await world.view('secretContract', task.terms.scAddr)).to.deep.equal(before)
  expect(await world.accounts()).to.deep.equal({
    ...accounts,
    balance: accounts.balance - 4_000n,
    escrow: accounts.escrow - 10_000n,
    credit: accounts.credit + 6_000n
  })
}

describe('contracts/Enigma: callbacks', () => {
  it('reach their target from the gateway, which names the secret contract only meanwhile', async () => {
    const s = await helpers.loadFixture(scene)
    const { world, probe, task } = s
    const [, head] = await world.view('secretContract', task.terms.scAddr)
    const commitment = await commitmentFor(world, task, { callback: calling(s, 'note') })

    await expect(sendCommitment(world, commitment)).to.emit(world.enigma, 'ReceiptVerified')
    expect(await read(probe, 'sender')).to.equal(await world.gateway.getAddress())
    expect(await read(probe, 'secretContract')).to.equal(task.terms.scAddr)
    expect(await read(probe, 'calls')).to.equal(1n)
    expect(await read(world.gateway, 'secretContract')).to.equal(ZeroHash)
    expect(await statusOf(world, task)).to.equal(TaskStatus.ReceiptVerified)
    expect((await world.view('secretContract', task.terms.scAddr)).headHash).to.equal(
      nextHead(head, commitment.receipt.deltaHash)
    )
  })

  it('find their task closed, its fee booked and the head as before', async () => {
    const s = await helpers.loadFixture(scene)
    const { world, probe, task } = s
    const [, head] = await world.view('secretContract', task.terms.scAddr)
    const { credit } = await world.accounts()
    await commit(world, task, { callback: calling(s, 'observe', [task.taskId, task.terms.scAddr]) })

    expect(await read(probe, 'status')).to.equal(BigInt(TaskStatus.ReceiptFailedETH))
    expect(await read(probe, 'head')).to.equal(head)
    expect(await read(probe, 'escrow')).to.equal(0n)
    expect(await read(probe, 'credit')).to.equal(credit + 6_000n)
  })

  it('leave nothing behind that a later call of the same transaction could read', async () => {
    const s = await helpers.loadFixture(scene)
    const commitment = await commitmentFor(s.world, s.task, { callback: calling(s, 'note') })
    await send(
      s.probe,
      s.world.stranger,
      'relay',
      s.world.enigma.interface.encodeFunctionData('commitReceiptWithCallback', [commitment])
    )

    expect(await read(s.probe, 'calls')).to.equal(1n)
    expect(await read(s.probe, 'secretContract')).to.equal(ZeroHash)
  })

  it('of a deployment: success stores the contract, failure stores nothing', async () => {
    const s = await helpers.loadFixture(scene)
    const { world } = s
    const [good, bad] = [await recordDeployment(world, world.users[2]!), await recordDeployment(world, world.users[2]!)]
    await commit(world, good, { callback: calling(s, 'note') })
    await commit(world, bad, { callback: calling(s, 'refuse') })

    expect((await world.view('secretContract', good.terms.scAddr)).codeHash).to.equal(CODE)
    expect(await world.view('secretContract', bad.terms.scAddr)).to.deep.equal([ZeroHash, ZeroHash, 0n])
    expect(await statusOf(world, bad)).to.equal(TaskStatus.ReceiptFailedETH)
    await expect(recordCompute(world, world.users[2]!, bad.terms.scAddr)).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaNoSuchContract'
    )
  })

  it('of a run that wrote nothing leave the head alone', async () => {
    const s = await helpers.loadFixture(scene)
    const before = await s.world.view('secretContract', s.task.terms.scAddr)
    await commit(s.world, s.task, { callback: calling(s, 'note'), receipt: { deltaHash: ZERO_HASH } })

    expect(await s.world.view('secretContract', s.task.terms.scAddr)).to.deep.equal(before)
    expect(await statusOf(s.world, s.task)).to.equal(TaskStatus.ReceiptVerified)
  })

  it('may have empty data, and then may come through commitReceipt', async () => {
    const s = await helpers.loadFixture(scene)
    const callback = { target: s.at, data: '0x' as Hex }
    await expect(commit(s.world, s.task, { callback })).to.emit(s.world.enigma, 'ReceiptVerified')
  })

  it('end the run as ReceiptFailedETH if they revert', async () => {
    const s = await helpers.loadFixture(scene)
    await expectFailedETH(s, calling(s, 'refuse'), FAILURE.reverted)
  })

  it('... if they run out of their own gas', async () => {
    const s = await helpers.loadFixture(scene)
    await expectFailedETH(s, calling(s, 'burn'), FAILURE.reverted)
  })

  it('... if they were given no gas at all', async () => {
    const s = await helpers.loadFixture(scene)
    await expectFailedETH(s, calling(s, 'note', [], 0), FAILURE.reverted)
  })

  it('... if there is no contract at the target', async () => {
    const s = await helpers.loadFixture(scene)
    await expectFailedETH(s, { target: s.world.stranger.address, data: '0x1234' }, FAILURE.noCode)
  })

  for (const [name, target] of [
    ['the token', (s: Scene) => s.world.token.getAddress()],
    ['Enigma', (s: Scene) => s.world.address],
    ['the gateway', (s: Scene) => s.world.gateway.getAddress()],
    ['nobody', () => ZeroAddress],
    ['a precompile', () => `0x${'00'.repeat(19)}01`],
    ['a precompile to come', () => `0x${'00'.repeat(18)}ffff`]
  ] as const) {
    it(`... if the target is ${name}`, async () => {
      const s = await helpers.loadFixture(scene)
      await expectFailedETH(s, { target: await target(s), data: '0x12345678' }, FAILURE.forbidden)
    })
  }

  it('are refused with other data than the enclave signed, and with too much of anything', async () => {
    const s = await helpers.loadFixture(scene)
    const { world, task } = s
    const good = await commitmentFor(world, task, { callback: calling(s, 'note') })
    const refused = (commitment: typeof good, error: string): Promise<void> =>
      expect(world.tx(world.stranger, 'commitReceiptWithCallback', commitment), error).to.be.revertedWithCustomError(
        world.enigma,
        error
      )

    await refused({ ...good, callbackData: '0x' }, 'EnigmaCallbackDataMismatch')
    await refused({ ...good, callbackData: calling(s, 'refuse').data }, 'EnigmaCallbackDataMismatch')
    await refused({ ...good, callbackData: `${good.callbackData}00` }, 'EnigmaCallbackDataMismatch')
    const long = { target: s.at, data: `0x${'00'.repeat(4097)}` as Hex }
    await refused(await commitmentFor(world, task, { callback: long }), 'EnigmaCallbackTooLarge')
    const greedy = calling(s, 'note', [], 500_001)
    await refused(await commitmentFor(world, task, { callback: greedy }), 'EnigmaCallbackTooLarge')
    const { receipt, record, seat, proof, signature } = good
    await expect(
      world.tx(world.stranger, 'commitReceipt', receipt, record, seat, proof, signature)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaCallbackDataMismatch')
    expect(await statusOf(world, task)).to.equal(TaskStatus.RecordCreated)
    await sendCommitment(world, good)
  })

  it('take the whole of both bounds: 500,000 gas and 4 KiB', async () => {
    const s = await helpers.loadFixture(scene)
    const note = calling(s, 'note', [], 500_000)
    const data = note.data.padEnd(2 + 2 * 4096, '0') as Hex
    await expect(commit(s.world, s.task, { callback: { ...note, data } })).to.emit(s.world.enigma, 'ReceiptVerified')
    expect(await read(s.probe, 'gas')).to.be.within(499_000n, 500_000n)
  })
})

describe('contracts/Enigma: attacks by callback', () => {
  it('starving it of gas reverts the whole commit: it never counts as the target`s failure', async () => {
    const s = await helpers.loadFixture(scene)
    const { world, task } = s
    const commitment = await commitmentFor(world, task, { callback: calling(s, 'spend', [180_000], 220_000) })
    const before = await world.accounts()
    const snapshot = await helpers.takeSnapshot()
    const commitWith = (gasLimit: number) =>
      (world.enigma.connect(world.stranger) as Contract)
        .getFunction('commitReceiptWithCallback')
        .send(commitment, { gasLimit })

    let enough = 0
    for (let gasLimit = 80_000; enough === 0; gasLimit += 8_000) {
      expect(gasLimit, 'some gas is enough').to.be.below(700_000)
      const spent = await commitWith(gasLimit).then(
        () => true,
        () => false
      )
      if (spent) enough = gasLimit
      const status = spent ? TaskStatus.ReceiptVerified : TaskStatus.RecordCreated
      expect(await statusOf(world, task), `with ${gasLimit} gas`).to.equal(status)
      if (spent) break
      expect(await world.accounts()).to.deep.equal(before)
      await snapshot.restore() // a reverted attempt takes a block of the task's time
    }
    // The edge itself, in small steps.
    for (let gasLimit = enough - 8_000; gasLimit <= enough; gasLimit += 250) {
      await snapshot.restore()
      await commitWith(gasLimit).catch(() => undefined)
      expect(await statusOf(world, task)).to.not.equal(TaskStatus.ReceiptFailedETH)
    }
  })

  it('says how much gas is missing', async () => {
    const s = await helpers.loadFixture(scene)
    const commitment = await commitmentFor(s.world, s.task, { callback: calling(s, 'note', [], 500_000) })
    const sent = (s.world.enigma.connect(s.world.stranger) as Contract)
      .getFunction('commitReceiptWithCallback')
      .send(commitment, { gasLimit: 450_000 })
    await expect(sent).to.be.revertedWithCustomError(s.world.gateway, 'EnigmaCallbackGasMissing')
  })

  for (const reverting of [false, true]) {
    it(`a return bomb costs no more than the callback's own gas (${reverting ? 'reverting' : 'returning'})`, async () => {
      const s = await helpers.loadFixture(scene)
      const plain = await done(commit(s.world, s.task, { callback: calling(s, 'note') }))
      const next = await recordCompute(s.world, s.world.users[1]!, s.task.terms.scAddr)
      const callback = calling(s, 'bomb', [320_000, reverting], 500_000) // fits into the gas, just
      const bombed = await done(commit(s.world, next, { callback }))

      expect(await statusOf(s.world, next)).to.equal(
        reverting ? TaskStatus.ReceiptFailedETH : TaskStatus.ReceiptVerified
      )
      expect(Number(bombed.gasUsed)).to.be.within(250_000, Number(plain.gasUsed) + 500_000)
    })
  }

  it('cannot re-enter any function of Enigma that changes anything', async () => {
    const s = await helpers.loadFixture(scene)
    const { world, probe, task } = s
    const expired = task
    await mineUpTo(expired.recordBlock + 22)
    // Each of these would succeed if it were sent alone, or at least pass the guard.
    const open = await recordCompute(world, world.users[2]!, task.terms.scAddr, { epoch: 1 })
    const own = await commitmentFor(world, open, { receipt: { deltaHash: ZERO_HASH } })
    const [actor] = world.actors as [Actor]
    const operator = actor.operator.address
    const item = Object.values(own)
    const returned = await recordDeployment(world, world.users[2]!)
    const [one, two] = [
      await signedReceipt(world, open, actor),
      await signedReceipt(world, open, actor, { gasUsed: 1n })
    ]
    const request = { scAddr: task.terms.scAddr, inputHash: CODE, gasLimit: 1n, gasPx: 1n, epoch: 1n }
    const evidence = '0x'
    const calls: [string, unknown[]][] = [
      ['commitReceipt', item.slice(0, 5)],
      ['commitReceiptWithCallback', [own]],
      ['commitReceipts', [[own]]],
      ['returnFeesForTask', [expired.taskId, expired.terms]],
      ['createTaskRecord', Object.values(request)],
      ['createTaskRecordWithPermit', [...Object.values(request), 1, 27, CODE, CODE]],
      ['createTaskRecords', [[request]]],
      ['createTaskRecordsWithPermit', [[request], 1, 27, CODE, CODE]],
      ['createDeploymentTaskRecord', [CODE, CODE, 1n, 1n, 1n, 0n]],
      ['createDeploymentTaskRecordWithPermit', [CODE, CODE, 1n, 1n, 1n, 0n, 1, 27, CODE, CODE]],
      ['register', [operator, actor.enclave.signer, CODE, evidence]],
      ['deposit', [operator, 1n]],
      ['depositWithPermit', [operator, 1n, 1, 27, CODE, CODE]],
      ['login', []],
      ['logout', []],
      ['logoutFor', [operator]],
      ['withdraw', [operator, 1n]],
      ['unregister', []],
      ['claim', [operator]],
      ['compound', [operator]],
      ['setEpoch', world.epochCall(2)],
      ['punishSilence', [returned.taskId, returned.terms, acceptance(world, returned, actor)]],
      ['punishEquivocation', [one, two]]
    ]
    const mutating = world.enigma.interface.fragments
      .filter(
        f =>
          f.type === 'function' &&
          !['view', 'pure'].includes((f as never as { stateMutability: string }).stateMutability)
      )
      .map(f => (f as never as { name: string }).name)
    const byOwner =
      /^(registerPrincipal|allowMeasurement|revokeMeasurement|transferOwnership|acceptOwnership|renounceOwnership)$/
    expect(calls.map(([name]) => name)).to.have.members(mutating.filter(name => !byOwner.test(name)))

    const guard = world.enigma.interface.getError('ReentrancyGuardReentrantCall')!.selector
    for (const [i, [name, args]] of calls.entries()) {
      const attack = await recordDeployment(world, world.users[0]!)
      const input = world.enigma.interface.encodeFunctionData(name, args)
      const callback = calling(s, 'attempt', [world.address, [input]], 500_000)
      const accounts = await world.accounts()
      await commit(world, attack, { callback })

      expect(await read(probe, 'attempts')).to.equal(BigInt(i + 1))
      expect(await read(probe, 'successes'), name).to.equal(0n)
      expect(await read(probe, 'lastRefusal'), name).to.equal(guard)
      expect(await world.accounts(), name).to.deep.equal({
        ...accounts,
        balance: accounts.balance - 4_000n,
        escrow: accounts.escrow - 10_000n,
        credit: accounts.credit + 6_000n
      })
    }
  })

  it('cannot spend the gateway`s or Enigma`s ENG through a target of its own', async () => {
    const s = await helpers.loadFixture(scene)
    const { world, probe } = s
    const token = await world.token.getAddress()
    const { interface: eng } = world.token
    const inputs = [
      eng.encodeFunctionData('transfer', [world.stranger.address, 1n]),
      eng.encodeFunctionData('transferFrom', [world.address, world.stranger.address, 1n]),
      eng.encodeFunctionData('transferFrom', [world.users[0]!.address, world.stranger.address, 1n])
    ]
    await commit(world, s.task, { callback: calling(s, 'attempt', [token, inputs], 300_000) })

    expect([await read(probe, 'attempts'), await read(probe, 'successes')]).to.deep.equal([3n, 0n])
  })

  it('cannot be started by anyone but Enigma, in its own name or in the middle of a callback', async () => {
    const s = await helpers.loadFixture(scene)
    const { world, probe } = s
    const note = calling(s, 'note')
    const args = [s.task.terms.scAddr, s.at, 100_000, note.data]

    await expect(send(world.gateway, world.stranger, 'execute', ...args))
      .to.be.revertedWithCustomError(world.gateway, 'EnigmaGatewayOnly')
      .withArgs(world.stranger.address)
    const input = world.gateway.interface.encodeFunctionData('execute', args)
    const gateway = await world.gateway.getAddress()
    await commit(world, s.task, { callback: calling(s, 'attempt', [gateway, [input]], 300_000) })
    expect(await read(probe, 'successes')).to.equal(0n)
    expect(await read(probe, 'calls')).to.equal(0n)
    expect(await read(world.gateway, 'enigma')).to.equal((await world.enigma.getAddress()) as string)
  })

  it('is paid once, however often the receipt is sent', async () => {
    const s = await helpers.loadFixture(scene)
    for (const name of ['note', 'refuse']) {
      const task = await recordDeployment(s.world, s.world.users[0]!)
      const commitment = await commitmentFor(s.world, task, { callback: calling(s, name) })
      await sendCommitment(s.world, commitment)
      await expect(sendCommitment(s.world, commitment)).to.be.revertedWithCustomError(
        s.world.enigma,
        'EnigmaTaskNotOpen'
      )
      await mineUpTo(task.recordBlock + 22)
      await expect(
        s.world.tx(s.world.stranger, 'returnFeesForTask', task.taskId, task.terms)
      ).to.be.revertedWithCustomError(s.world.enigma, 'EnigmaTaskNotOpen')
    }
  })
})

describe('contracts/Enigma: callbacks in batches', () => {
  it('the last receipt of a batch may call back; its failure leaves the others as they are', async () => {
    for (const [name, status, count] of [
      ['note', TaskStatus.ReceiptVerified, 4n],
      ['refuse', TaskStatus.ReceiptFailedETH, 3n]
    ] as const) {
      const s = await helpers.loadFixture(scene)
      const { world } = s
      const { scAddr } = s.task.terms
      const last = await recordCompute(world, world.users[2]!, scAddr)
      const ahead = await runAhead(world, [s.task, await recordCompute(world, world.users[2]!, scAddr)])
      const { prevHead, deltaHash } = ahead[1]!.receipt
      const calling_ = await commitmentFor(world, last, {
        callback: calling(s, name),
        receipt: { prevHead: nextHead(prevHead, deltaHash) }
      })

      await sendBatch(world, [...ahead, calling_])
      expect(await statusOf(world, last)).to.equal(status)
      expect((await world.view('secretContract', scAddr)).deltaCount).to.equal(count)
      expect((await world.accounts()).escrow).to.equal(0n)
    }
  })

  it('no earlier receipt may, not even one that would be passed over', async () => {
    const s = await helpers.loadFixture(scene)
    const { world } = s
    const plain = await commitmentFor(world, await recordDeployment(world, world.users[0]!))
    const calls = await commitmentFor(world, s.task, { callback: calling(s, 'note') })
    const refused = (): Promise<void> =>
      expect(sendBatch(world, [calls, plain]))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaCallbackNotLast')
        .withArgs(0)

    await refused()
    await sendCommitment(world, calls)
    await refused()
  })

  it('a callback that is passed over is not made', async () => {
    const s = await helpers.loadFixture(scene)
    const { world } = s
    const calls = await commitmentFor(world, s.task, { callback: calling(s, 'note') })
    await sendCommitment(world, calls)
    const plain = await commitmentFor(world, await recordDeployment(world, world.users[0]!))
    await sendBatch(world, [plain, calls])

    expect(await read(s.probe, 'calls')).to.equal(1n)
  })

  it('too little gas for it reverts the whole batch', async () => {
    const s = await helpers.loadFixture(scene)
    const { world } = s
    const task = await recordDeployment(world, world.users[0]!)
    const items = [
      await commitmentFor(world, task),
      await commitmentFor(world, s.task, { callback: calling(s, 'note', [], 500_000) })
    ]
    const sent = (world.enigma.connect(world.stranger) as Contract)
      .getFunction('commitReceipts')
      .send(items, { gasLimit: 600_000 })
    await expect(sent).to.be.revertedWithCustomError(world.gateway, 'EnigmaCallbackGasMissing')
    expect(await statusOf(world, task)).to.equal(TaskStatus.RecordCreated)
  })
})
