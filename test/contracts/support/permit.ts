import { Signature } from 'ethers'
import type { TestSigner } from './chain.ts'
import type { World } from './world.ts'

const fields = ['owner address', 'spender address', 'value uint256', 'nonce uint256', 'deadline uint256']
const Permit = fields.map(field => ({ name: field.split(' ')[0]!, type: field.split(' ')[1]! }))

/** An EIP-2612 permit of `owner` that lets Enigma take `value` grains. */
export async function permitOf(
  world: World,
  owner: TestSigner,
  value: bigint
): Promise<{ deadline: number; v: number; r: string; s: string }> {
  const verifyingContract = await world.token.getAddress()
  const nonce: bigint = await world.token.getFunction('nonces').staticCall(owner.address)
  const deadline = 2 ** 40
  const signed = await owner.signTypedData(
    { name: 'Enigma', version: '1', chainId: world.chainId, verifyingContract },
    { Permit },
    { owner: owner.address, spender: world.address, value, nonce, deadline }
  )
  const { v, r, s } = Signature.from(signed)
  return { deadline, v, r, s }
}
