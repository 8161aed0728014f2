import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ZeroHash, type Contract } from 'ethers'
import { TaskStatus, toHex, type Hex, type ScAddr } from '@enigma/protocol'
import { compileContract } from '@enigma/secret-contracts'
import { TaskFailedError, createTestNetwork } from '@enigma/testing'
import { deployContract } from '../../contracts/deploy/index.ts'
import { helpers } from './support/chain.ts'
import { commit, deployContractOf, recordCompute, type OpenTask } from './support/tasks.ts'
import { artifacts, running, send, type World } from './support/world.ts'

const STATUS = { undefined: 0n, inProgress: 1n, passed: 2n, rejected: 3n }
const HOUR = 3600

interface Scene {
  readonly world: World
  readonly voting: Contract
  /** The poll's own secret contract, and another. */
  readonly scAddr: ScAddr
  readonly other: ScAddr
}

/** Poll 1: 50 percent, an hour. */
async function scene(): Promise<Scene> {
  const world = await running()
  const source = 'contracts/samples/VotingETH.sol'
  const gateway = await world.gateway.getAddress()
  const voting = await deployContract(world.deployer, artifacts, source, 'VotingETH', [gateway])
  const scAddr = await deployContractOf(world, world.users[0]!)
  const other = await deployContractOf(world, world.users[0]!)
  await send(voting, world.users[0]!, 'createPoll', 50, 'More trees?', HOUR, scAddr)
  return { world, voting, scAddr, other }
}

/** Settles a task of a secret contract whose code asked for this call. Resolves to the task. */
async function callFrom(s: Scene, scAddr: ScAddr, name: string, ...args: unknown[]): Promise<OpenTask> {
  const task = await recordCompute(s.world, s.world.users[1]!, scAddr)
  const data = s.voting.interface.encodeFunctionData(name, args) as Hex
  await commit(s.world, task, { callback: { target: await s.voting.getAddress(), data, gas: 200_000 } })
  return task
}

async function outcome(s: Scene, task: Promise<OpenTask>): Promise<number> {
  return Number((await s.world.view('taskStatus', (await task).taskId)).status)
}
const statusOf = (s: Scene, pollId: number): Promise<bigint> =>
  s.voting.getFunction('getPollStatus').staticCall(pollId) as Promise<bigint>

