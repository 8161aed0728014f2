import { expect } from 'chai'
import { Contract } from 'ethers'
import {
  SIM_ROOT_INSECURE_ADDRESS,
  ZERO_HASH,
  address,
  fromHex,
  reportDataOf,
  signDigest,
  toHex,
  typedDigest,
  type Hash,
  type Hex
} from '@enigma/protocol'
import { deployContract } from '../../contracts/deploy/index.ts'
import { ethers, helpers, mineUpTo, type TestSigner } from './support/chain.ts'
import { DAY, enclave, evidenceFor, sign } from './support/enclaves.ts'
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
  sendCommitment
} from './support/tasks.ts'
import { STAKE, World, artifacts, deployed, running, send, withPrincipal, type Actor } from './support/world.ts'

/**
 * The weaknesses of the system that this one succeeds, numbered as in the project's security notes (1a). Each test attacks as it
 * was done there and must see the attack fail. More attacks by callback are in callbacks.test.ts.
 */
describe('contracts: known weaknesses of the predecessor', () => {
  it('1: a receipt cannot make Enigma call the token', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const target = address(await world.token.getAddress())
    const before = await world.accounts()

    const all = [world.stranger.address, before.balance]
    const data = world.token.interface.encodeFunctionData('transfer', all) as Hex
    await expect(commit(world, task, { callback: { target, data } })).to.emit(world.enigma, 'ReceiptFailedETH')
    expect(await world.accounts()).to.deep.equal({
      ...before,
      balance: before.balance - 4_000n,
      escrow: 0n,
      credit: 6_000n
    })
    expect(await world.token.getFunction('balanceOf').staticCall(world.stranger.address)).to.equal(0n)
  })

  it('2: re-entering the commit with the same receipt pays the worker once', async () => {
    const { world, token, task, commitment } = await reentrant()
    const again = world.enigma.interface.encodeFunctionData('commitReceipt', Object.values(commitment).slice(0, 5))
    await send(token, world.deployer, 'arm', world.address, [again, again, again])

    await sendCommitment(world, commitment)
    expect(await attempts(token)).to.deep.equal({ attempts: 3n, successes: 0n })
    const [holder] = (await holders(world, task)) as [Actor]
    expect((await world.view('worker', holder.operator.address)).credit).to.equal(6_000n)
    await expectSolvent(world)
  })

  it('3: re-entering the refund from a commit, or the commit from a refund, pays one of the two', async () => {
    const { world, token, task, commitment } = await reentrant()
    const refund = world.enigma.interface.encodeFunctionData('returnFeesForTask', [task.taskId, task.terms])
    const settle = world.enigma.interface.encodeFunctionData('commitReceipt', Object.values(commitment).slice(0, 5))
    await send(token, world.deployer, 'arm', world.address, [refund, settle])
    const snapshot = await helpers.takeSnapshot()

    await sendCommitment(world, commitment)
    expect((await attempts(token)).successes).to.equal(0n)
    await expectSolvent(world)

    await snapshot.restore()
    await mineUpTo(task.recordBlock + 22)
    await world.tx(world.stranger, 'returnFeesForTask', task.taskId, task.terms)
    expect(await attempts(token)).to.deep.equal({ attempts: 2n, successes: 0n })
    await expectSolvent(world)
  })

  it('3: no function that moves money can be re-entered from another', async () => {
    const { world, token, task: expired } = await reentrant()
    await mineUpTo(expired.recordBlock + 22)
    const task = await recordDeployment(world, world.users[0]!)
    const commitment = await commitmentFor(world, task)
    const { interface: calls } = world.enigma
    const [actor] = world.actors as [Actor]
    const all = [
      calls.encodeFunctionData('deposit', [actor.operator.address, 1n]),
      calls.encodeFunctionData('withdraw', [actor.operator.address, 1n]),
      calls.encodeFunctionData('claim', [actor.operator.address]),
      calls.encodeFunctionData('createDeploymentTaskRecord', [CODE, CODE, 1n, 1n, 1n, 0n]),
      calls.encodeFunctionData('createTaskRecord', [CODE, CODE, 1n, 1n, 1n]),
      calls.encodeFunctionData('returnFeesForTask', [expired.taskId, expired.terms]), // in order, were it alone
      calls.encodeFunctionData('commitReceipt', Object.values(commitment).slice(0, 5))
    ]
    await send(token, world.deployer, 'arm', world.address, all)
    await sendCommitment(world, commitment)

    expect(await attempts(token)).to.deep.equal({ attempts: 7n, successes: 0n })
    const refusal: string = await token.getFunction('lastRefusal').staticCall()
    expect(calls.parseError(refusal)!.name).to.equal('ReentrancyGuardReentrantCall')
  })

  it('4: a worker earns the gas it used and never the limit; too little Ethereum gas reverts the whole commit', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const task = await recordDeployment(world, user)
    const commitment = await commitmentFor(world, task, { receipt: { ...failure, gasUsed: 1n } })
    const { receipt, record, seat, proof, signature } = commitment
    const before = await world.accounts()
    const sendWith = (gasLimit: number) =>
      (world.enigma.connect(world.stranger) as Contract)
        .getFunction('commitReceipt')
        .send(receipt, record, seat, proof, signature, { gasLimit })

    for (let gasLimit = 60_000; gasLimit < 160_000; gasLimit += 10_000) {
      const spent = await sendWith(gasLimit).then(
        () => true,
        () => false
      )
      if (spent) break
      expect(await world.accounts()).to.deep.equal(before)
    }
    const [holder] = (await holders(world, task)) as [Actor]
    if ((await world.view('taskStatus', task.taskId)).status === 1n) await sendCommitment(world, commitment)
    expect((await world.view('worker', holder.operator.address)).credit).to.equal(10n)
    expect((await world.accounts()).balance).to.equal(before.balance - 9_990n)
  })

  it('5: whoever copies a report cannot register its key', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [victim, thief] = world.actors as [Actor, Actor]
    const { signer, transportKey } = victim.enclave
    const evidence = await world.evidence(victim.enclave, victim.operator.address, 0)

    await expect(
      world.tx(thief.operator, 'register', thief.staking.address, signer, transportKey, evidence)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaReportMismatch')
    await world.tx(victim.operator, 'register', victim.staking.address, signer, transportKey, evidence)
  })

  it('5: a report binds the transport key, the chain, the contract, the principal and the registration', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [actor] = world.actors as [Actor]
    const { signer, transportKey } = actor.enclave
    const right = {
      signer,
      transportKey,
      operator: address(actor.operator.address),
      chainId: world.chainId,
      enigma: world.address,
      principalSigner: world.principal.signer,
      nonce: 0
    }
    const attempt = async (change: Partial<typeof right>) => {
      const evidence = evidenceFor(reportDataOf({ ...right, ...change }), await helpers.time.latest())
      return world.tx(actor.operator, 'register', actor.staking.address, signer, transportKey, evidence)
    }

    for (const change of [
      { signer: enclave('other').signer },
      { transportKey: enclave('other').transportKey },
      { chainId: 5n },
      { enigma: address(await world.token.getAddress()) },
      { principalSigner: enclave('other').signer },
      { nonce: 1 }
    ]) {
      await expect(attempt(change), Object.keys(change).join()).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaReportMismatch'
      )
    }
    await attempt({})
    await expect(attempt({})).to.be.revertedWithCustomError(world.enigma, 'EnigmaReportMismatch') // used once
  })

  it('6: measurement, version, debug mark, kind, age and expiry are all checked', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [actor] = world.actors as [Actor]
    const now = await helpers.time.latest()
    const refused = (contract: Contract, error: string, changes: Parameters<World['register']>[1]) =>
      expect(world.register(actor, changes), error).to.be.revertedWithCustomError(contract, error)

    await refused(world.enigma, 'EnigmaMeasurementNotAllowed', { measurement: label('patched enclave') })
    await refused(world.verifier, 'EnigmaSimulationWithoutDebugMark', { debug: false })
    await refused(world.verifier, 'EnigmaNotSimulationEvidence', { tee: label('sgx') })
    await refused(world.enigma, 'EnigmaEvidenceTooOld', { issuedAt: now - 2 * DAY })
    await refused(world.enigma, 'EnigmaEvidenceFromFuture', { issuedAt: now + DAY })
    await refused(world.enigma, 'EnigmaAttestationExpired', { expiry: now - 5 })
  })

  it('6: evidence that is not signed by the root is refused', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [actor] = world.actors as [Actor]
    const { signer, transportKey } = actor.enclave
    const honest = await world.evidence(actor.enclave, actor.operator.address, 0)
    const other = toHex(signDigest(label('not this evidence'), enclave('forger').key))
    const forged = honest.slice(0, honest.length - 192) + other.slice(2) + '00'.repeat(31)

    await expect(
      world.tx(actor.operator, 'register', actor.staking.address, signer, transportKey, forged)
    ).to.be.revertedWithCustomError(world.verifier, 'EnigmaSimulationSignature')
  })

  it('7: an epoch cannot be advanced one block after the last', async () => {
    const world = await helpers.loadFixture(running)

    // Each refused attempt is mined, so it takes a block.
    for (let i = 0; i < 9; i++) {
      await expect(world.tx(world.stranger, 'setEpoch', ...world.epochCall(2))).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaEpochTooEarly'
      )
    }
    expect(await world.currentEpoch()).to.equal(1)
  })

  it('8: fees count in the weight once compounded, and no event creates phantom workers', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const [holder] = (await holders(world, task)) as [Actor]
    await commit(world, task)
    const { total, leafCount } = await world.view('stakeTree')
    await world.tx(holder.staking, 'compound', holder.operator.address)

    const after = await world.view('stakeTree')
    expect([after.total, after.leafCount]).to.deep.equal([total + 6_000n, leafCount])
    expect((await world.view('worker', holder.enclave.signer)).status).to.equal(0n)
  })

  it('9: a worker cannot register while logged in, and one that is logged out has no weight', async () => {
    const world = await helpers.loadFixture(running)
    const [actor] = world.actors as [Actor]

    await expect(world.register({ ...actor, enclave: enclave('second') })).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaWrongWorkerStatus'
    )
    const { total } = await world.view('stakeTree')
    await world.tx(actor.operator, 'logout')
    await world.register({ ...actor, enclave: enclave('second') })
    expect((await world.view('stakeTree')).total).to.equal(total - STAKE)
  })

  it('10: a receipt settles no other task, contract or chain, and none twice', async () => {
    const world = await helpers.loadFixture(running)
    const user = world.users[0]!
    const scAddr = await deployContractOf(world, user)
    // Two tasks that differ in nothing but their id, on an unchanged state.
    const a = await recordCompute(world, user, scAddr)
    const b = await recordCompute(world, user, scAddr)
    const commitment = await commitmentFor(world, a, { receipt: { deltaHash: ZERO_HASH } })

    await expect(
      sendCommitment(world, { ...commitment, receipt: { ...commitment.receipt, taskId: b.taskId } })
    ).to.be.revert(ethers)
    const asB = { ...commitment.receipt, taskId: b.taskId, recordBlock: b.recordBlock, recordTime: b.recordTime }
    await expect(sendCommitment(world, { ...commitment, receipt: asB })).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaUnknownSigner'
    )
    for (const domain of [
      { ...world.domain, chainId: 1n },
      { ...world.domain, enigma: address(await world.token.getAddress()) }
    ]) {
      const [holder] = (await holders(world, a)) as [Actor]
      const signature = sign(typedDigest(domain, 'Receipt', commitment.receipt), holder.enclave)
      await expect(sendCommitment(world, { ...commitment, signature })).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaUnknownSigner'
      )
    }
    await sendCommitment(world, commitment)
    await expect(sendCommitment(world, commitment)).to.be.revertedWithCustomError(world.enigma, 'EnigmaTaskNotOpen')
  })

  it('11: the second, high-s form of a signature is refused', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    const commitment = await commitmentFor(world, task)
    const n = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')
    const bytes = Uint8Array.from(fromHex(commitment.signature))
    bytes.set(fromHex(`0x${(n - BigInt(toHex(bytes.subarray(32, 64)))).toString(16).padStart(64, '0')}`), 32)
    bytes[64] = bytes[64] === 27 ? 28 : 27

    await expect(sendCommitment(world, { ...commitment, signature: toHex(bytes) })).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaInvalidSignature'
    )
  })

  it('12: a host cannot change output hash, reason, gas or head of a failure or a deployment', async () => {
    const world = await helpers.loadFixture(running)
    const failed = await recordDeployment(world, world.users[0]!)
    const settled = await commitmentFor(world, failed, { receipt: failure })
    const fresh = await recordDeployment(world, world.users[1]!)
    const deployment = await commitmentFor(world, fresh)
    const unsigned = (of: typeof settled, change: object): Promise<void> =>
      expect(
        sendCommitment(world, { ...of, receipt: { ...of.receipt, ...change } }),
        Object.keys(change).join()
      ).to.be.revertedWithCustomError(world.enigma, 'EnigmaUnknownSigner')

    await unsigned(settled, { outputHash: label('a lie') })
    await unsigned(settled, { reason: 7 })
    await unsigned(settled, { gasUsed: 1_000n })
    await unsigned(deployment, { outputHash: label('a lie') })
    await unsigned(deployment, { deltaHash: label('a lie') })
    await expect(
      sendCommitment(world, { ...deployment, receipt: { ...deployment.receipt, prevHead: label('a lie') as Hash } })
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaStaleHead')
  })

  it('13: a deployment cannot be closed as a computation on another contract', async () => {
    const world = await helpers.loadFixture(running)
    const scAddr = await deployContractOf(world, world.users[0]!)
    const task = await recordDeployment(world, world.users[1]!)
    const { headHash } = await world.view('secretContract', scAddr)

    await expect(commit(world, task, { receipt: { kind: 1, scAddr, prevHead: headHash } }))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaReceiptMismatch')
      .withArgs(task.taskId, 'scAddr')
  })

  it('14: stakes, escrow and credit are three accounts, and add up to the balance', async () => {
    const world = await helpers.loadFixture(running)
    await commit(world, await recordDeployment(world, world.users[0]!))
    await recordDeployment(world, world.users[1]!)

    expect(await world.accounts()).to.deep.equal({
      balance: 6n * STAKE + 16_000n,
      stake: 6n * STAKE,
      escrow: 10_000n,
      credit: 6_000n
    })
  })

  it('19: nobody turns an allowance meant for a fee into stake', async () => {
    const world = await helpers.loadFixture(running)
    const [actor] = world.actors as [Actor]

    await expect(world.tx(world.stranger, 'deposit', world.users[0]!.address, 5n)).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaNotStakingAddress'
    )
    await expect(world.tx(world.users[0]!, 'deposit', actor.operator.address, 5n)).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaNotStakingAddress'
    )
  })

  it('26: a simulation can be told on chain, and refuses Ethereum`s main network', async () => {
    const world = await helpers.loadFixture(deployed)
    expect(Buffer.from(fromHex(await world.view('attestationMode'))).toString('ascii')).to.match(/^simulation\0+$/)

    // The code as it runs on chain 1: the simulated network answers a call under another chain id.
    const source = 'contracts/attestation/SimulationVerifier.sol'
    const mainnet = await (await import('hardhat')).network.create({ network: 'sim', override: { chainId: 1 } })
    const [owner] = await mainnet.ethers.getSigners()
    await expect(
      deployContract(owner!, artifacts, source, 'SimulationVerifier', [SIM_ROOT_INSECURE_ADDRESS])
    ).to.be.revertedWithCustomError(world.verifier, 'EnigmaSimulationOnMainnet')
    const at = await world.verifier.getAddress()
    await mainnet.networkHelpers.setCode(at, await ethers.provider.getCode(at))
    const moved = new Contract(at, world.verifier.interface, mainnet.ethers.provider)
    await expect(
      moved.getFunction('verify').staticCall(evidenceFor(label('report'), 1_800_000_000))
    ).to.be.revertedWithCustomError(world.verifier, 'EnigmaSimulationOnMainnet')
    await mainnet.close()
  })
})

/** A network whose token re-enters Enigma in every transfer, with one task ready to be settled. */
async function reentrant() {
  const signers = (await ethers.getSigners()) as [TestSigner, ...TestSigner[]]
  const token = await deployContract(signers[0], artifacts, 'contracts/test/ReentrantToken.sol', 'ReentrantToken', [])
  const world = await World.deployOn(token)
  await world.registerPrincipal()
  for (const actor of world.actors.slice(0, 2)) await world.join(actor)
  await world.fund(world.users[0]!, 100_000n)
  await world.callEpoch()
  await world.callEpoch()
  const task = await recordDeployment(world, world.users[0]!)
  return { world, token, task, commitment: await commitmentFor(world, task) }
}

async function attempts(token: Contract): Promise<{ attempts: bigint; successes: bigint }> {
  const [tried, successes] = await Promise.all(
    ['attempts', 'successes'].map(name => token.getFunction(name).staticCall() as Promise<bigint>)
  )
  return { attempts: tried!, successes: successes! }
}

async function expectSolvent(world: World): Promise<void> {
  const { balance, stake, escrow, credit } = await world.accounts()
  expect(balance).to.equal(stake + escrow + credit)
}
