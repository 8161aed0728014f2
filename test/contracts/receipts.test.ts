import { expect } from 'chai'
import { ZeroHash, getAddress } from 'ethers'
import { TaskStatus, ZERO_HASH, fromHex, nextHead, toHex, typedDigest, type Receipt } from '@enigma/protocol'
import { blockNumber, ethers, helpers, mineUpTo } from './support/chain.ts'
import { enclave, sign } from './support/enclaves.ts'
import {
  CODE,
  commit,
  commitmentFor,
  deployContractOf,
  failure,
  holders,
  label,
  recordCompute,
  recordDeployment,
  sendCommitment,
  type OpenTask
} from './support/tasks.ts'
import { running, type Actor, type World } from './support/world.ts'

const ORDER = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')

describe('contracts/Enigma: success', () => {
  it('a deployment stores code, head and count, pays the operator and refunds the rest', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const task = await recordDeployment(world, user)
    const [holder] = (await holders(world, task)) as [Actor]
    const commitment = await commitmentFor(world, task)
    const { deltaHash, outputHash } = commitment.receipt
    const digest = typedDigest(world.domain, 'Receipt', commitment.receipt)
    const head = nextHead(ZERO_HASH, deltaHash)
    const before = await world.accounts()

    const settled = sendCommitment(world, commitment)
    await expect(settled)
      .to.emit(world.enigma, 'SecretContractDeployed')
      .withArgs(task.terms.scAddr, CODE, holder.operator.address)
    await expect(settled)
      .to.emit(world.enigma, 'ReceiptVerified')
      .withArgs(task.taskId, task.terms.scAddr, holder.operator.address, deltaHash, outputHash, head, 1n, 600n, digest)
    await expect(settled).to.changeTokenBalances(ethers, world.token, [user, world.stranger], [4_000n, 0n])

    expect(await world.view('secretContract', task.terms.scAddr)).to.deep.equal([CODE, head, 1n])
    const { slot1, status } = await world.view('taskStatus', task.taskId)
    expect([slot1, status]).to.deep.equal([digest, BigInt(TaskStatus.ReceiptVerified)])
    expect((await world.view('worker', holder.operator.address)).credit).to.equal(6_000n)
    expect(await world.accounts()).to.deep.equal({
      ...before,
      balance: before.balance - 4_000n,
      escrow: before.escrow - 10_000n,
      credit: before.credit + 6_000n
    })
  })

  it('computations chain the heads; one that writes nothing leaves head and count', async () => {
    const world = await helpers.loadFixture(running)
    const scAddr = await deployContractOf(world, world.users[0]!)
    const [, first] = await world.view('secretContract', scAddr)
    const delta = label('delta')

    const writing = await recordCompute(world, world.users[1]!, scAddr)
    await commit(world, writing, { receipt: { deltaHash: delta } })
    const second = nextHead(first, delta)
    expect(await world.view('secretContract', scAddr)).to.deep.equal([CODE, second, 2n])

    const reading = await recordCompute(world, world.users[2]!, scAddr)
    await expect(commit(world, reading, { receipt: { deltaHash: ZERO_HASH } })).to.emit(world.enigma, 'ReceiptVerified')
    expect(await world.view('secretContract', scAddr)).to.deep.equal([CODE, second, 2n])
  })

  it('refunds nothing when all gas was used, and owes nothing when none was', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    for (const [gasUsed, back] of [
      [1_000n, 0n],
      [0n, 10_000n]
    ] as const) {
      const task = await recordDeployment(world, user)
      await expect(commit(world, task, { receipt: { gasUsed } })).to.changeTokenBalance(ethers, world.token, user, back)
    }
    expect(await world.accounts()).to.include({ escrow: 0n, credit: 10_000n })
  })
})

describe('contracts/Enigma: failure inside the enclave', () => {
  it('pays the gas used, refunds the rest, deploys nothing', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const task = await recordDeployment(world, user)
    const commitment = await commitmentFor(world, task, { receipt: failure })
    const digest = typedDigest(world.domain, 'Receipt', commitment.receipt)
    const [holder] = (await holders(world, task)) as [Actor]

    const settled = sendCommitment(world, commitment)
    await expect(settled)
      .to.emit(world.enigma, 'ReceiptFailed')
      .withArgs(
        task.taskId,
        task.terms.scAddr,
        holder.operator.address,
        failure.reason,
        commitment.receipt.outputHash,
        600n,
        digest
      )
    await expect(settled).to.changeTokenBalance(ethers, world.token, user, 4_000n)
    expect((await world.view('taskStatus', task.taskId)).status).to.equal(BigInt(TaskStatus.ReceiptFailed))
    expect(await world.view('secretContract', task.terms.scAddr)).to.deep.equal([ZeroHash, ZeroHash, 0n])
    await expect(
      world.tx(user, 'createTaskRecord', task.terms.scAddr, label('in'), 10n, 1n, 1)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaNoSuchContract')
  })

  it('of a computation leaves the contract as it was', async () => {
    const world = await helpers.loadFixture(running)
    const scAddr = await deployContractOf(world, world.users[0]!)
    const before = await world.view('secretContract', scAddr)
    const task = await recordCompute(world, world.users[1]!, scAddr)
    await commit(world, task, { receipt: { ...failure, outputHash: ZERO_HASH } })

    expect(await world.view('secretContract', scAddr)).to.deep.equal(before)
  })
})

