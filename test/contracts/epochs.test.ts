import { expect } from 'chai'
import { epochSeedOf, mixOf, seedCommitOf, toHex, utf8, type Hash } from '@enigma/protocol'
import { blockNumber, ethers, helpers, mineUpTo } from './support/chain.ts'
import { enclave, sign } from './support/enclaves.ts'
import { recordDeployment } from './support/tasks.ts'
import { STAKE, World, withPrincipal, type Actor } from './support/world.ts'

const ROOT = utf8('root secret of the test principal')

describe('contracts/Enigma: epochs', () => {
  it('only stores root and commitment at call 0; call 1, two blocks later, starts epoch 1', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    await world.join(world.actors[0]!)
    const { root, total } = await world.view('stakeTree')
    expect(await world.view('nextEpochBlock')).to.equal(0n)

    await world.callEpoch()
    const first = await blockNumber()
    expect(await world.currentEpoch()).to.equal(0)
    const state = await world.view('epochState')
    expect([state.nextCall, state.lastCallBlock, state.pendingRoot, state.pendingTotal]).to.deep.equal([
      1n,
      BigInt(first),
      root,
      total
    ])
    expect(await world.view('nextEpochBlock')).to.equal(BigInt(first + 2))

    await world.callEpoch()
    expect(await blockNumber()).to.equal(first + 2)
    expect(await world.currentEpoch()).to.equal(1)
  })

  it('mixes the seed with the hash of the block after the call before', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    await world.join(world.actors[0]!)
    await world.callEpoch()
    const after = (await blockNumber()) + 1
    await world.callEpoch()

    const seed = epochSeedOf(ROOT, world.chainId, world.address, 1)
    const { hash } = (await ethers.provider.getBlock(after))!
    const info = await world.view('epochInfo', 1)
    expect(info.mix).to.equal(mixOf(seed, hash as Hash))
    expect(info.startBlock).to.equal(BigInt(await blockNumber()))
  })

  it('announces calls and epochs', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    await world.join(world.actors[0]!)
    await world.callEpoch()
    await world.callEpoch(3)
    const { root, total } = await world.view('stakeTree')
    const block = await blockNumber()
    const commit = seedCommitOf(epochSeedOf(ROOT, world.chainId, world.address, 2))

    const [, called] = await world.events('EpochCalled')
    expect([...Object.values(called!.args)]).to.deep.equal([1n, BigInt(block), root, total, commit])
    const [started] = await world.events('EpochStarted')
    const { mix } = await world.view('epochInfo', 1)
    expect([...Object.values(started!.args)]).to.deep.equal([1n, 1n, mix, root, total, BigInt(block), 3n])
  })

  it('draws from the stakes of the call before, whatever changed since', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [a, b] = world.actors as [Actor, Actor]
    await world.join(a)
    await world.callEpoch()
    await world.join(b)
    await world.tx(a.operator, 'logout')

    await world.callEpoch() // epoch 1: stakes of call 0
    expect((await world.view('epochInfo', 1)).total).to.equal(STAKE)
    expect((await world.treeOf(1)).root).to.deep.equal({ hash: (await world.view('epochInfo', 1)).root, sum: STAKE })
    expect((await world.treeOf(1)).prove(0).leaf.operator).to.equal(a.operator.address.toLowerCase())

    await world.callEpoch() // epoch 2: stakes of call 1, where a was out and b in
    const { root, total } = await world.view('epochInfo', 2)
    const tree = await world.treeOf(2)
    expect(tree.root).to.deep.equal({ hash: root, sum: total })
    expect([tree.prove(0).leaf.stake, tree.prove(1).leaf.stake]).to.deep.equal([0n, STAKE])
  })

  it('keeps two blocks between calls before the first epoch, epochSize after it', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    await world.callEpoch()
    const refused = (d: number): Promise<void> =>
      expect(world.tx(world.stranger, 'setEpoch', ...world.epochCall(d))).to.be.revertedWithCustomError(
        world.enigma,
        'EnigmaEpochTooEarly'
      )
    await refused(1)
    await world.tx(world.stranger, 'setEpoch', ...world.epochCall(1)) // nobody has stake yet: still no epoch
    expect(await world.currentEpoch()).to.equal(0)
    await world.join(world.actors[0]!)
    await world.callEpoch()
    await world.callEpoch()
    expect(await world.currentEpoch()).to.equal(1)

    const last = await blockNumber()
    await mineUpTo(last + 9)
    await refused(4)
    await world.tx(world.stranger, 'setEpoch', ...world.epochCall(4))
    expect(await world.currentEpoch()).to.equal(2)
    expect(await blockNumber()).to.equal(last + 10)
  })

  it('keeps the epoch when the block hash is out of reach, and starts the next one after that', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    await world.join(world.actors[0]!)
    await world.callEpoch()
    await world.callEpoch()
    const before = await world.view('epochInfo', 1)
    await helpers.mine(300)
    await world.callEpoch()

    expect(await world.currentEpoch()).to.equal(1)
    expect(await world.view('epochInfo', 1)).to.deep.equal(before)
    await recordDeploymentIn(world, 1) // the old epoch still works
    await world.callEpoch()
    expect(await world.currentEpoch()).to.equal(2)
  })

  it('reads the oldest block hash there is: 257 blocks after the call, not 258', async () => {
    for (const [distance, epoch] of [
      [257, 2],
      [258, 1]
    ] as const) {
      const world = await helpers.loadFixture(withPrincipal)
      await world.join(world.actors[0]!)
      await world.callEpoch()
      await world.callEpoch()
      await mineUpTo((await blockNumber()) + distance)
      await world.callEpoch()
      expect(await world.currentEpoch(), `after ${distance} blocks`).to.equal(epoch)
    }
  })

  it('keeps the epoch when nobody has stake', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const actor = world.actors[0]!
    await world.join(actor)
    await world.callEpoch()
    await world.callEpoch()
    await world.tx(actor.operator, 'logout')
    await world.callEpoch() // stakes of call 1: epoch 2
    await world.callEpoch() // stakes of call 2: none

    expect(await world.currentEpoch()).to.equal(2)
    await world.tx(actor.operator, 'login')
    await world.callEpoch()
    expect(await world.currentEpoch()).to.equal(2)
    await world.callEpoch()
    expect(await world.currentEpoch()).to.equal(3)
  })

  it('refuses a seed that was not committed to, in call 1 and later', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    await world.callEpoch()
    await helpers.mine(5)
    const other = new Uint8Array(32).fill(7)
    const call = await signedCall(world, 1, toHex(other))

    await expect(world.tx(world.stranger, 'setEpoch', ...call))
      .to.be.revertedWithCustomError(world.enigma, 'EnigmaWrongSeed')
      .withArgs(seedCommitOf(other), seedCommitOf(epochSeedOf(ROOT, world.chainId, world.address, 1)))
  })

  it('refuses every other number than the next', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const refused = (d: number, expected: number): Promise<void> =>
      expect(world.tx(world.stranger, 'setEpoch', ...world.epochCall(d)))
        .to.be.revertedWithCustomError(world.enigma, 'EnigmaWrongEpochCall')
        .withArgs(d, expected)

    await refused(1, 0)
    await world.callEpoch()
    await helpers.mine(5)
    await refused(0, 1)
    await refused(2, 1)
  })

  it('never lets the generation of keys fall', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    await world.callEpoch(2)

    await expect(world.callEpoch(1)).to.be.revertedWithCustomError(world.enigma, 'EnigmaGenerationFell').withArgs(1, 2)
    await world.callEpoch(2)
    await world.callEpoch(7)
    expect((await world.view('epochState')).generation).to.equal(7n)
  })

  it('believes nobody but the principal, and nothing that the principal signed for another network or call', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const [d, seed, commit, generation, signature] = world.epochCall(0)
    const refused = (error: string, ...call: unknown[]): Promise<void> =>
      expect(world.tx(world.stranger, 'setEpoch', ...call)).to.be.revertedWithCustomError(world.enigma, error)

    await refused('EnigmaNotPrincipal', ...(await signedCall(world, 0, seed, 'somebody')))
    await refused('EnigmaNotPrincipal', d, seed, seed, generation, signature)
    await refused('EnigmaNotPrincipal', d, seed, commit, 1, signature)
    await refused('EnigmaInvalidSignature', d, seed, commit, generation, signature.slice(0, -2))
    await refused('EnigmaInvalidSignature', d, seed, commit, generation, `0x${'00'.repeat(65)}`)
    const twin = await World.deploy()
    await twin.registerPrincipal()
    await refused('EnigmaNotPrincipal', ...twin.epochCall(0))
  })
})

async function recordDeploymentIn(world: World, epoch: number): Promise<void> {
  const user = world.users[0]!
  await world.fund(user, 10n ** 10n)
  await recordDeployment(world, user, { epoch })
}

/** A call with a seed of one's choice, signed by the principal or by somebody else. */
async function signedCall(world: World, d: number, seed: string, by?: string): Promise<unknown[]> {
  const [, , nextCommit, generation] = world.epochCall(d)
  const digest = await world.view('epochUpdateDigest', d, seed, nextCommit, generation)
  return [d, seed, nextCommit, generation, sign(digest, by === undefined ? world.principal : enclave(by))]
}
