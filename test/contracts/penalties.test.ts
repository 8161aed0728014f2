import { expect } from 'chai'
import { getAddress } from 'ethers'
import { ZERO_HASH, address, fromHex, toHex, typedDigest, type Hex } from '@enigma/protocol'
import { ENG, deployContract } from '../../contracts/deploy/index.ts'
import { ethers, helpers, mineUpTo, type TestSigner } from './support/chain.ts'
import { enclave, sign } from './support/enclaves.ts'
import {
  acceptance,
  commit,
  commitmentFor,
  deployContractOf,
  failure,
  holders,
  label,
  recordCompute,
  recordDeployment,
  sendBatch,
  sendCommitment,
  signedReceipt,
  type OpenTask
} from './support/tasks.ts'
import { STAKE, World, artifacts, running, send, type Actor } from './support/world.ts'

const PROOF_PERIOD = 30
const ORDER = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')

const stakeOf = async (world: World, { operator }: Actor): Promise<bigint> =>
  (await world.view('worker', operator.address)).stake

const punish = (world: World, task: OpenTask, signature: Hex, from: TestSigner = world.stranger) =>
  world.tx(from, 'punishSilence', task.taskId, task.terms, signature)

/** Enigma owes exactly what it holds. */
async function expectExact(world: World): Promise<void> {
  const { balance, stake, escrow, credit } = await world.accounts()
  expect(balance).to.equal(stake + escrow + credit + (await world.view('totalForfeit')))
}

/** The other of the two forms of a signature, with high s. */
function highS(signature: Hex): Hex {
  const bytes = Uint8Array.from(fromHex(signature))
  const s = ORDER - BigInt(toHex(bytes.subarray(32, 64)))
  bytes.set(fromHex(`0x${s.toString(16).padStart(64, '0')}`), 32)
  bytes[64] = bytes[64] === 27 ? 28 : 27
  return toHex(bytes)
}

/** A task whose seat 0 is with a worker of this kind. */
async function recordedFor(world: World, fits: (holder: Actor) => boolean): Promise<OpenTask> {
  for (let i = 0; i < 100; i++) {
    const task = await recordDeployment(world, world.users[2]!, { epoch: 1 })
    if (fits((await holders(world, task))[0]!)) return task
  }
  throw new Error('No task with such a holder was found.')
}

interface Silent {
  readonly world: World
  readonly task: OpenTask
  readonly holder: Actor
  readonly user: TestSigner
}

/** A task of 10,000 grains, accepted by a worker of 75,000 ENG that then did nothing; its fee has gone back. */
async function silent(): Promise<Silent> {
  const world = await running()
  const user = world.users[0]!
  const task = await recordDeployment(world, user)
  const holder = world.actors[2]!
  await mineUpTo(task.recordBlock + 22)
  await world.tx(world.stranger, 'returnFeesForTask', task.taskId, task.terms)
  return { world, task, holder, user }
}