describe('contracts/Enigma: what a receipt must be', () => {
  async function refused(change: Partial<Receipt>, error: string, ...facts: unknown[]): Promise<void> {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const attempt = expect(commit(world, task, { receipt: change })).to.be.revertedWithCustomError(world.enigma, error)
    await (facts.length === 0 ? attempt : attempt.withArgs(...facts))
  }

  const other = label('other')
  const mismatches: [keyof Receipt, Partial<Receipt>][] = [
    ['scAddr', { scAddr: other as never }],
    ['kind', { kind: 1 }],
    ['codeHash', { codeHash: other }],
    ['inputHash', { inputHash: other }],
    ['gasLimit', { gasLimit: 999n }],
    ['epoch', { epoch: 99 }],
    ['recordBlock', { recordBlock: 1 }],
    ['recordTime', { recordTime: 1 }]
  ]
  for (const [field, change] of mismatches) {
    it(`the record's own ${field}`, async () => {
      const world = await helpers.loadFixture(running)
      const task = await recordDeployment(world, world.users[0]!)
      await expect(commit(world, task, { receipt: change }))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaReceiptMismatch')
        .withArgs(task.taskId, field)
    })
  }

  it('no more gas than allowed', () => refused({ gasUsed: 1_001n }, 'EnigmaGasAboveLimit', 1_001n, 1_000n))
  it('the present head', () => refused({ prevHead: other }, 'EnigmaStaleHead', other, ZERO_HASH))
  it('a delta, for a deployment', () => refused({ deltaHash: ZERO_HASH }, 'EnigmaReceiptInconsistent'))
  it('no reason, when ok', () => refused({ reason: 1 }, 'EnigmaReceiptInconsistent'))
  it('a reason, when failed', () => refused({ ...failure, reason: 0 }, 'EnigmaReceiptInconsistent'))
  it('no delta, when failed', () => refused({ ...failure, deltaHash: other }, 'EnigmaReceiptInconsistent'))
  it('no callback, when failed', () => refused({ ...failure, callbackGas: 1 }, 'EnigmaReceiptInconsistent'))

  it('on the present head: of two runs on one state the first wins', async () => {
    const world = await helpers.loadFixture(running)
    const scAddr = await deployContractOf(world, world.users[0]!)
    const [a, b] = [
      await recordCompute(world, world.users[1]!, scAddr),
      await recordCompute(world, world.users[2]!, scAddr)
    ]
    const [first, second] = [await commitmentFor(world, a), await commitmentFor(world, b)]
    await sendCommitment(world, second)

    const [, head] = await world.view('secretContract', scAddr)
    await expect(sendCommitment(world, first))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaStaleHead')
      .withArgs(first.receipt.prevHead, head)
    await commit(world, a) // run again on the new head
  })

  it('with the record as it was recorded, field by field', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const commitment = await commitmentFor(world, task)

    for (const change of [{ gasLimit: 10n ** 9n }, { gasPx: 11n }, { epoch: 2 }, { codeHash: other }, { kind: 1 }]) {
      await expect(sendCommitment(world, { ...commitment, record: { ...task.terms, ...change } }))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaRecordMismatch')
        .withArgs(task.taskId)
    }
  })

  it('unchanged since it was signed, in every one of its 16 fields', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const commitment = await commitmentFor(world, task)

    for (const [field, value] of Object.entries(commitment.receipt)) {
      const changed = {
        ...commitment.receipt,
        [field]:
          typeof value === 'boolean'
            ? !value
            : typeof value === 'string'
              ? value.length === 42
                ? `0x${'11'.repeat(20)}`
                : other
              : BigInt(value) + 1n
      }
      await expect(sendCommitment(world, { ...commitment, receipt: changed as Receipt }), field).to.be.revert(ethers)
    }
    await sendCommitment(world, commitment)
  })
})

