import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  claim,
  compound,
  deposit,
  login,
  logout,
  register,
  status,
  unregister,
  withdraw
} from '../../scripts/staking/actions.ts'
import type { Staking } from '../../scripts/staking/connection.ts'
import { ethers, helpers, mineUpTo } from './support/chain.ts'
import { commit, recordDeployment } from './support/tasks.ts'
import { STAKE, send, withPrincipal, type World } from './support/world.ts'

/** What a script is given: the world's contracts, every account of the network, and its environment variables. */
async function script(world: World, env: Record<string, string>): Promise<Staking & { readonly printed: string[] }> {
  const printed: string[] = []
  const { enigma, token } = world
  return { enigma, token, accounts: await ethers.getSigners(), env, printed, print: line => void printed.push(line) }
}

describe('scripts/staking', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'enigma-staking-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  async function registrationOf(world: World): Promise<string> {
    const { operator, staking, enclave } = world.actors[0]!
    const path = join(folder, 'registration.json')
    const evidence = await world.evidence(enclave, operator.address, 0)
    const { signer, transportKey } = enclave
    const file = { operator: operator.address, staking: staking.address, signer, transportKey, evidence }
    writeFileSync(path, JSON.stringify(file))
    return path
  }

  it('take a worker from its registration to its last grain back', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const { operator, staking } = world.actors[0]!
    const OPERATOR = operator.address
    const STAKING = staking.address
    const worker = () => world.view('worker', OPERATOR)

    await register(await script(world, { REGISTRATION: await registrationOf(world) }))
    expect((await worker()).staking).to.equal(STAKING)
    await send(world.token, world.deployer, 'transfer', STAKING, STAKE)
    await deposit(await script(world, { OPERATOR, STAKING, AMOUNT: '25000' }))
    expect((await worker()).stake).to.equal(STAKE)
    expect(await world.token.getFunction('allowance').staticCall(STAKING, world.address)).to.equal(0n)
    await login(await script(world, { OPERATOR }))

    const user = world.users[0]!
    await world.fund(user, 1_000_000n)
    await world.callEpoch()
    await world.callEpoch()
    await commit(world, await recordDeployment(world, user))
    await compound(await script(world, { OPERATOR, STAKING }))
    expect((await worker()).stake).to.equal(STAKE + 6_000n)
    await commit(world, await recordDeployment(world, user))
    await claim(await script(world, { OPERATOR, STAKING }))
    expect(await world.token.getFunction('balanceOf').staticCall(STAKING)).to.equal(6_000n)

    await logout(await script(world, { OPERATOR, STAKING })) // by the staking address
    const asked = await script(world, { OPERATOR })
    await status(asked)
    expect(asked.printed[0]).to.equal(`operator ${OPERATOR}: logged out`)
    const free = (await worker()).logoutBlock + (await world.view('unbondingPeriod'))
    expect(asked.printed.at(-1)).to.equal(`the stake can be withdrawn after block ${free}`)
    await expect(script(world, { OPERATOR, STAKING, AMOUNT: '1' }).then(withdraw)).to.be.revertedWithCustomError(
      world.enigma,
      'EnigmaUnbonding'
    )
    await mineUpTo(Number(free) + 2)
    await withdraw(await script(world, { OPERATOR, STAKING, AMOUNT: '25000.00006' }))
    await unregister(await script(world, { OPERATOR }))
    expect((await worker()).status).to.equal(0n)
  })

  it('say what is missing before anything is sent', async () => {
    const world = await helpers.loadFixture(withPrincipal)
    const OPERATOR = world.actors[0]!.operator.address
    const refusal = async (action: (staking: Staking) => Promise<void>, env: Record<string, string>): Promise<string> =>
      action(await script(world, env)).then(
        () => 'not refused',
        (error: Error) => error.message
      )
    const before = await ethers.provider.getBlockNumber()
    expect(await refusal(deposit, { OPERATOR })).to.equal('Set AMOUNT to an amount of ENG.')
    expect(await refusal(deposit, { OPERATOR, AMOUNT: '1.123456789' })).to.contain('at most 8 digits')
    expect(await refusal(deposit, { OPERATOR, AMOUNT: '0' })).to.contain('more than nothing')
    expect(await refusal(withdraw, { AMOUNT: '1' })).to.equal('Set OPERATOR to an address.')
    expect(await refusal(claim, { OPERATOR, STAKING: `0x${'77'.repeat(20)}` })).to.contain('has no key for STAKING')
    expect(await refusal(register, {})).to.contain('registration.json')
    const path = join(folder, 'other.json')
    writeFileSync(path, '{"operator":"0x12"}')
    expect(await refusal(register, { REGISTRATION: path })).to.contain('has no staking')
    expect(await ethers.provider.getBlockNumber()).to.equal(before)
  })
})
