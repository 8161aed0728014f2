import { expect } from 'chai'
import { ZeroAddress, ZeroHash, getAddress } from 'ethers'
import { ENG } from '../../contracts/deploy/index.ts'
import { blockNumber, ethers, helpers, mineUpTo } from './support/chain.ts'
import { DAY, MEASUREMENT, enclave } from './support/enclaves.ts'
import { permitOf } from './support/permit.ts'
import { commit, recordDeployment } from './support/tasks.ts'
import { STAKE, deployed, running, send, withPrincipal, type Actor, type World } from './support/world.ts'

const UNREGISTERED = 0n
const LOGGED_OUT = 1n
const LOGGED_IN = 2n

describe('contracts/Enigma: principal and owner', () => {
  it('registers one principal, by the owner', async () => {
    const world = await helpers.loadFixture(deployed)
    const { signer, transportKey } = world.principal
    const evidence = await world.evidence(world.principal, world.deployer.address, 0)

    await expect(world.tx(world.stranger, 'registerPrincipal', signer, transportKey, evidence))
      .to.be.revertedWithCustomError(world.enigma, 'OwnableUnauthorizedAccount')
      .withArgs(world.stranger.address)
    await expect(world.tx(world.deployer, 'registerPrincipal', signer, transportKey, evidence)).to.emit(
      world.enigma,
      'PrincipalRegistered'
    )
    const known = await world.view('principal')
    expect([known.signer.toLowerCase(), known.transportKey, known.measurement]).to.deep.equal([
      signer,
      transportKey,
      MEASUREMENT
    ])
    const other = world.actors[0]!.enclave
    for (const [otherSigner, otherKey] of [
      [other.signer, other.transportKey],
      [other.signer, transportKey],
      [signer, other.transportKey]
    ] as const) {
      await expect(world.tx(world.deployer, 'registerPrincipal', otherSigner, otherKey, evidence))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaPrincipalAlreadyRegistered')
        .withArgs(getAddress(signer))
    }
  })

  it("renews the principal's evidence, which would expire for every enclave that starts, and nothing but it", async () => {
    const world = await helpers.loadFixture(deployed)
    await world.registerPrincipal()
    const before = await world.view('principal')
    const { signer, transportKey } = world.principal
    const old = await world.evidence(world.principal, world.deployer.address, 0)

    await helpers.time.increase(300 * 24 * 3600)
    await expect(
      world.tx(world.deployer, 'registerPrincipal', signer, transportKey, old)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaEvidenceTooOld')
    const fresh = await world.evidence(world.principal, world.deployer.address, 0)
    await expect(
      world.tx(world.stranger, 'registerPrincipal', signer, transportKey, fresh)
    ).to.be.revertedWithCustomError(world.enigma, 'OwnableUnauthorizedAccount')
    await expect(world.tx(world.deployer, 'registerPrincipal', signer, transportKey, fresh))
      .to.emit(world.enigma, 'PrincipalRegistered')
      .withArgs(getAddress(signer), transportKey, MEASUREMENT, fresh)
    expect(await world.view('principal')).to.deep.equal(before)
  })

  it('refuses evidence of the principal that was made for another sender', async () => {
    const world = await helpers.loadFixture(deployed)
    const { signer, transportKey } = world.principal
    const evidence = await world.evidence(world.principal, world.stranger.address, 0)

    await expect(
      world.tx(world.deployer, 'registerPrincipal', signer, transportKey, evidence)
    ).to.be.revertedWithCustomError(world.enigma, 'EnigmaReportMismatch')
  })

  it('knows no workers and no epochs before its principal', async () => {
    const world = await helpers.loadFixture(deployed)

    await expect(world.register(world.actors[0]!)).to.be.revertedWithCustomError(world.enigma, 'EnigmaNoPrincipal')
    await expect(world.callEpoch()).to.be.revertedWithCustomError(world.enigma, 'EnigmaNoPrincipal')
  })

  it('lets only the owner change the list of measurements, and hands ownership over in two steps', async () => {
    const world = await helpers.loadFixture(deployed)
    const other = enclave('x').transportKey

    for (const name of ['allowMeasurement', 'revokeMeasurement']) {
      await expect(world.tx(world.stranger, name, other)).to.be.revertedWithCustomError(
        world.enigma,
        'OwnableUnauthorizedAccount'
      )
    }
    await expect(world.tx(world.deployer, 'allowMeasurement', ZeroHash)).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaZeroValue'
    )
    await expect(world.tx(world.deployer, 'allowMeasurement', other)).to.emit(world.enigma, 'MeasurementAllowed')
    expect(await world.view('measurementAllowed', other)).to.equal(true)
    await expect(world.tx(world.deployer, 'revokeMeasurement', other)).to.emit(world.enigma, 'MeasurementRevoked')
    expect(await world.view('measurementAllowed', other)).to.equal(false)

    await world.tx(world.deployer, 'transferOwnership', world.stranger.address)
    expect(await world.view('owner')).to.equal(world.deployer.address)
    await world.tx(world.stranger, 'acceptOwnership')
    expect(await world.view('owner')).to.equal(world.stranger.address)
  })

  it('gives the owner no function that moves money, pauses or upgrades', async () => {
    const world = await helpers.loadFixture(deployed)
    const names = world.enigma.interface.fragments.map(fragment => ('name' in fragment ? String(fragment.name) : ''))

    expect(names.filter(name => /pause|upgrade|implementation|rescue|sweep|slash|setToken/i.test(name))).to.deep.equal(
      []
    )
  })
})