describe('contracts/Enigma: who may sign, and when', () => {
  it('seat 0 from the block after the record, seats 1 and 2 one window later each, all up to the deadline', async () => {
    const { world, task, seats } = await helpers.loadFixture(threeHolders)
    const N = task.recordBlock
    const refused = (seat: number, block: number): Promise<void> =>
      expect(commit(world, task, { seat, by: seats[seat]! }))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaOutsideWindow')
        .withArgs(block, N + 7 * seat + 1, N + 21)
    const accepted = async (seat: number): Promise<void> => {
      const snapshot = await helpers.takeSnapshot()
      await commit(world, task, { seat, by: seats[seat]! })
      await snapshot.restore()
    }

    await refused(1, N + 1)
    await mineUpTo(N + 7)
    await refused(1, N + 7)
    await accepted(1) // N + 8
    await accepted(0) // an earlier seat stays allowed
    await mineUpTo(N + 14)
    await refused(2, N + 14)
    await accepted(2) // N + 15
    await mineUpTo(N + 21)
    await accepted(0) // the last block
    await accepted(2)
    await mineUpTo(N + 22)
    for (const seat of [0, 1, 2]) await refused(seat, (await blockNumber()) + 1)
  })

  it('only the worker that was drawn for the seat', async () => {
    const { world, task, seats } = await helpers.loadFixture(threeHolders)

    for (const by of [seats[1]!, seats[2]!]) {
      await expect(commit(world, task, { seat: 0, by })).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaNotSelected'
      )
    }
    await expect(commit(world, task, { seat: 3, by: seats[0]! }))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaNoSuchSeat')
      .withArgs(3)
  })

  it('only with a path of the task`s own epoch', async () => {
    const world = await helpers.loadFixture(running)
    await world.deposit(world.actors[0]!, 5n)
    await world.callEpoch()
    await world.callEpoch() // the stakes of epoch 3 differ from those of epoch 1
    const task = await recordDeployment(world, world.users[0]!)
    const commitment = await commitmentFor(world, task)
    const [holder] = (await holders(world, task)) as [Actor]
    const proof = await world.proof(1, holder.operator.address)

    await expect(sendCommitment(world, { ...commitment, proof })).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaWrongStakeProof'
    )
  })

  it('not with a larger stake, another index, or sums that reach over the seat', async () => {
    const { world, task, seats } = await helpers.loadFixture(threeHolders)
    const commitment = await commitmentFor(world, task, { seat: 0, by: seats[1]! })
    const { proof } = commitment
    const total = (await world.view('epochInfo', 1)).total as bigint

    for (const forged of [
      { ...proof, stake: total },
      { ...proof, index: proof.index ^ 1 },
      { ...proof, siblingSums: proof.siblingSums.map(() => 0n) }
    ]) {
      await expect(sendCommitment(world, { ...commitment, proof: forged })).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaWrongStakeProof'
      )
    }
    await expect(
      sendCommitment(world, { ...commitment, proof: { ...proof, siblingSums: [] } })
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaMalformedStakeProof')
  })

  it('no key that belongs to no worker, the principal`s included', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const commitment = await commitmentFor(world, task)
    const digest = typedDigest(world.domain, 'Receipt', commitment.receipt)

    for (const by of [enclave('nobody'), world.principal]) {
      await expect(sendCommitment(world, { ...commitment, signature: sign(digest, by) }))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaUnknownSigner')
        .withArgs(getAddress(by.signer))
    }
  })

  it('no signature of another length, with high s, or that recovers nobody', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const commitment = await commitmentFor(world, task)
    const good = fromHex(commitment.signature)
    const s = ORDER - BigInt(toHex(good.subarray(32, 64)))
    const high = Uint8Array.from(good)
    high.set(fromHex(`0x${s.toString(16).padStart(64, '0')}`), 32)
    high[64] = good[64] === 27 ? 28 : 27
    const badV = Uint8Array.from(good)
    badV[64] = 29

    for (const bytes of [high, badV, good.subarray(0, 64), new Uint8Array([...good, 0]), new Uint8Array(65)]) {
      await expect(sendCommitment(world, { ...commitment, signature: toHex(bytes) })).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaInvalidSignature'
      )
    }
  })

  it('a seat of a running epoch outlives the logout of its worker, and a change of its enclave', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const [holder] = (await holders(world, task)) as [Actor]
    const commitment = await commitmentFor(world, task)
    await world.tx(holder.operator, 'logout')
    await world.register({ ...holder, enclave: enclave('replacement') })

    await sendCommitment(world, commitment)
    expect((await world.view('worker', holder.operator.address)).credit).to.equal(6_000n)
  })

  it('holds across epochs: a task belongs to the seats of its own epoch until it is closed', async () => {
    const world = await helpers.loadFixture(running)
    await mineUpTo(Number(await world.view('nextEpochBlock')) - 3)
    const task = await recordDeployment(world, world.users[0]!)
    await world.callEpoch()

    expect(await world.currentEpoch()).to.equal(2)
    await commit(world, task)
  })
})

/** A task whose three seats have three different holders. */
async function threeHolders(): Promise<{ world: World; task: OpenTask; seats: Actor[] }> {
  const world = await running()
  for (let i = 0; i < 150; i++) {
    const task = await recordDeployment(world, world.users[i % 3]!, { epoch: 1 })
    const seats = await holders(world, task)
    if (new Set(seats).size === 3) return { world, task, seats }
  }
  throw new Error('No task with three different holders was found.')
}
