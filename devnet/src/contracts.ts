import { Contract, type ContractRunner, type JsonRpcProvider, type TransactionResponse } from 'ethers'
import { SIM_ROOT_INSECURE_ADDRESS, type AttestedJson } from '@enigma/protocol'
import { deployEnigma, ENG } from '../../contracts/deploy/deploy.ts'
import { roles } from './accounts.ts'
import { DevnetError } from './errors.ts'
import { included, signerOf } from './transactions.ts'

/** Where a devnet's contracts are. */
export interface DevnetContracts {
  readonly enigma: string
  readonly token: string
}

export interface ContractParams {
  /** Blocks of an epoch. */
  readonly epochSize: number
  /** Hash of the enclave code that may register. */
  readonly measurement: string
}

/** The few functions that the set-up calls. */
const enigmaAbi = [
  'function principal() view returns (tuple(address signer, bytes32 transportKey, bytes32 measurement))',
  'function registerPrincipal(address signer, bytes32 transportKey, bytes evidence)',
  'function worker(address operator) view returns (tuple(address staking, uint8 status, uint40 logoutBlock, uint32 leafPlusOne, address signer, uint64 attestationExpiry, uint32 nonce, bytes32 transportKey, bytes32 measurement, uint128 stake, uint128 credit))',
  'function deposit(address operator, uint256 amount)',
  'function currentEpoch() view returns (uint64)',
  'function measurementAllowed(bytes32 measurement) view returns (bool)',
  'function allowMeasurement(bytes32 measurement)'
]
const tokenAbi = [
  'function transfer(address to, uint256 amount) returns (bool)',
  'function approve(address spender, uint256 amount) returns (bool)'
]

/** Every worker stakes the same, four times the minimum. */
const stake = 100_000n * ENG
const pocketMoney = 1_000_000n * ENG

/** Deploys token, verifier and Enigma, then gives every user and staking account ENG. Needs automine. */
export async function deployContracts(provider: JsonRpcProvider, params: ContractParams): Promise<DevnetContracts> {
  const admin = signerOf(roles.admin(), provider)
  const { enigma, token } = await deployEnigma(admin, {
    simulationRoot: SIM_ROOT_INSECURE_ADDRESS,
    measurements: [params.measurement],
    epochSize: params.epochSize
  })
  const holders = [...roles.users(), ...Array.from({ length: 9 }, (_, i) => roles.staking(i + 1))]
  const tokenAddress = await token.getAddress()
  let nonce = await admin.getNonce('pending')
  for (const { address } of holders) {
    await send(tokenAddress, tokenAbi, admin, 'transfer', [address, pocketMoney, { nonce: nonce++ }])
  }
  return { enigma: await enigma.getAddress(), token: tokenAddress }
}

/** Lets enclaves with this code register, if they may not yet: a continued network may have been built anew. */
export async function allowMeasurement(
  provider: JsonRpcProvider,
  { enigma }: DevnetContracts,
  measurement: string
): Promise<void> {
  if ((await view(enigma, provider, 'measurementAllowed', [measurement])) === true) return
  await send(enigma, enigmaAbi, signerOf(roles.admin(), provider), 'allowMeasurement', [measurement])
}

/** Makes the principal known to the contract, once. A principal other than the registered one cannot be taken instead. */
export async function registerPrincipal(
  provider: JsonRpcProvider,
  { enigma }: DevnetContracts,
  { report, evidence }: AttestedJson
): Promise<void> {
  const registered = (await view(enigma, provider, 'principal')) as { signer: string }
  if (BigInt(registered.signer) === 0n) {
    const admin = signerOf(roles.admin(), provider)
    await send(enigma, enigmaAbi, admin, 'registerPrincipal', [report.signer, report.transportKey, evidence])
  } else if (registered.signer.toLowerCase() !== report.signer.toLowerCase()) {
    const method = 'registerPrincipal'
    throw new DevnetError(
      { code: 'DEVNET_CHAIN', method },
      'The chain knows another principal than the one that runs.',
      {
        hint: 'Its sealed root secret was lost or replaced. Start without -k for a fresh network.'
      }
    )
  }
}

/** Status of an operator: 0 unregistered, 1 logged out, 2 logged in; and its stake in grains. */
export async function workerOnChain(
  provider: JsonRpcProvider,
  { enigma }: DevnetContracts,
  operator: string
): Promise<{ status: number; stake: bigint }> {
  const found = (await view(enigma, provider, 'worker', [operator])) as { status: bigint; stake: bigint }
  return { status: Number(found.status), stake: found.stake }
}

/** Stakes for worker i from its staking account, unless it did so before. Needs automine. */
export async function depositStake(
  provider: JsonRpcProvider,
  contracts: DevnetContracts,
  worker: number
): Promise<void> {
  const operator = roles.operator(worker).address
  if ((await workerOnChain(provider, contracts, operator)).stake > 0n) return
  const staking = signerOf(roles.staking(worker), provider)
  await send(contracts.token, tokenAbi, staking, 'approve', [contracts.enigma, stake])
  await send(contracts.enigma, enigmaAbi, staking, 'deposit', [operator, stake])
}

export async function currentEpoch(provider: JsonRpcProvider, { enigma }: DevnetContracts): Promise<number> {
  return Number(await view(enigma, provider, 'currentEpoch'))
}

async function view(
  address: string,
  provider: JsonRpcProvider,
  method: string,
  args: readonly unknown[] = []
): Promise<unknown> {
  return new Contract(address, enigmaAbi, provider).getFunction(method).staticCall(...args)
}

async function send(
  address: string,
  abi: readonly string[],
  runner: ContractRunner,
  method: string,
  args: readonly unknown[]
): Promise<void> {
  const contract = new Contract(address, [...abi], runner)
  await included(contract.getFunction(method)(...args) as Promise<TransactionResponse>, `calls ${method}`)
}