describe('contracts/Enigma: silence', () => {
  it('costs the fee of the task, half for its sender, half for who proved it', async () => {
    const { world, task, holder, user } = await helpers.loadFixture(silent)
    const stake = await stakeOf(world, holder)
    const sent = punish(world, task, acceptance(world, task, holder))

    await expect(sent)
      .to.emit(world.enigma, 'SilencePunished')
      .withArgs(
        task.taskId,
        holder.operator.address,
        getAddress(holder.enclave.signer),
        world.stranger.address,
        10_000n,
        stake - 10_000n
      )
    await expect(sent).to.changeTokenBalances(
      ethers,
      world.token,
      [user, world.stranger, world.enigma],
      [5_000n, 5_000n, -10_000n]
    )
    expect(await stakeOf(world, holder)).to.equal(stake - 10_000n)
    expect(await world.view('totalStake')).to.equal(6n * STAKE - 10_000n)
    expect((await world.view('stakeTree')).total).to.equal(6n * STAKE - 10_000n)
    expect(await world.view('taskPunished', task.taskId)).to.equal(true)
    await expectExact(world)
  })

  it('costs at most a thousandth of the stake, to the grain', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const holder = world.actors[1]!
    await world.deposit(holder, 4_321n)
    const stake = await stakeOf(world, holder)
    const task = await recordDeployment(world, user, { gasLimit: 10n ** 6n, gasPx: 60_000n })
    await mineUpTo(task.recordBlock + 22)
    await world.tx(user, 'returnFeesForTask', task.taskId, task.terms)
    const amount = stake / 1_000n
    expect(amount).to.be.below(6n * 10n ** 10n)

    await expect(punish(world, task, acceptance(world, task, holder))).to.changeTokenBalances(
      ethers,
      world.token,
      [user, world.stranger],
      [amount - amount / 2n, amount / 2n]
    )
    expect(await stakeOf(world, holder)).to.equal(stake - amount)
    await expectExact(world)
  })

  it('gives an odd grain to the sender', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const task = await recordDeployment(world, user, { gasLimit: 7n, gasPx: 1n })
    await mineUpTo(task.recordBlock + 22)
    await world.tx(user, 'returnFeesForTask', task.taskId, task.terms)
    await expect(punish(world, task, acceptance(world, task, world.actors[0]!))).to.changeTokenBalances(
      ethers,
      world.token,
      [user, world.stranger],
      [4n, 3n]
    )
  })

  it('is paid for once per task: the first proof wins', async () => {
    const { world, task, holder } = await helpers.loadFixture(silent)
    await punish(world, task, acceptance(world, task, holder))

    for (const by of [holder, world.actors[0]!, world.actors[1]!]) {
      await expect(punish(world, task, acceptance(world, task, by)))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaTaskAlreadyPunished')
        .withArgs(task.taskId)
    }
  })

  it('is not punished while the task is open, nor ever if it was settled', async () => {
    const world = await helpers.loadFixture(running)
    const [open, settled] = [
      await recordDeployment(world, world.users[0]!),
      await recordDeployment(world, world.users[0]!)
    ]
    const [holder] = (await holders(world, settled)) as [Actor]
    await commit(world, settled, { receipt: failure })

    for (const [task, status] of [
      [open, 1n],
      [settled, 3n],
      [{ ...open, taskId: label('never recorded') as never }, 0n]
    ] as const) {
      await expect(punish(world, task, acceptance(world, task, holder)))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaTaskNotReturned')
        .withArgs(task.taskId, status)
    }
    await mineUpTo(open.recordBlock + 23) // too late to settle, not yet given back
    await expect(punish(world, open, acceptance(world, open, holder))).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaTaskNotReturned'
    )
  })

  it('can be proven up to the last block of the proof period, and not after it', async () => {
    const { world, task, holder } = await helpers.loadFixture(silent)
    const last = task.recordBlock + 21 + PROOF_PERIOD
    const signature = acceptance(world, task, holder)
    await mineUpTo(last)
    const snapshot = await helpers.takeSnapshot()
    await punish(world, task, signature)
    await snapshot.restore()

    await mineUpTo(last + 1)
    await expect(punish(world, task, signature))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaProofPeriodOver')
      .withArgs(last + 1, last)
  })

  it('needs the very promise: this task, this input, this record, this network', async () => {
    const { world, task, holder } = await helpers.loadFixture(silent)
    const refused = (signature: Hex, error: string): Promise<void> =>
      expect(punish(world, task, signature), error).to.be.revertedWithCustomError(world.enigma, error)
    const good = acceptance(world, task, holder)

    for (const change of [
      { taskId: label('another task') as never },
      { inputHash: label('another input') },
      { recordBlock: task.recordBlock - 1 }
    ]) {
      await refused(acceptance(world, task, holder, change), 'EnigmaUnknownSigner')
    }
    const accepted = { taskId: task.taskId, inputHash: task.terms.inputHash, recordBlock: task.recordBlock }
    for (const domain of [
      { ...world.domain, chainId: 1n },
      { ...world.domain, enigma: address(await world.token.getAddress()) }
    ]) {
      await refused(sign(typedDigest(domain, 'TaskAccepted', accepted), holder.enclave), 'EnigmaUnknownSigner')
    }
    await refused(acceptance(world, task, { ...holder, enclave: enclave('nobody') }), 'EnigmaUnknownSigner')
    await refused(highS(good), 'EnigmaInvalidSignature')
    await refused(good.slice(0, -2) as Hex, 'EnigmaInvalidSignature')
    await expect(
      world.tx(world.stranger, 'punishSilence', task.taskId, { ...task.terms, gasLimit: 10n ** 9n }, good)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaRecordMismatch')
    await punish(world, task, good)
  })

  it('reaches a worker that logged out or took another enclave, but nobody without stake', async () => {
    const { world, task, holder } = await helpers.loadFixture(silent)
    await world.tx(holder.operator, 'logout')
    await world.register({ ...holder, enclave: enclave('replacement') })
    const idle = world.actors[5]!
    await world.register(idle)

    await expect(punish(world, task, acceptance(world, task, idle)))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaNothingToTake')
      .withArgs(idle.operator.address)
    expect(await world.view('taskPunished', task.taskId)).to.equal(false)
    await punish(world, task, acceptance(world, task, holder))
    expect(await stakeOf(world, holder)).to.equal(3n * STAKE - 10_000n)
    expect((await world.view('stakeTree')).total).to.equal(3n * STAKE)
    await expectExact(world)
  })

  it('logs out a worker that falls below the minimum stake; it may come back with more', async () => {
    const { world, task } = await helpers.loadFixture(silent)
    const poor = world.actors[0]! // exactly the minimum
    await expect(punish(world, task, acceptance(world, task, poor))).to.emit(world.enigma, 'LoggedOut')

    expect((await world.view('worker', poor.operator.address)).status).to.equal(1n)
    expect((await world.view('stakeTree')).total).to.equal(5n * STAKE)
    await expect(world.tx(poor.operator, 'login')).to.be.revertedWithCustomError(world.enigma, 'EnigmaStakeTooLow')
    await world.deposit(poor, 10_000n)
    await world.tx(poor.operator, 'login')
    expect((await world.view('stakeTree')).total).to.equal(6n * STAKE)
  })

  it('can still be punished when a worker that logged out at once may first withdraw', async () => {
    const { world, holder } = await helpers.loadFixture(silent)
    await world.tx(holder.operator, 'logout')
    const unbonding = Number(await world.view('unbondingPeriod'))
    const loggedOut = Number((await world.view('worker', holder.operator.address)).logoutBlock)
    // The last task that its seats can have: epoch after next, then grace; its deadline; its proof period.
    const lastRecord = loggedOut + 2 * 10 + 5
    expect(lastRecord + 21 + PROOF_PERIOD).to.be.at.most(loggedOut + unbonding)
  })
})

