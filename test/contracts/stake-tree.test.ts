import { expect } from 'chai'
import { Interface, type Contract } from 'ethers'
import { StakeTree, ZERO_HASH, drawPoint, type Address, type Hash, type ScAddr, type StakeLeaf } from '@enigma/protocol'
import { deployContract } from '../../contracts/deploy/index.ts'
import { ethers, helpers, type TestSigner } from './support/chain.ts'
import { randomFrom, seedOfRun } from './support/random.ts'
import { label } from './support/tasks.ts'
import { artifacts, proofArg, type ProofArg } from './support/world.ts'

async function harness(): Promise<Contract> {
  const [owner] = (await ethers.getSigners()) as [TestSigner]
  return deployContract(owner, artifacts, 'contracts/test/ProtocolHarness.sol', 'ProtocolHarness', [])
}

const leafOf = (index: number, stake: bigint): StakeLeaf => ({
  index,
  operator: label(`operator ${index}`).slice(0, 42) as Address,
  signer: label(`signer ${index}`).slice(0, 42) as Address,
  stake
})

describe('contracts/StakeTree', () => {
  const read = (rules: Contract, name: string, ...args: unknown[]) => rules.getFunction(name).staticCall(...args)
  const write = (rules: Contract, name: string, ...args: unknown[]) => rules.getFunction(name)(...args)

  async function expectSame(rules: Contract, leaves: readonly StakeLeaf[]): Promise<void> {
    const { root } = new StakeTree(leaves)
    const [hash, total, count] = await read(rules, 'tree')
    expect({ hash, total, count: Number(count) }).to.deep.equal({
      hash: root.hash,
      total: root.sum,
      count: leaves.length
    })
  }

  it('is empty before the first leaf, and the leaf itself with one', async () => {
    const rules = await helpers.loadFixture(harness)
    expect(await read(rules, 'tree')).to.deep.equal([ZERO_HASH, 0n, 0n])

    const { index, operator, signer, stake } = leafOf(0, 5n)
    await write(rules, 'add', operator, signer, stake)
    expect(await read(rules, 'tree')).to.deep.equal([await read(rules, 'leaf', index, operator, signer, stake), 5n, 1n])
  })

  it('has the smallest depth that holds all leaves', async () => {
    const rules = await helpers.loadFixture(harness)
    const depths = [0, 1, 2, 3, 4, 5, 8, 9, 16, 17, 1024, 1025].map(count => read(rules, 'depthOf', count))

    expect(await Promise.all(depths)).to.deep.equal([0n, 0n, 1n, 2n, 2n, 3n, 3n, 4n, 4n, 5n, 10n, 11n])
  })

  const seed = seedOfRun()
  it(`equals a tree built at once, after random growth and changes (seed ${seed})`, async () => {
    const rules = await helpers.loadFixture(harness)
    const random = randomFrom(seed)
    const leaves: StakeLeaf[] = []
    for (let step = 0; step < 120; step++) {
      const grow = leaves.length === 0 || (leaves.length < 40 && random.chance(0.4))
      const leaf = leafOf(grow ? leaves.length : random.below(leaves.length), BigInt(random.below(1_000_000)))
      if (grow) await write(rules, 'add', leaf.operator, leaf.signer, leaf.stake)
      else await write(rules, 'set', leaf.index, leaf.operator, leaf.signer, leaf.stake)
      leaves[leaf.index] = leaf
      await expectSame(rules, leaves)
    }
  })

  it('gives a released leaf out again instead of growing', async () => {
    const rules = await helpers.loadFixture(harness)
    const leaves = [3n, 4n, 5n].map((stake, index) => leafOf(index, stake))
    for (const { operator, signer, stake } of leaves) await write(rules, 'add', operator, signer, stake)
    await write(rules, 'release', 1)
    const { operator, signer } = leafOf(7, 0n)
    await write(rules, 'add', operator, signer, 9n)

    leaves[1] = { index: 1, operator, signer, stake: 9n }
    await expectSame(rules, leaves)
  })

  it('climbs every honest path to the root, and gives the sum to the left', async () => {
    const rules = await helpers.loadFixture(harness)
    const leaves = Array.from({ length: 11 }, (_, index) => leafOf(index, BigInt(index % 3) * 7n))
    const tree = new StakeTree(leaves)
    let left = 0n
    for (const leaf of leaves) {
      const proof = tree.prove(leaf.index)
      const hash = await read(rules, 'leaf', leaf.index, leaf.operator, leaf.signer, leaf.stake)
      expect(await read(rules, 'climb', hash, proofArg(proof))).to.deep.equal([tree.root.hash, left])
      left += leaf.stake
    }
  })

  it('does not lead to the root from a changed path', async () => {
    const rules = await helpers.loadFixture(harness)
    const tree = new StakeTree(Array.from({ length: 6 }, (_, index) => leafOf(index, 100n)))
    const { leaf } = tree.prove(4)
    const hash = await read(rules, 'leaf', 4, leaf.operator, leaf.signer, leaf.stake)
    const honest = (): ProofArg => proofArg(tree.prove(4))

    for (const spoil of [
      (p: ProofArg) => (p.stake += 1n),
      (p: ProofArg) => (p.index = 5),
      (p: ProofArg) => (p.siblingSums[0] = 99n),
      (p: ProofArg) => (p.siblingSums[2] = 401n),
      (p: ProofArg) => (p.siblingHashes[1] = label('another') as Hash)
    ]) {
      const proof = honest()
      spoil(proof)
      expect((await read(rules, 'climb', hash, proof))[0]).to.not.equal(tree.root.hash)
    }
  })

  it('refuses a path whose lists differ, or whose index lies beyond it', async () => {
    const rules = await helpers.loadFixture(harness)
    const tree = new StakeTree([leafOf(0, 1n), leafOf(1, 2n)])
    const proof = proofArg(tree.prove(1))

    for (const bad of [
      { ...proof, siblingSums: [] },
      { ...proof, index: 2 },
      { ...proof, index: 3 },
      { ...proof, siblingHashes: Array(33).fill(ZERO_HASH), siblingSums: Array(33).fill(0n) }
    ]) {
      await expect(read(rules, 'climb', ZERO_HASH, bad)).to.be.revertedWithCustomError(
        rules,
        'EnigmaMalformedStakeProof'
      )
    }
  })

  it('does not take an inner node for a leaf: its left hash is no index', async () => {
    // Leaves and nodes are both hashes of four words. To pass a node off as a leaf, its left hash would have to be the index.
    const rules = await helpers.loadFixture(harness)
    const tree = new StakeTree([leafOf(0, 1n), leafOf(1, 2n)])
    const [left] = tree.prove(1).siblings
    const wide = new Interface(['function climb(bytes32, tuple(uint256, uint256, bytes32[], uint256[]))'])
    const data = wide.encodeFunctionData('climb', [tree.root.hash, [left!.hash, 2n, [], []]])
    const selector = rules.interface.getFunction('climb')!.selector

    // The first word must be an index of 32 bits, so this call does not even decode.
    const call = ethers.provider.call({ to: await rules.getAddress(), data: selector + data.slice(10) })
    await expect(call).to.be.revertedWithoutReason(ethers)
  })

  it('costs at most 14,000 gas for each doubling of the workers', async () => {
    const rules = await helpers.loadFixture(harness)
    const grow = async (from: number, to: number): Promise<number> => {
      for (let i = from; i < to; i++) await write(rules, 'add', leafOf(i, 5n).operator, leafOf(i, 5n).signer, 5n)
      const { operator, signer } = leafOf(1, 0n)
      const changed = await (await write(rules, 'set', 1, operator, signer, BigInt(to))).wait()
      return Number(changed.gasUsed)
    }
    const four = await grow(0, 4)
    const sixtyFour = await grow(4, 64)

    expect((sixtyFour - four) / 4).to.be.within(5_000, 14_000)
  })

  it('gives every seat exactly one holder, also where one worker`s grains end and the next one`s begin', async () => {
    const rules = await helpers.loadFixture(harness)
    const tree = new StakeTree([1n, 0n, 2n, 1n, 1n].map((stake, index) => leafOf(index, stake)))
    const { hash: root, sum: total } = tree.root
    for (let draw = 0; draw < 40; draw++) {
      const scAddr = label(`contract ${draw}`) as unknown as ScAddr
      const mix = label('mix')
      const epoch = { mix, root, total, startBlock: 1, generation: 0 }
      const holders: number[] = []
      for (let index = 0; index < 5; index++) {
        const { leaf, siblings } = tree.prove(index)
        const args = [epoch, leaf.operator, leaf.signer, scAddr, draw % 3, proofArg({ leaf, siblings })]
        const holds = await read(rules, 'requireHolder', ...args).then(
          () => true,
          () => false
        )
        if (holds) holders.push(index)
      }
      expect(holders).to.deep.equal([tree.leafAt(drawPoint(mix, scAddr, draw % 3, total)).index])
    }
  })

  it('draws each worker in proportion to its stake (chi-square over 10,000 draws, p > 0.001)', async () => {
    const rules = await helpers.loadFixture(harness)
    const tree = new StakeTree([1n, 2n, 3n, 0n, 4n].map((stake, index) => leafOf(index, stake * 1_000_000_007n)))
    const mix = label('mix')
    const counts = [0, 0, 0, 0, 0]
    const draws = 10_000
    for (let i = 0; i < draws; i++) {
      const scAddr = label(`contract ${i}`) as unknown as ScAddr
      const point = drawPoint(mix, scAddr, i % 3, tree.root.sum)
      counts[tree.leafAt(point).index]!++
      if (i % 1000 === 0) expect(await read(rules, 'seatPoint', mix, scAddr, i % 3, tree.root.sum)).to.equal(point)
    }

    expect(counts[3]).to.equal(0) // without stake, never
    const expected = [0.1, 0.2, 0.3, 0, 0.4].map(share => share * draws)
    const chi = expected.reduce((sum, e, i) => (e === 0 ? sum : sum + (counts[i]! - e) ** 2 / e), 0)
    expect(chi).to.be.below(16.27) // 3 degrees of freedom
  })
})