describe('contracts/samples/VotingETH', () => {
  it('creates polls from 1 on, in progress, for one secret contract each', async () => {
    const s = await helpers.loadFixture(scene)
    const { voting, world, scAddr, other } = s
    await expect(send(voting, world.users[2]!, 'createPoll', 100, 'Fewer?', 60, other)).to.emit(voting, 'PollCreated')

    const poll = await voting.getFunction('getPoll').staticCall(2)
    expect([poll.creator, poll.status, poll.quorum, poll.secretContract, poll.description]).to.deep.equal([
      world.users[2]!.address,
      STATUS.inProgress,
      100n,
      other,
      'Fewer?'
    ])
    expect((await voting.getFunction('getPoll').staticCall(1)).secretContract).to.equal(scAddr)
    expect([await statusOf(s, 1), await statusOf(s, 2), await statusOf(s, 3), await statusOf(s, 0)]).to.deep.equal([
      STATUS.inProgress,
      STATUS.inProgress,
      STATUS.undefined,
      STATUS.undefined
    ])
  })

  it('refuses a poll that could never end well', async () => {
    const { voting, world, scAddr } = await helpers.loadFixture(scene)
    const refused = (error: string, ...args: unknown[]): Promise<void> =>
      expect(send(voting, world.users[0]!, 'createPoll', ...args)).to.be.revertedWithCustomError(voting, error)

    await refused('QuorumOutOfRange', 0, '', HOUR, scAddr)
    await refused('QuorumOutOfRange', 101, '', HOUR, scAddr)
    await refused('DurationOutOfRange', 50, '', 0, scAddr)
    await refused('DurationOutOfRange', 50, '', 367 * 24 * HOUR, scAddr)
    await refused('SecretContractMissing', 50, '', HOUR, ZeroHash)
  })

  it('confirms the end of an open poll, and no other time', async () => {
    const s = await helpers.loadFixture(scene)
    const { end } = (await s.voting.getFunction('getPoll').staticCall(1)) as { end: bigint }
    for (const [pollId, at, status] of [
      [1, end, TaskStatus.ReceiptVerified],
      [1, end - 1n, TaskStatus.ReceiptFailedETH],
      [2, end, TaskStatus.ReceiptFailedETH]
    ] as const) {
      expect(await outcome(s, callFrom(s, s.scAddr, 'validatePollEnd', pollId, at))).to.equal(status)
    }
    expect(await outcome(s, callFrom(s, s.other, 'validatePollEnd', 1, end))).to.equal(TaskStatus.ReceiptFailedETH)
  })

  it('accepts votes of its own secret contract until its time is over', async () => {
    const s = await helpers.loadFixture(scene)
    expect(await outcome(s, callFrom(s, s.scAddr, 'validateCastVote', 1))).to.equal(TaskStatus.ReceiptVerified)
    expect((await s.voting.getFunction('getPoll').staticCall(1)).votes).to.equal(1n)

    await helpers.time.increase(HOUR)
    expect(await outcome(s, callFrom(s, s.scAddr, 'validateCastVote', 1))).to.equal(TaskStatus.ReceiptFailedETH)
    expect((await s.voting.getFunction('getPoll').staticCall(1)).votes).to.equal(1n)
  })

  for (const [tally, status] of [
    [49, STATUS.rejected],
    [50, STATUS.passed],
    [100, STATUS.passed],
    [0, STATUS.rejected]
  ] as const) {
    it(`closes with ${tally} percent of a quorum of 50 as ${status === STATUS.passed ? 'passed' : 'rejected'}`, async () => {
      const s = await helpers.loadFixture(scene)
      await helpers.time.increase(HOUR)
      expect(await outcome(s, callFrom(s, s.scAddr, 'validateTallyPoll', 1, tally))).to.equal(
        TaskStatus.ReceiptVerified
      )
      expect(await statusOf(s, 1)).to.equal(status)
      expect((await s.voting.getFunction('getPoll').staticCall(1)).tally).to.equal(BigInt(tally))
    })
  }

  it('closes once, not early, not on a tally above 100 percent, and takes no votes afterwards', async () => {
    const s = await helpers.loadFixture(scene)
    const failed = async (name: string, ...args: unknown[]): Promise<void> => {
      expect(await outcome(s, callFrom(s, s.scAddr, name, ...args)), name).to.equal(TaskStatus.ReceiptFailedETH)
    }
    await failed('validateTallyPoll', 1, 80)
    expect(await statusOf(s, 1)).to.equal(STATUS.inProgress)
    await helpers.time.increase(HOUR)
    await failed('validateTallyPoll', 1, 101)
    await callFrom(s, s.scAddr, 'validateTallyPoll', 1, 80)
    await failed('validateTallyPoll', 1, 10)
    await failed('validateCastVote', 1)
    await failed('validateTallyPoll', 2, 80)
    expect(await statusOf(s, 1)).to.equal(STATUS.passed)
  })

  it('listens to no other secret contract', async () => {
    const s = await helpers.loadFixture(scene)
    expect(await outcome(s, callFrom(s, s.other, 'validateCastVote', 1))).to.equal(TaskStatus.ReceiptFailedETH)
    await helpers.time.increase(HOUR)
    expect(await outcome(s, callFrom(s, s.other, 'validateTallyPoll', 1, 100))).to.equal(TaskStatus.ReceiptFailedETH)
    expect(await statusOf(s, 1)).to.equal(STATUS.inProgress)
  })

  it('listens to nobody who calls it directly, nor to a contract in the middle of a callback', async () => {
    const s = await helpers.loadFixture(scene)
    const { voting, world } = s
    for (const from of [world.users[0]!, world.stranger]) {
      await expect(send(voting, from, 'validateCastVote', 1)).to.be.revertedWithCustomError(voting, 'NotTheGateway')
      await expect(send(voting, from, 'validateTallyPoll', 1, 100)).to.be.revertedWithCustomError(
        voting,
        'NotTheGateway'
      )
    }
    // The gateway names the poll's own secret contract right now; still the probe is not the gateway.
    const gateway = await world.gateway.getAddress()
    const source = 'contracts/test/CallbackProbe.sol'
    const probe = await deployContract(world.deployer, artifacts, source, 'CallbackProbe', [gateway])
    const input = voting.interface.encodeFunctionData('validateCastVote', [1])
    const data = probe.interface.encodeFunctionData('attempt', [await voting.getAddress(), [input]]) as Hex
    const task = await recordCompute(world, world.users[1]!, s.scAddr)
    await commit(world, task, { callback: { target: await probe.getAddress(), data, gas: 200_000 } })
    expect(await probe.getFunction('attempts').staticCall()).to.equal(1n)
    expect(await probe.getFunction('successes').staticCall()).to.equal(0n)
  })
  it('counts what the secret contract `voting` calls it with, and undoes there what it refuses', async () => {
    const s = await helpers.loadFixture(scene)
    const directory = await mkdtemp(join(tmpdir(), 'enigma-voting-'))
    // The secret contract runs in a unit test's network; each of its callbacks is settled on this chain.
    const secret = await createTestNetwork({
      async ethereum({ target, data, gas }) {
        const task = await recordCompute(s.world, s.world.users[1]!, s.scAddr)
        await commit(s.world, task, { callback: { target: toHex(target), data: toHex(data), gas } })
        return (await outcome(s, Promise.resolve(task))) === Number(TaskStatus.ReceiptVerified)
      }
    })
    try {
      const source = fileURLToPath(new URL('../../secret-contracts/samples/voting/voting.ts', import.meta.url))
      const voting = await secret.deploy(await compileContract(source, directory), [await s.voting.getAddress()])
      const votes = async (): Promise<bigint> => (await s.voting.getFunction('getPoll').staticCall(1)).votes as bigint
      const thrownBy = (task: Promise<unknown>) =>
        task.then(
          () => null,
          (thrown: unknown) => (thrown instanceof TaskFailedError ? thrown.facts : null)
        )
      const refused = async (task: Promise<unknown>): Promise<void> =>
        void expect((await thrownBy(task))?.code).to.equal('TASK_CALLBACK_FAILED')
      const end = (await s.voting.getFunction('getPoll').staticCall(1)).end as bigint
      secret.setTime(Number(end) - HOUR)
      await refused(voting.call.openPoll(1n, end - 1n)) // else the tally were known too early
      await voting.call.openPoll(1n, end)
      for (const [voter, yes] of [
        [1, true],
        [2, false],
        [3, true]
      ] as const) {
        await voting.call.castVote(1n, yes, { from: secret.account(voter) })
      }
      expect(await votes()).to.equal(3n)
      expect(await thrownBy(voting.call.tallyPoll(1n))).to.include({ readable: 'the poll is not over' })
      await refused(voting.call.openPoll(2n, end)) // there is no such poll
      await helpers.time.increase(HOUR)
      await refused(voting.call.castVote(1n, false, { from: secret.account(4) }))
      expect(await voting.query.hasVoted(1n, { from: secret.account(4) })).to.equal(false)
      expect(await votes()).to.equal(3n)
      secret.setTime(Number(end) + 1)
      await voting.call.tallyPoll(1n)
      expect(await statusOf(s, 1)).to.equal(STATUS.passed)
      expect((await s.voting.getFunction('getPoll').staticCall(1)).tally).to.equal(66n)
    } finally {
      await secret.stop()
      await rm(directory, { recursive: true })
    }
  })
})
