import { Contract, HDNodeWallet, JsonRpcProvider, NonceManager, type Wallet } from 'ethers'
import {
  SIM_ROOT_INSECURE_ADDRESS,
  TEE_SIM,
  ZERO_ADDRESS,
  ZERO_HASH,
  addressOfPrivateKey,
  asciiBytes32,
  enigmaAbi,
  epochSeedOf,
  keccak256,
  makeSimEvidence,
  reportDataOf,
  seedCommitOf,
  signDigest,
  taskIdOf,
  toHex,
  typedDigest,
  utf8,
  type Address,
  type Hash,
  type Key32,
  type Receipt,
  type TaskId
} from '@enigma/protocol'
import { ENG, deployEnigma } from '../../../contracts/deploy/index.ts'
import { commitReceiptData } from '../../src/chain/calls.ts'
import type { ChainReader, ChainTask } from '../../src/chain/reader.ts'
import type { DevChain } from './dev-chain.ts'

const mnemonic = 'test test test test test test test test test test test junk'
export const account = (index: number): HDNodeWallet =>
  HDNodeWallet.fromPhrase(mnemonic, undefined, `m/44'/60'/0'/0/${index}`)
const keyOf = (name: string): Uint8Array => Buffer.from(keccak256(utf8(name)).slice(2), 'hex')

/** Enigma on a development chain, with everything that enclaves would sign signed by keys of the test. */
export class DevNetwork {
  readonly chain: DevChain
  readonly provider: JsonRpcProvider
  readonly enigma: Address
  readonly token: Contract
  readonly #contract: Contract
  readonly #root = keyOf('root secret')
  readonly #measurement = keccak256(utf8('measurement'))
  readonly #principalKey = keyOf('principal')

  private constructor(chain: DevChain, provider: JsonRpcProvider, enigma: Address, token: Contract) {
    this.chain = chain
    this.provider = provider
    this.enigma = enigma
    this.token = token
    this.#contract = new Contract(enigma, enigmaAbi as never, provider)
  }

  static async deploy(chain: DevChain, epochSize = 10): Promise<DevNetwork> {
    const provider = new JsonRpcProvider(chain.url, undefined, { staticNetwork: true, cacheTimeout: -1 })
    const admin = new NonceManager(account(0).connect(provider))
    const { enigma, token } = await deployEnigma(admin, {
      simulationRoot: SIM_ROOT_INSECURE_ADDRESS,
      measurements: [keccak256(utf8('measurement'))],
      epochSize
    })
    const address = (await enigma.getAddress()).toLowerCase() as Address
    return new DevNetwork(chain, provider, address, token)
  }

  signerKey = (worker: number): Uint8Array => keyOf(`enclave ${worker}`)
  signer = (worker: number): Address => addressOfPrivateKey(this.signerKey(worker))

  as(wallet: Wallet | HDNodeWallet): Contract {
    return this.#contract.connect(wallet.connect(this.provider)) as Contract
  }
  get view(): Contract {
    return this.#contract
  }

  async send(wallet: HDNodeWallet, name: string, args: readonly unknown[]): Promise<number> {
    const tx = (await this.as(wallet).getFunction(name)(...args)) as { wait(): Promise<{ blockNumber: number }> }
    return (await tx.wait()).blockNumber
  }

  async #evidence(signer: Address, transportKey: Key32, operator: Address, nonce: number): Promise<string> {
    const block = (await this.provider.getBlock('latest'))!
    const report = {
      signer,
      transportKey,
      operator,
      chainId: 31337n,
      enigma: this.enigma,
      principalSigner: addressOfPrivateKey(this.#principalKey),
      nonce
    }
    const evidence = makeSimEvidence({
      tee: TEE_SIM,
      measurement: this.#measurement,
      svn: 1,
      debug: true,
      isolation: asciiBytes32('process-only'),
      issuedAt: block.timestamp,
      expiry: block.timestamp + 80 * 86_400,
      reportData: reportDataOf(report)
    })
    return toHex(evidence)
  }