describe('contracts/Enigma: life of a worker', () => {
  it('goes from Unregistered to LoggedIn, and all the way back with its money', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    const { operator, staking } = actor
    expect(await statusOf(world, actor)).to.equal(UNREGISTERED)

    await expect(world.register(actor)).to.emit(world.enigma, 'WorkerRegistered')
    expect(await statusOf(world, actor)).to.equal(LOGGED_OUT)
    expect(await world.view('registrationNonce', operator.address)).to.equal(1n)
    expect(await world.view('operatorOf', actor.enclave.signer)).to.equal(operator.address)

    await world.fund(staking, STAKE)
    await expect(world.tx(staking, 'deposit', operator.address, STAKE))
      .to.emit(world.enigma, 'Deposited')
      .withArgs(operator.address, staking.address, STAKE, STAKE)
    await expect(world.tx(operator, 'login')).to.emit(world.enigma, 'LoggedIn')
    expect(await statusOf(world, actor)).to.equal(LOGGED_IN)
    expect((await world.view('stakeTree')).total).to.equal(STAKE)

    await expect(world.tx(operator, 'logout')).to.emit(world.enigma, 'LoggedOut')
    const free = (await blockNumber()) + Number(await world.view('unbondingPeriod')) + 1
    expect((await world.view('stakeTree')).total).to.equal(0n)
    await mineUpTo(free)
    await expect(world.tx(staking, 'withdraw', operator.address, STAKE))
      .to.emit(world.enigma, 'Withdrawn')
      .withArgs(operator.address, staking.address, STAKE, 0n)
    await expect(world.tx(operator, 'unregister')).to.emit(world.enigma, 'Unregistered')

    expect(await statusOf(world, actor)).to.equal(UNREGISTERED)
    expect(await world.token.getFunction('balanceOf').staticCall(staking.address)).to.equal(STAKE)
    expect((await world.accounts()).balance).to.equal(0n)
  })

  it('locks the stake for two epochs, grace, the task period and the proof period after a logout', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    await world.join(actor)
    await world.tx(actor.operator, 'logout')
    const loggedOut = await blockNumber()
    expect(await world.view('unbondingPeriod')).to.equal(2n * 10n + 5n + 3n * 7n + 30n)
    const until = loggedOut + 76

    await mineUpTo(until)
    await expect(world.tx(actor.staking, 'withdraw', actor.operator.address, 1n))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaUnbonding')
      .withArgs(until)
    await world.tx(actor.staking, 'withdraw', actor.operator.address, 1n)
  })

  it('pays stake back at once to a worker that never logged in', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    await world.register(actor)
    await world.deposit(actor, 5n)

    await expect(world.tx(actor.staking, 'withdraw', actor.operator.address, 6n))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaAmountTooHigh')
      .withArgs(6n, 5n)
    await world.tx(actor.staking, 'withdraw', actor.operator.address, 5n)
    expect((await world.accounts()).stake).to.equal(0n)
  })

  it('refuses a login below the minimum stake, and takes exactly the minimum', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    await world.register(actor)
    await world.deposit(actor, STAKE - 1n)

    await expect(world.tx(actor.operator, 'login'))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaStakeTooLow')
      .withArgs(STAKE - 1n, STAKE)
    await world.deposit(actor, 1n)
    await world.tx(actor.operator, 'login')
  })

  it('refuses a login when the evidence has expired or the code was revoked meanwhile', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [short, revoked] = world.actors as [Actor, Actor]
    await world.register(short, { expiry: (await helpers.time.latest()) + 1000 })
    await world.deposit(short, STAKE)
    await world.register(revoked)
    await world.deposit(revoked, STAKE)
    await helpers.time.increase(2000)

    await expect(world.tx(short.operator, 'login')).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaAttestationExpired'
    )
    await world.tx(world.deployer, 'revokeMeasurement', MEASUREMENT)
    await expect(world.tx(revoked.operator, 'login')).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaMeasurementNotAllowed'
    )
  })

  it('can be logged out by its staking address; by anyone only once it may not run any more', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [a, b, c] = world.actors as [Actor, Actor, Actor]
    await world.join(a)
    await world.join(b)
    await world.register(c, { expiry: (await helpers.time.latest()) + DAY })
    await world.deposit(c, STAKE)
    await world.tx(c.operator, 'login')

    await expect(world.tx(world.stranger, 'logoutFor', a.operator.address))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaNotStakingAddress')
      .withArgs(world.stranger.address, a.staking.address)
    await world.tx(a.staking, 'logoutFor', a.operator.address)
    await helpers.time.increase(2 * DAY)
    await world.tx(world.stranger, 'logoutFor', c.operator.address)
    await world.tx(world.deployer, 'revokeMeasurement', MEASUREMENT)
    await world.tx(world.stranger, 'logoutFor', b.operator.address)

    expect((await world.view('stakeTree')).total).to.equal(0n)
    await expect(world.tx(a.staking, 'logoutFor', a.operator.address)).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaWrongWorkerStatus'
    )
  })

  it('refuses every step from the wrong state', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    const { operator, staking } = actor
    const refused = (attempt: Promise<unknown>): Promise<void> =>
      expect(attempt).to.be.revertedWithCustomError(world.enigma, 'EnigmaWrongWorkerStatus')

    for (const name of ['login', 'logout', 'unregister']) await refused(world.tx(operator, name)) // Unregistered
    await world.join(actor)
    await refused(world.tx(operator, 'login'))
    await refused(world.tx(operator, 'unregister'))
    await refused(world.register(actor))
    await refused(world.tx(staking, 'withdraw', operator.address, 1n))
    await world.tx(operator, 'logout')
    await refused(world.tx(operator, 'logout'))
    await expect(world.tx(operator, 'unregister'))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaWorkerNotEmpty')
      .withArgs(operator.address, STAKE, 0n)
  })

  it('refuses addresses, keys and amounts of zero', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    const { operator, staking, enclave: own } = actor
    const evidence = await world.evidence(own, operator.address, 0)
    const refused = (what: string, attempt: Promise<unknown>): Promise<void> =>
      expect(attempt).to.be.revertedWithCustomError(world.enigma, 'EnigmaZeroValue').withArgs(what)

    await refused('staking', world.tx(operator, 'register', ZeroAddress, own.signer, own.transportKey, evidence))
    await refused('signer', world.tx(operator, 'register', staking.address, ZeroAddress, own.transportKey, evidence))
    await refused('transportKey', world.tx(operator, 'register', staking.address, own.signer, ZeroHash, evidence))
    await world.register(actor)
    await refused('amount', world.tx(staking, 'deposit', operator.address, 0n))
    await refused('amount', world.tx(staking, 'withdraw', operator.address, 0n))
    await refused('credit', world.tx(staking, 'claim', operator.address))
    await refused('credit', world.tx(staking, 'compound', operator.address))
  })

  it('replaces its enclave only when logged out, and then counts a new registration', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    await world.join(actor)
    await world.tx(actor.operator, 'logout')
    const replaced = { ...actor, enclave: enclave('its second enclave') }

    await world.register(replaced)
    await world.tx(actor.operator, 'login')
    const [leaf] = await world.leaves()
    expect(leaf).to.deep.equal({
      index: 0,
      operator: actor.operator.address.toLowerCase(),
      signer: replaced.enclave.signer,
      stake: STAKE
    })
    expect(await world.view('registrationNonce', actor.operator.address)).to.equal(2n)

    await world.tx(actor.operator, 'logout')
    await world.register(actor) // its own first enclave again
    expect(await world.view('operatorOf', replaced.enclave.signer)).to.equal(actor.operator.address)
  })

  it('cannot send its staking address away while there is money in it', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    const thief = { ...actor, staking: world.stranger }
    await world.register(actor)
    await world.register({ ...actor, staking: world.users[0]! }) // empty: may change
    await world.register(actor)
    await world.deposit(actor, 5n)

    await expect(world.register(thief))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaWorkerNotEmpty')
      .withArgs(actor.operator.address, 5n, 0n)
    await world.tx(actor.staking, 'withdraw', actor.operator.address, 5n)
    await world.register(thief)
  })

  it('keeps an enclave key with its first operator for ever, and off the principal', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [a, b] = world.actors as [Actor, Actor]
    await world.register(a)
    await world.tx(a.operator, 'unregister')

    await expect(world.register({ ...b, enclave: a.enclave }))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaSignerTaken')
      .withArgs(getAddress(a.enclave.signer))
    await expect(world.register({ ...b, enclave: world.principal })).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaSignerTaken'
    )
    await world.register(a)
  })

  it('gives the leaf of a worker that left to the next newcomer', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [a, b, c] = world.actors as [Actor, Actor, Actor]
    await world.join(a)
    await world.join(b)
    await world.tx(a.operator, 'logout')
    await helpers.mine(80)
    await world.tx(a.staking, 'withdraw', a.operator.address, STAKE)
    await world.tx(a.operator, 'unregister')
    await world.join(c, STAKE * 2n)

    const leaves = await world.leaves()
    expect(leaves.map(({ operator }) => operator)).to.deep.equal(
      [c, b].map(({ operator }) => operator.address.toLowerCase())
    )
    expect((await world.view('stakeTree')).leafCount).to.equal(2n)
  })
})

