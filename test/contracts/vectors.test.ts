import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import type { Contract } from 'ethers'
import { SIM_ROOT_INSECURE_ADDRESS } from '@enigma/protocol'
import { deployContract } from '../../contracts/deploy/index.ts'
import { ethers, helpers, type TestSigner } from './support/chain.ts'
import { artifacts, deployed, proofArg } from './support/world.ts'

/** A file of protocol/vectors; the same files bind the TypeScript side. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each file has a shape of its own
const vectors = (name: string): any =>
  JSON.parse(readFileSync(new URL(`../../protocol/vectors/${name}.json`, import.meta.url), 'utf8'))

const digests = vectors('digests')
const typed = vectors('typed')
const draw = vectors('draw')
const evidence = vectors('evidence')

async function harness(): Promise<Contract> {
  const [owner] = (await ethers.getSigners()) as [TestSigner]
  return deployContract(owner, artifacts, 'contracts/test/ProtocolHarness.sol', 'ProtocolHarness', [])
}

/** The real Enigma's code, put at the address that the vectors were made for. */
async function enigmaOfVectors(): Promise<Contract> {
  const { enigma } = await deployed()
  const at: string = typed.domain.verifyingContract
  await helpers.setCode(at, await ethers.provider.getCode(await enigma.getAddress()))
  return enigma.attach(at) as Contract
}

const call = (contract: Contract, name: string, ...args: unknown[]) => contract.getFunction(name).staticCall(...args)

describe('contracts: agreement with protocol/vectors', () => {
  it('are made for the chain of these tests', async () => {
    expect((await ethers.provider.getNetwork()).chainId).to.equal(BigInt(typed.domain.chainId))
  })

  it('task id, slot 1, head, mix and commitment', async () => {
    const rules = await helpers.loadFixture(harness)
    const { taskId, terms, head, mix, seed } = digests

    expect(await call(rules, 'taskId', taskId.sender, taskId.nonce)).to.equal(taskId.taskId)
    expect(await call(rules, 'record', terms)).to.equal(terms.hash)
    expect(await call(rules, 'head', head.prevHead, head.deltaHash)).to.equal(head.head)
    expect(await call(rules, 'mix', mix.seed, mix.blockHash)).to.equal(mix.mix)
    expect(await call(rules, 'commitOf', seed.seed)).to.equal(seed.commit)
  })

  it('report data', async () => {
    const enigma = await helpers.loadFixture(enigmaOfVectors)
    const { signer, transportKey, operator, principalSigner, nonce, reportData } = digests.report

    expect(await call(enigma, 'reportData', signer, transportKey, operator, principalSigner, nonce)).to.equal(
      reportData
    )
  })

  it('digest of an epoch update', async () => {
    const enigma = await helpers.loadFixture(enigmaOfVectors)
    const { value, digest } = messageOf('EpochUpdate')
    const { d, seed, nextCommit, generation } = value

    expect(await call(enigma, 'epochUpdateDigest', d, seed, nextCommit, generation)).to.equal(digest)
  })

  it('digest of an acceptance', async () => {
    const enigma = await helpers.loadFixture(enigmaOfVectors)
    const { value, digest } = messageOf('TaskAccepted')

    expect(await call(enigma, 'taskAcceptedDigest', value.taskId, value.inputHash, value.recordBlock)).to.equal(digest)
  })

  it('digest of a receipt', async () => {
    const enigma = await helpers.loadFixture(enigmaOfVectors)
    const { value, digest } = messageOf('Receipt')

    expect(await call(enigma, 'receiptDigest', value)).to.equal(digest)
  })

  it('simulated evidence', async () => {
    const [owner] = (await ethers.getSigners()) as [TestSigner]
    const source = 'contracts/attestation/SimulationVerifier.sol'
    const verifier = await deployContract(owner, artifacts, source, 'SimulationVerifier', [SIM_ROOT_INSECURE_ADDRESS])
    const said = await call(verifier, 'verify', evidence.evidence)

    expect(said.reportData).to.equal(evidence.reportData)
    expect(said.measurement).to.equal(evidence.measurement)
    expect([said.svn, said.issuedAt, said.expiry].map(Number)).to.deep.equal([
      evidence.svn,
      evidence.issuedAt,
      evidence.expiry
    ])
  })

  it('nodes of the stake tree', async () => {
    const rules = await helpers.loadFixture(harness)

    for (const { left, right, parent } of draw.nodes) {
      if (BigInt(left.hash) === 0n && BigInt(right.hash) === 0n) continue // empty: no path ever hashes it
      expect(await call(rules, 'node', left.hash, left.sum, right.hash, right.sum)).to.equal(parent.hash)
    }
  })

  for (const tree of draw.trees) {
    it(`tree and draws of ${tree.count} leaves`, async () => {
      const rules = await helpers.loadFixture(harness)
      for (const [i, { index, operator, signer, stake }] of tree.leaves.entries()) {
        expect(await call(rules, 'leaf', index, operator, signer, stake)).to.equal(tree.leafHashes[i])
        await (await rules.getFunction('add')(operator, signer, stake)).wait()
      }
      const [root, total, count] = await call(rules, 'tree')
      expect([root, String(total), Number(count)]).to.deep.equal([tree.root.hash, tree.root.sum, tree.count])

      for (const { scAddr, seats } of tree.contracts) {
        for (const { k, point, index, path } of seats) {
          const found = await call(rules, 'seatPoint', tree.mix, scAddr, k, tree.root.sum)
          expect(String(found)).to.equal(point)
          const leaf = tree.leaves[index]
          const [top, first] = await call(rules, 'climb', tree.leafHashes[index], proofArg({ leaf, siblings: path }))
          expect(top).to.equal(tree.root.hash)
          expect(first <= found && found < first + BigInt(leaf.stake)).to.equal(true)
        }
      }
    })
  }
})

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
function messageOf(name: string): any {
  return typed.messages.find((message: { name: string }) => message.name === name)
}
