import { expect } from 'chai'
import { compileContract, type CompiledContract } from '@enigma/secret-contracts'
import { createTestNetwork, type TaskFailedError, type TestNetwork } from '@enigma/testing'

describe('secret-max', function () {
  this.timeout(60_000) // compiling takes a few seconds
  let compiled: CompiledContract
  let enigma: TestNetwork

  before(async () => {
    compiled = await compileContract('contracts/secret-max.ts', 'build')
    enigma = await createTestNetwork()
  })
  after(() => enigma.stop())

  it('shows who bid most, and never how much', async () => {
    const contract = await enigma.deploy(compiled)
    const [alice, bob] = [enigma.account(1), enigma.account(2)]
    await contract.call.bid(1_000_000n, { from: alice })
    await contract.call.bid(2_500_000n, { from: bob })
    await contract.call.bid(3n, { from: alice })

    expect(await contract.query.leader()).to.equal(bob.address)
  })

  it('says why it refuses', async () => {
    const contract = await enigma.deploy(compiled)
    const error = await contract.call.bid(0n).catch((thrown: TaskFailedError) => thrown)

    expect(error.facts).to.include({ reasonName: 'revert', readable: 'bid more than nothing' })
  })
})