  async registerPrincipal(): Promise<void> {
    const signer = addressOfPrivateKey(this.#principalKey)
    const transportKey = keccak256(utf8('principal transport')) as string as Key32
    const admin = account(0)
    const evidence = await this.#evidence(signer, transportKey, admin.address.toLowerCase() as Address, 0)
    await this.send(admin, 'registerPrincipal', [signer, transportKey, evidence])
  }

  async addWorker(worker: number, stake = 30_000n * ENG): Promise<void> {
    const operator = account(worker)
    const transportKey = keccak256(utf8(`transport ${worker}`)) as string as Key32
    const nonce = Number(await this.#contract.getFunction('registrationNonce')(operator.address))
    const operatorAddress = operator.address.toLowerCase() as Address
    const evidence = await this.#evidence(this.signer(worker), transportKey, operatorAddress, nonce)
    await this.send(operator, 'register', [operator.address, this.signer(worker), transportKey, evidence])
    await this.fund(operator, stake)
    await this.send(operator, 'deposit', [operator.address, stake])
    await this.send(operator, 'login', [])
  }

  /** ENG for an account, all of it at Enigma's disposal. */
  async fund(wallet: HDNodeWallet, amount: bigint): Promise<void> {
    const admin = this.token.connect(account(0).connect(this.provider)) as Contract
    await ((await admin.getFunction('transfer')(wallet.address, amount)) as { wait(): Promise<unknown> }).wait()
    const own = this.token.connect(wallet.connect(this.provider)) as Contract
    await ((await own.getFunction('approve')(this.enigma, amount)) as { wait(): Promise<unknown> }).wait()
  }

  async callEpoch(d: number): Promise<number> {
    const seed = epochSeedOf(this.#root, 31337n, this.enigma, d)
    const nextCommit = seedCommitOf(epochSeedOf(this.#root, 31337n, this.enigma, d + 1))
    const update = { d, seed: toHex(seed) as Hash, nextCommit, generation: 0 }
    const digest = typedDigest({ chainId: 31337n, enigma: this.enigma }, 'EpochUpdate', update)
    const signature = toHex(signDigest(digest, this.#principalKey))
    return this.send(account(10), 'setEpoch', [d, update.seed, nextCommit, 0, signature])
  }

  async recordDeployment(user: HDNodeWallet, code: string, input: string, epoch: number): Promise<TaskId> {
    const nonce = (await this.#contract.getFunction('taskNonce')(user.address)) as bigint
    const args = [keccak256(utf8(code)), keccak256(utf8(input)), 1_000_000, 1, epoch, nonce]
    await this.send(user, 'createDeploymentTaskRecord', args)
    return taskIdOf(user.address.toLowerCase() as Address, nonce)
  }

  async recordCall(user: HDNodeWallet, scAddr: string, input: string, epoch: number): Promise<TaskId> {
    const nonce = (await this.#contract.getFunction('taskNonce')(user.address)) as bigint
    await this.send(user, 'createTaskRecord', [scAddr, keccak256(utf8(input)), 1_000_000, 1, epoch])
    return taskIdOf(user.address.toLowerCase() as Address, nonce)
  }

  /** The receipt of a task, and the call that commits it from seat 0. */
  commit(
    reader: ChainReader,
    task: ChainTask,
    { delta = 'delta', ok = true }: { delta?: string | null; ok?: boolean } = {}
  ): { receipt: Receipt; data: `0x${string}` } {
    const { taskId, scAddr, kind, codeHash, inputHash, gasLimit, epoch, recordBlock, recordTime } = task
    const receipt: Receipt = {
      taskId,
      scAddr,
      kind,
      ok,
      reason: ok ? 0 : 6,
      codeHash,
      inputHash,
      gasLimit,
      epoch,
      recordBlock,
      recordTime,
      prevHead: reader.contract(scAddr)?.headHash ?? ZERO_HASH,
      deltaHash: ok && delta !== null ? keccak256(utf8(delta)) : ZERO_HASH,
      outputHash: keccak256(utf8('output')),
      gasUsed: 1_000n,
      callbackTarget: ZERO_ADDRESS,
      callbackDataHash: ZERO_HASH,
      callbackGas: 0
    }
    const leaf = reader.seats(task.epoch, scAddr)[0]!
    const worker = [1, 2, 3, 4, 5].find(one => this.signer(one) === leaf.signer)!
    const digest = typedDigest({ chainId: 31337n, enigma: this.enigma }, 'Receipt', receipt)
    const signature = signDigest(digest, this.signerKey(worker))
    const proof = reader.seatProof(task.epoch, scAddr, 0)!
    const item = { receipt, task, seat: 0, proof, signature, callbackData: new Uint8Array() }
    return { receipt, data: commitReceiptData(item) }
  }
}