describe('contracts/Enigma: two receipts for one run', () => {
  async function scene() {
    const world = await running()
    const scAddr = await deployContractOf(world, world.users[0]!)
    const task = await recordCompute(world, world.users[1]!, scAddr)
    const [cheat] = (await holders(world, task)) as [Actor]
    const a = await signedReceipt(world, task, cheat)
    const b = await signedReceipt(world, task, cheat, { outputHash: label('another output') })
    return { world, task, cheat, a, b }
  }

  it('cost 5 % of the stake, half for who proved it, and the key is banned', async () => {
    const { world, task, cheat, a, b } = await helpers.loadFixture(scene)
    const stake = await stakeOf(world, cheat)
    const total = await world.view('totalStake')
    const amount = stake / 20n
    const sent = world.tx(world.stranger, 'punishEquivocation', a, b)

    await expect(sent)
      .to.emit(world.enigma, 'EquivocationPunished')
      .withArgs(
        task.taskId,
        cheat.operator.address,
        getAddress(cheat.enclave.signer),
        world.stranger.address,
        amount,
        stake - amount
      )
    await expect(sent).to.emit(world.enigma, 'LoggedOut')
    await expect(sent).to.changeTokenBalances(
      ethers,
      world.token,
      [world.stranger, world.enigma],
      [amount / 2n, -(amount / 2n)]
    )
    expect(await world.view('totalForfeit')).to.equal(amount - amount / 2n)
    expect(await world.view('totalStake')).to.equal(total - amount)
    expect((await world.view('stakeTree')).total).to.equal(total - stake)
    expect(await world.view('signerBanned', cheat.enclave.signer)).to.equal(true)
    await expectExact(world)
  })

  it('end the enclave: no login, no registration, no receipt, alone or in a batch', async () => {
    const { world, task, cheat, a, b } = await helpers.loadFixture(scene)
    const other = await recordedFor(world, holder => holder !== cheat)
    const mine = await commitmentFor(world, task, { by: cheat })
    await world.tx(world.stranger, 'punishEquivocation', a, b)
    const banned = async (sent: Promise<unknown>): Promise<void> =>
      expect(sent)
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaSignerBanned')
        .withArgs(getAddress(cheat.enclave.signer))

    await world.deposit(cheat, STAKE)
    await banned(world.tx(cheat.operator, 'login'))
    await banned(world.register(cheat))
    await banned(sendCommitment(world, mine))

    const good = await commitmentFor(world, other)
    await expect(sendBatch(world, [mine, good]))
      .to.emit(world.enigma, 'ReceiptSkipped')
      .withArgs(task.taskId, 5)
    expect((await world.view('taskStatus', task.taskId)).status).to.equal(1n)
  })

  it('leave the worker its money and the way to a new enclave', async () => {
    const { world, cheat, a, b } = await helpers.loadFixture(scene)
    await world.tx(world.stranger, 'punishEquivocation', a, b)
    await world.deposit(cheat, STAKE)
    const fresh = { ...cheat, enclave: enclave('an honest one') }
    await world.register(fresh)
    await world.tx(cheat.operator, 'login')
    await world.tx(cheat.operator, 'logout')
    await helpers.mine(Number(await world.view('unbondingPeriod')) + 1)
    await world.tx(cheat.staking, 'withdraw', cheat.operator.address, await stakeOf(world, cheat))
    await expectExact(world)
  })

  it('count once: neither the same pair, nor its mirror image, nor another one costs again', async () => {
    const { world, task, cheat, a, b } = await helpers.loadFixture(scene)
    const c = await signedReceipt(world, task, cheat, { gasUsed: 1n })
    await world.tx(world.stranger, 'punishEquivocation', a, b)
    for (const pair of [
      [a, b],
      [b, a],
      [a, c]
    ]) {
      await expect(world.tx(world.stranger, 'punishEquivocation', ...pair)).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaSignerBanned'
      )
    }
  })

  it('are no proof if they are the same, or of different runs', async () => {
    const { world, task, cheat, a } = await helpers.loadFixture(scene)
    const refused = async (b: typeof a, error: string): Promise<void> =>
      expect(world.tx(world.stranger, 'punishEquivocation', a, b), error).to.be.revertedWithCustomError(
        world.enigma,
        error
      )

    await refused(a, 'EnigmaNoEquivocation')
    // After a reorganisation, or on a newer head, another result is what an honest enclave must sign. So it must if a producer of blocks,
    // in league with the sender, replaces a block by one of the same number and time whose record of the same nonce differs in anything.
    for (const change of [
      { recordBlock: task.recordBlock + 1 },
      { recordTime: task.recordTime + 1 },
      { prevHead: label('the next head') },
      { taskId: label('another task') as never },
      { scAddr: label('another contract') as never },
      { kind: 0 },
      { codeHash: label('another code') },
      { inputHash: label('another input') },
      { gasLimit: 999n },
      { epoch: task.terms.epoch + 1 }
    ]) {
      await refused(
        await signedReceipt(world, task, cheat, { ...change, outputHash: label('another output') }),
        'EnigmaNoEquivocation'
      )
    }
    expect(await world.view('signerBanned', cheat.enclave.signer)).to.equal(false)
  })

  it('must be of one known key, both, on this network, with proper signatures', async () => {
    const { world, task, cheat, a, b } = await helpers.loadFixture(scene)
    const refused = async (x: typeof a, y: typeof a, error: string): Promise<void> =>
      expect(world.tx(world.stranger, 'punishEquivocation', x, y), error).to.be.revertedWithCustomError(
        world.enigma,
        error
      )
    const victim = world.actors.find(one => one !== cheat)!

    // A forger frames a victim: with its own signature beside the victim's, or with one made up.
    const honest = await signedReceipt(world, task, victim)
    await refused(honest, b, 'EnigmaDifferentSigners')
    await refused({ ...a, receipt: { ...a.receipt, gasUsed: 1n } }, b, 'EnigmaDifferentSigners')
    const nobody = { ...cheat, enclave: enclave('nobody') }
    const [x, y] = [await signedReceipt(world, task, nobody), await signedReceipt(world, task, nobody, { gasUsed: 1n })]
    await refused(x, y, 'EnigmaUnknownSigner')
    const elsewhere = sign(typedDigest({ ...world.domain, chainId: 1n }, 'Receipt', b.receipt), cheat.enclave)
    await refused(a, { ...b, signature: elsewhere }, 'EnigmaDifferentSigners')
    await refused(a, { ...b, signature: highS(b.signature) }, 'EnigmaInvalidSignature')
    await refused(a, { ...a, signature: highS(a.signature) }, 'EnigmaNoEquivocation')
  })

  it('count after one of them settled the task, and when the task is of another life of the chain', async () => {
    const { world, task, cheat, a, b } = await helpers.loadFixture(scene)
    const gone = { ...task, taskId: label('a record that a reorganisation removed') as never }
    const other = world.actors.find(one => one !== cheat)!
    const [x, y] = [
      await signedReceipt(world, gone, other),
      await signedReceipt(world, gone, other, { deltaHash: ZERO_HASH })
    ]
    await world.tx(world.stranger, 'punishEquivocation', x, y)
    await sendCommitment(world, await commitmentFor(world, task, { by: cheat }))
    await world.tx(world.stranger, 'punishEquivocation', a, b)
    await expectExact(world)
  })

  it('do not pay for themselves: a worker that reports itself loses half of the fine at least', async () => {
    const { world, cheat, a, b } = await helpers.loadFixture(scene)
    const balance = (): Promise<bigint> => world.token.getFunction('balanceOf').staticCall(cheat.staking.address)
    const before = await balance()
    const stake = await stakeOf(world, cheat)
    await world.tx(cheat.staking, 'punishEquivocation', a, b)
    const after = await balance()

    expect(after - before + (await stakeOf(world, cheat))).to.equal(stake - stake / 20n + stake / 40n)
  })

  it('ban a key whose worker has nothing left', async () => {
    const { world, task } = await helpers.loadFixture(scene)
    const idle = world.actors[5]!
    await world.register(idle)
    const [x, y] = [await signedReceipt(world, task, idle), await signedReceipt(world, task, idle, { gasUsed: 1n })]
    await world.tx(world.stranger, 'punishEquivocation', x, y)

    expect(await world.view('signerBanned', idle.enclave.signer)).to.equal(true)
    await world.deposit(idle, STAKE)
    await expect(world.tx(idle.operator, 'login')).to.be.revertedWithCustomError(world.enigma, 'EnigmaSignerBanned')
  })
})

