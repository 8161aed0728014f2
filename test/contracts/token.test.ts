import { expect } from 'chai'
import { Signature, ZeroAddress, type Contract } from 'ethers'
import { deployContract } from '../../contracts/deploy/index.ts'
import { ethers, helpers, type TestSigner } from './support/chain.ts'
import { artifacts, send } from './support/world.ts'

describe('contracts/EnigmaToken', () => {
  async function fresh(): Promise<{ token: Contract; owner: TestSigner; other: TestSigner }> {
    const [owner, other] = (await ethers.getSigners()) as [TestSigner, TestSigner]
    return {
      token: await deployContract(owner, artifacts, 'contracts/EnigmaToken.sol', 'EnigmaToken', []),
      owner,
      other
    }
  }
  const read = (token: Contract, name: string, ...args: unknown[]): Promise<unknown> =>
    token.getFunction(name).staticCall(...args)

  it('is ENG with 8 decimals and gives all 150,000,000 to its deployer', async () => {
    const { token, owner } = await helpers.loadFixture(fresh)

    expect(await read(token, 'name')).to.equal('Enigma')
    expect(await read(token, 'symbol')).to.equal('ENG')
    expect(await read(token, 'decimals')).to.equal(8n)
    expect(await read(token, 'totalSupply')).to.equal(150_000_000n * 10n ** 8n)
    expect(await read(token, 'balanceOf', owner.address)).to.equal(150_000_000n * 10n ** 8n)
  })

  it('has no function that mints, burns or pauses', async () => {
    const { token } = await helpers.loadFixture(fresh)
    const names = token.interface.fragments.map(fragment => ('name' in fragment ? String(fragment.name) : ''))

    expect(names.filter(name => /mint|burn|pause|owner|upgrade/i.test(name))).to.deep.equal([])
  })

  it('takes an allowance by a signature, once', async () => {
    const { token, owner, other } = await helpers.loadFixture(fresh)
    const { deadline, signature } = await permit(token, owner, other.address, 5n)
    const args = [owner.address, other.address, 5n, deadline, signature.v, signature.r, signature.s]

    await send(token, other, 'permit', ...args)
    expect(await read(token, 'allowance', owner.address, other.address)).to.equal(5n)
    await expect(send(token, other, 'permit', ...args)).to.be.revertedWithCustomError(token, 'ERC2612InvalidSigner')
  })

  it('refuses a permit after its deadline, and transfers to nobody', async () => {
    const { token, owner, other } = await helpers.loadFixture(fresh)
    const late = await permit(token, owner, other.address, 5n, 1)
    const { v, r, s } = late.signature

    await expect(
      send(token, other, 'permit', owner.address, other.address, 5n, late.deadline, v, r, s)
    ).to.be.revertedWithCustomError(token, 'ERC2612ExpiredSignature')
    await expect(send(token, owner, 'transfer', ZeroAddress, 1n)).to.be.revertedWithCustomError(
      token,
      'ERC20InvalidReceiver'
    )
  })
})

async function permit(
  token: Contract,
  owner: TestSigner,
  spender: string,
  value: bigint,
  deadline = 2 ** 40
): Promise<{ deadline: number; signature: Signature }> {
  const { chainId } = await ethers.provider.getNetwork()
  const domain = { name: 'Enigma', version: '1', chainId, verifyingContract: await token.getAddress() }
  const type = ['owner address', 'spender address', 'value uint256', 'nonce uint256', 'deadline uint256']
  const Permit = type.map(field => ({ name: field.split(' ')[0]!, type: field.split(' ')[1]! }))
  const nonce: bigint = await token.getFunction('nonces').staticCall(owner.address)
  const message = { owner: owner.address, spender, value, nonce, deadline }
  return { deadline, signature: Signature.from(await owner.signTypedData(domain, { Permit }, message)) }
}