describe('contracts/Enigma: whose money', () => {
  it('takes deposits only from the staking address, out of its own allowance', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [actor, other] = world.actors as [Actor, Actor]
    await world.register(actor)
    await world.fund(actor.staking, 10n)
    await world.fund(other.staking, 10n)

    for (const sender of [other.staking, actor.operator, world.stranger]) {
      await expect(world.tx(sender, 'deposit', actor.operator.address, 10n)).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaNotStakingAddress'
      )
    }
    await expect(world.tx(actor.staking, 'deposit', actor.operator.address, 11n))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaAllowanceTooLow')
      .withArgs(actor.staking.address, 10n, 11n)
    await world.tx(actor.staking, 'deposit', actor.operator.address, 10n)
  })

  it('takes a deposit and its permit in one transaction', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    await world.register(actor)
    await send(world.token, world.deployer, 'transfer', actor.staking.address, STAKE)
    const { deadline, v, r, s } = await permitOf(world, actor.staking, STAKE)

    await world.tx(actor.staking, 'depositWithPermit', actor.operator.address, STAKE, deadline, v, r, s)
    expect((await world.accounts()).stake).to.equal(STAKE)
  })

  it('is not stopped by somebody who used the permit first', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    await world.register(actor)
    await send(world.token, world.deployer, 'transfer', actor.staking.address, STAKE)
    const { deadline, v, r, s } = await permitOf(world, actor.staking, STAKE)
    await send(world.token, world.stranger, 'permit', actor.staking.address, world.address, STAKE, deadline, v, r, s)

    await world.tx(actor.staking, 'depositWithPermit', actor.operator.address, STAKE, deadline, v, r, s)
    expect((await world.accounts()).stake).to.equal(STAKE)
  })

  it('refuses a deposit whose permit is of somebody else', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [actor, victim] = world.actors as [Actor, Actor]
    await world.register(actor)
    await send(world.token, world.deployer, 'transfer', victim.staking.address, STAKE)
    const { deadline, v, r, s } = await permitOf(world, victim.staking, STAKE)

    await expect(world.tx(actor.staking, 'depositWithPermit', actor.operator.address, STAKE, deadline, v, r, s))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaAllowanceTooLow')
      .withArgs(actor.staking.address, 0n, STAKE)
  })

  it('lets only the staking address withdraw and compound; claims go to it whoever of the two asks', async () => {
    const world = await helpers.loadFixture(running)
    const task = await recordDeployment(world, world.users[0]!)
    await commit(world, task)
    const holder = world.actorOf((await world.seats(1, task.terms.scAddr))[0]!.operator)
    const { operator, staking } = holder
    const stake = (await world.view('worker', operator.address)).stake as bigint

    for (const name of ['claim', 'compound']) {
      await expect(world.tx(world.stranger, name, operator.address)).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaNotStakingAddress'
      )
    }
    await expect(world.tx(operator, 'compound', operator.address)).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaNotStakingAddress'
    )
    await expect(world.tx(operator, 'withdraw', operator.address, 1n)).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaNotStakingAddress'
    )
    const snapshot = await helpers.takeSnapshot()
    await expect(world.tx(operator, 'claim', operator.address)).to.changeTokenBalances(
      ethers,
      world.token,
      [staking, operator],
      [6_000n, 0n]
    )
    expect((await world.accounts()).credit).to.equal(0n)

    await snapshot.restore()
    await expect(world.tx(staking, 'compound', operator.address))
      .to.emit(world.enigma, 'CreditCompounded')
      .withArgs(operator.address, 6_000n, stake + 6_000n)
    const leaf = (await world.leaves()).find(one => one.operator === operator.address.toLowerCase())
    expect(leaf!.stake).to.equal(stake + 6_000n) // its weight grows with the stake
    expect(await world.accounts()).to.include({ credit: 0n, stake: 6n * STAKE + 6_000n })
  })

  it('changes no account when ENG is sent to Enigma unasked', async () => {
    const world = await helpers.loadFixture(running)
    const before = await world.accounts()
    const tree = await world.view('stakeTree')
    await send(world.token, world.deployer, 'transfer', world.address, 1_000n * ENG)

    expect(await world.accounts()).to.deep.equal({ ...before, balance: before.balance + 1_000n * ENG })
    expect(await world.view('stakeTree')).to.deep.equal(tree)
  })
})

const statusOf = async (world: World, { operator }: Actor): Promise<bigint> =>
  (await world.view('worker', operator.address)).status