describe('contracts/Enigma: penalties and a hostile token', () => {
  it('a transfer that re-enters takes the fine no second time', async () => {
    const signers = (await ethers.getSigners()) as [TestSigner, ...TestSigner[]]
    const token = await deployContract(signers[0], artifacts, 'contracts/test/ReentrantToken.sol', 'ReentrantToken', [])
    const world = await World.deployOn(token)
    await world.registerPrincipal()
    for (const actor of world.actors.slice(0, 2)) await world.join(actor, 2n * STAKE)
    await world.fund(world.users[0]!, 100n * ENG)
    await world.callEpoch()
    await world.callEpoch()
    const task = await recordDeployment(world, world.users[0]!)
    await mineUpTo(task.recordBlock + 22)
    await world.tx(world.stranger, 'returnFeesForTask', task.taskId, task.terms)
    const [actor, second] = world.actors as [Actor, Actor]
    const signature = acceptance(world, task, actor)
    const [a, b] = [await signedReceipt(world, task, second), await signedReceipt(world, task, second, { gasUsed: 1n })]
    const { interface: calls } = world.enigma
    const again = [
      calls.encodeFunctionData('punishSilence', [task.taskId, task.terms, signature]),
      calls.encodeFunctionData('punishEquivocation', [a, b])
    ]
    await send(token, world.deployer, 'arm', world.address, again)
    await punish(world, task, signature)
    expect(await token.getFunction('attempts').staticCall()).to.equal(4n) // two transfers
    await world.tx(world.stranger, 'punishEquivocation', a, b)

    expect(await token.getFunction('successes').staticCall()).to.equal(0n)
    expect(await stakeOf(world, actor)).to.equal(2n * STAKE - 10_000n)
    expect(await stakeOf(world, second)).to.equal(2n * STAKE - STAKE / 10n)
    await expectExact(world)
  })
})
