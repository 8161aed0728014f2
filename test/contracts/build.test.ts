import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { ZeroAddress } from 'ethers'
import { ENG, deployContract, deployEnigmaWith, link } from '../../contracts/deploy/index.ts'
import { MEASUREMENT, MODE } from './support/enclaves.ts'
import { ethers, helpers, type TestSigner } from './support/chain.ts'
import { STAKE, artifacts, deployed } from './support/world.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** EIP-170. */
const MAX_CODE_BYTES = 24_576

describe('contracts: what is built and deployed', () => {
  it('protocol/src/abi holds the ABIs of the built contracts, and enigma-js the part it uses', async () => {
    const args = ['contracts/deploy/write-abi.ts', '--check']
    await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 30_000 })
  })

  const parts = [
    ['contracts/Enigma.sol', 'Enigma'],
    ['contracts/EnigmaToken.sol', 'EnigmaToken'],
    ['contracts/CallbackGateway.sol', 'CallbackGateway'],
    ['contracts/samples/VotingETH.sol', 'VotingETH'],
    ['contracts/libraries/Penalties.sol', 'Penalties'],
    ['contracts/libraries/Receipts.sol', 'Receipts'],
    ['contracts/libraries/Registrations.sol', 'Registrations'],
    ['contracts/libraries/TaskLedger.sol', 'TaskLedger'],
    ['contracts/libraries/WorkerLedger.sol', 'WorkerLedger'],
    ['contracts/attestation/SimulationVerifier.sol', 'SimulationVerifier']
  ] as const
  for (const [source, name] of parts) {
    it(`${name} fits into a block chain's limit of ${MAX_CODE_BYTES} bytes`, async () => {
      const { deployedBytecode } = await artifacts(source, name)
      expect((deployedBytecode.length - 2) / 2).to.be.within(1, MAX_CODE_BYTES)
    })
  }

  it('every error of the ABI is Enigma`s own or OpenZeppelin`s, and has a name of its own', async () => {
    const { abi } = await artifacts('contracts/interfaces/IEnigma.sol', 'IEnigma')
    const errors = abi.filter(({ type }) => type === 'error').map(({ name }) => name!)

    expect(errors.filter(name => !name.startsWith('Enigma'))).to.deep.equal([])
    expect(new Set(errors).size).to.equal(errors.length)
  })

  it('deployEnigma sets every parameter and gives the supply to the deployer', async () => {
    const world = await helpers.loadFixture(deployed)
    const read = (name: string): Promise<unknown> => world.view(name)

    expect(await read('token')).to.equal(await world.token.getAddress())
    expect(await read('verifier')).to.equal(await world.verifier.getAddress())
    expect(await read('owner')).to.equal(world.deployer.address)
    expect(await read('minStake')).to.equal(25_000n * ENG)
    expect([await read('epochSize'), await read('window'), await read('proofPeriod')]).to.deep.equal([10n, 7n, 30n])
    expect([await read('grace'), await read('taskPeriod'), await read('SEATS')]).to.deep.equal([5n, 21n, 3n])
    expect(await read('MAX_GAS')).to.equal(10n ** 9n)
    expect(await read('attestationMode')).to.equal(MODE)
    expect(await world.view('measurementAllowed', MEASUREMENT)).to.equal(true)
    expect(await world.token.getFunction('balanceOf').staticCall(world.deployer.address)).to.equal(150_000_000n * ENG)
  })

  it('refuses parameters that would not work', async () => {
    const { deployer, token, verifier, enigma } = await helpers.loadFixture(deployed)
    const good = {
      token: await token.getAddress(),
      verifier: await verifier.getAddress(),
      owner: deployer.address,
      minStake: STAKE,
      epochSize: 60,
      window: 7,
      proofPeriod: 30,
      minSvn: 0,
      measurements: [MEASUREMENT]
    }
    const refused = async (change: object, error: string, ...facts: unknown[]): Promise<void> => {
      const attempt = deployEnigmaWith(deployer, artifacts, { ...good, ...change })
      const check = expect(attempt, Object.keys(change).join()).to.be.revertedWithCustomError(enigma, error)
      await (facts.length === 0 ? check : check.withArgs(...facts))
    }

    await refused({ token: ZeroAddress }, 'EnigmaZeroValue', 'token')
    await refused({ verifier: deployer.address }, 'EnigmaZeroValue', 'verifier')
    await refused({ owner: ZeroAddress }, 'OwnableInvalidOwner')
    await refused({ minStake: 0n }, 'EnigmaZeroValue', 'minStake')
    await refused({ epochSize: 1 }, 'EnigmaInvalidParameter', 'epochSize', 1)
    await refused({ epochSize: 201 }, 'EnigmaInvalidParameter', 'epochSize', 201)
    await refused({ window: 0 }, 'EnigmaInvalidParameter', 'window', 0)
    await refused({ window: 101 }, 'EnigmaInvalidParameter', 'window', 101)
    await refused({ proofPeriod: 100_001 }, 'EnigmaInvalidParameter', 'proofPeriod', 100_001)
    await refused({ measurements: [`0x${'00'.repeat(32)}`] }, 'EnigmaZeroValue', 'measurement')
    await deployEnigmaWith(deployer, artifacts, { ...good, epochSize: 200, window: 100, proofPeriod: 100_000 })
    await deployEnigmaWith(deployer, artifacts, { ...good, epochSize: 2, window: 1, proofPeriod: 0, measurements: [] })
  })

  it('refuses a verifier that names no mode', async () => {
    const { deployer, token, enigma } = await helpers.loadFixture(deployed)
    const none = `0x${'00'.repeat(32)}`
    const source = 'contracts/test/FixedVerifier.sol'
    const verifier = await deployContract(deployer, artifacts, source, 'FixedVerifier', [none])

    await expect(
      deployEnigmaWith(deployer, artifacts, {
        token: await token.getAddress(),
        verifier: await verifier.getAddress(),
        owner: deployer.address,
        minStake: STAKE,
        epochSize: 60,
        window: 7,
        proofPeriod: 30,
        minSvn: 0,
        measurements: []
      })
    )
      .to.be.revertedWithCustomError(enigma, 'EnigmaZeroValue')
      .withArgs('mode')
  })

  it('says which library is missing when it links, and which artifact when it loads', async () => {
    const enigma = await artifacts('contracts/Enigma.sol', 'Enigma')

    expect(() => link(enigma, {})).to.throw(/Enigma needs the library \w+/)
    const missing = await artifacts('contracts/Enigma.sol', 'Nothing').catch((error: Error) => error.message)
    expect(missing).to.match(/Nothing is not built .*npm run build:contracts/)
  })

  it('leaves no placeholder in linked code', async () => {
    const enigma = await artifacts('contracts/Enigma.sol', 'Enigma')
    const [one] = (await ethers.getSigners()) as [TestSigner]
    const names = Object.values(enigma.linkReferences).flatMap(libraries => Object.keys(libraries))

    expect(link(enigma, Object.fromEntries(names.map(name => [name, one.address])))).to.match(/^0x[0-9a-f]+$/)
  })
})
