/**
 * Deploys token, verifier and Enigma: `hardhat run scripts/deploy.ts --network NAME`, signed by the network's first account, which
 * then owns all ENG. Environment: MEASUREMENTS (hashes with commas between, as `npm run measure` prints), EPOCH_SIZE, PROOF_PERIOD, MIN_STAKE (ENG).
 */
import { network } from 'hardhat'
import { SIM_ROOT_INSECURE_ADDRESS } from '@enigma/protocol'
import { deployEnigma } from '../contracts/deploy/index.ts'
import { amountFrom, measurementsFrom, wholeFrom } from './staking/settings.ts'

const { ethers } = await network.getOrCreate()
const [deployer] = await ethers.getSigners()
if (deployer === undefined) throw new Error('The network has no account: give it a key in hardhat.config.ts.')
const { chainId } = await ethers.provider.getNetwork()
if (chainId === 1n) throw new Error('Enclaves are simulated in this version: it is not for the Ethereum mainnet.')

const { env } = process
const { enigma, token, verifier, gateway } = await deployEnigma(deployer, {
  simulationRoot: SIM_ROOT_INSECURE_ADDRESS,
  measurements: measurementsFrom(env),
  epochSize: wholeFrom(env, 'EPOCH_SIZE', 100),
  proofPeriod: wholeFrom(env, 'PROOF_PERIOD', 1_000),
  ...(env.MIN_STAKE === undefined ? {} : { minStake: amountFrom(env, 'MIN_STAKE') })
})
for (const [name, contract] of Object.entries({ enigma, token, verifier, gateway })) {
  console.log(`${name} ${await contract.getAddress()}`)
}
console.log('attestation mode: simulation. Enclaves of this network protect nothing against their own machines.')
