import { Contract, ContractFactory, JsonRpcApiProvider } from 'ethers'
import type { BaseContract, Signer } from 'ethers'
import { artifactsIn, link } from './artifacts.ts'
import type { LoadArtifact } from './artifacts.ts'

/** What is fixed when a network's contracts are deployed. Everything but the two first has a default. */
export interface DeployParams {
  /** Address of the published, insecure key that signs simulated evidence. */
  readonly simulationRoot: string
  /** Hashes of the enclave code that may register, 32 bytes each. */
  readonly measurements: readonly string[]
  /** Registers the principal and keeps the list of measurements. Default: the deployer. */
  readonly owner?: string
  /** Grains. Default 25,000 ENG. */
  readonly minStake?: bigint
  /** Blocks, 2 to 200. Default 60, the devnet's. */
  readonly epochSize?: number
  /** Blocks a seat has before the next one opens (W). Default 7. */
  readonly window?: number
  /** Blocks in which a broken promise can be proven. Default 30, the devnet's; 1,000 on a public network. */
  readonly proofPeriod?: number
  /** Lowest security version of an enclave. Default 0. */
  readonly minSvn?: number
}

/** The deployed contracts, connected to the deployer. */
export interface Deployed {
  readonly token: Contract
  readonly verifier: Contract
  readonly enigma: Contract
  /** Where callbacks of secret contracts come from; Enigma made it. */
  readonly gateway: Contract
}

/** 1 ENG in grains. */
export const ENG = 10n ** 8n

/** In the order of their deployment: a later one may be linked to those before it. */
const LIBRARIES = ['WorkerLedger', 'Registrations', 'TaskLedger', 'Receipts', 'Penalties'] as const

/**
 * Deploys the token, the verifier of simulated evidence, and Enigma with its libraries, one transaction after the other.
 * The deployer owns the whole supply of ENG afterwards. Needs a chain with the rules of Cancun or later.
 */
export async function deployEnigma(
  signer: Signer,
  params: DeployParams,
  loadArtifact: LoadArtifact = artifactsIn()
): Promise<Deployed> {
  const token = await deployContract(signer, loadArtifact, 'contracts/EnigmaToken.sol', 'EnigmaToken', [])
  const verifierSource = 'contracts/attestation/SimulationVerifier.sol'
  const verifier = await deployContract(signer, loadArtifact, verifierSource, 'SimulationVerifier', [
    params.simulationRoot
  ])
  const enigma = await deployEnigmaWith(signer, loadArtifact, {
    token: await token.getAddress(),
    verifier: await verifier.getAddress(),
    owner: params.owner ?? (await signer.getAddress()),
    minStake: params.minStake ?? 25_000n * ENG,
    epochSize: params.epochSize ?? 60,
    window: params.window ?? 7,
    proofPeriod: params.proofPeriod ?? 30,
    minSvn: params.minSvn ?? 0,
    measurements: params.measurements
  })
  const gatewayAbi = (await loadArtifact('contracts/CallbackGateway.sol', 'CallbackGateway')).abi
  const gateway = new Contract(await enigma.getFunction('gateway').staticCall(), [...gatewayAbi], signer)
  return { token, verifier, enigma, gateway }
}

/** Deploys Enigma alone, with its libraries, on a token and a verifier that exist. */
export async function deployEnigmaWith(
  signer: Signer,
  loadArtifact: LoadArtifact,
  constructorParams: Readonly<Record<string, unknown>>
): Promise<Contract> {
  const addresses: Record<string, string> = {}
  for (const name of LIBRARIES) {
    const library = await deployContract(signer, loadArtifact, `contracts/libraries/${name}.sol`, name, [], addresses)
    addresses[name] = await library.getAddress()
  }
  return deployContract(signer, loadArtifact, 'contracts/Enigma.sol', 'Enigma', [constructorParams], addresses)
}

/** Deploys one contract and waits for its inclusion. */
export async function deployContract(
  signer: Signer,
  loadArtifact: LoadArtifact,
  source: string,
  name: string,
  args: readonly unknown[],
  libraries: Readonly<Record<string, string>> = {}
): Promise<Contract> {
  const artifact = await loadArtifact(source, name)
  const factory = new ContractFactory([...artifact.abi], link(artifact, libraries), signer)
  const contract: BaseContract = await factory.deploy(...args, { nonce: await freshNonce(signer) })
  await contract.waitForDeployment()
  return new Contract(await contract.getAddress(), [...artifact.abi], signer)
}

/** The account's next nonce. ethers answers the same question within 250 ms from a cache, too slow for a chain that mines at once. */
async function freshNonce(signer: Signer): Promise<number> {
  const { provider } = signer
  if (!(provider instanceof JsonRpcApiProvider)) return signer.getNonce('pending')
  return Number(await provider.send('eth_getTransactionCount', [await signer.getAddress(), 'pending']))
}
