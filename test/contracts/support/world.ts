import { Contract, type ContractTransactionReceipt, type ContractTransactionResponse } from 'ethers'
import {
  SIM_ROOT_INSECURE_ADDRESS,
  StakeTree,
  address,
  epochSeedOf,
  reportDataOf,
  seedCommitOf,
  toHex,
  typedDigest,
  utf8,
  type Address,
  type Hash,
  type ScAddr,
  type SeatProof,
  type SimEvidence,
  type StakeLeaf
} from '@enigma/protocol'
import {
  ENG,
  artifactsIn,
  deployContract,
  deployEnigma,
  deployEnigmaWith,
  type Deployed
} from '../../../contracts/deploy/index.ts'
import { MEASUREMENT, enclave, evidenceFor, sign, type Enclave } from './enclaves.ts'
import { blockNumber, ethers, helpers, mineUpTo, type TestSigner } from './chain.ts'

export const STAKE = 25_000n * ENG
export const artifacts = artifactsIn()

/** Gas enough for every call, so that no transaction costs an extra estimate. */
const OVERRIDES = { gasLimit: 8_000_000 }

/** One operator with its staking address and enclave. */
export interface Actor {
  readonly operator: TestSigner
  readonly staking: TestSigner
  readonly enclave: Enclave
}

/** Constructor parameters of every Enigma of these tests: epochs of 10 blocks, windows of 7. */
const PARAMS = { epochSize: 10, window: 7, proofPeriod: 30, minSvn: 0, measurements: [MEASUREMENT] }

const ROOT = utf8('root secret of the test principal')

/** A freshly deployed network. It keeps nothing of the chain in memory, so a snapshot can be restored under it. */
export class World {
  readonly deployer: TestSigner
  /** An account with neither role nor money in Enigma. */
  readonly stranger: TestSigner
  readonly users: readonly TestSigner[]
  readonly actors: readonly Actor[]
  readonly principal: Enclave = enclave('principal')
  readonly token: Contract
  readonly verifier: Contract
  readonly enigma: Contract
  readonly gateway: Contract
  readonly address: Address
  readonly chainId: bigint

  private constructor(signers: readonly TestSigner[], parts: Deployed, at: string, chainId: bigint) {
    const [deployer, stranger, ...rest] = signers as [TestSigner, TestSigner, ...TestSigner[]]
    this.deployer = deployer
    this.stranger = stranger
    this.users = rest.slice(0, 3)
    const pairs = rest.slice(3)
    this.actors = Array.from({ length: Math.floor(pairs.length / 2) }, (_, i) => ({
      operator: pairs[2 * i]!,
      staking: pairs[2 * i + 1]!,
      enclave: enclave(`worker ${i}`)
    }))
    this.token = parts.token
    this.verifier = parts.verifier
    this.enigma = parts.enigma
    this.gateway = parts.gateway
    this.address = address(at)
    this.chainId = chainId
  }

  static async deploy(): Promise<World> {
    const signers = await ethers.getSigners()
    const parts = await deployEnigma(signers[0]!, { simulationRoot: SIM_ROOT_INSECURE_ADDRESS, ...PARAMS }, artifacts)
    return World.#of(signers, parts)
  }

  /** A network on another token than ENG. */
  static async deployOn(token: Contract): Promise<World> {
    const signers = await ethers.getSigners()
    const source = 'contracts/attestation/SimulationVerifier.sol'
    const verifier = await deployContract(signers[0]!, artifacts, source, 'SimulationVerifier', [
      SIM_ROOT_INSECURE_ADDRESS
    ])
    const enigma = await deployEnigmaWith(signers[0]!, artifacts, {
      ...PARAMS,
      token: await token.getAddress(),
      verifier: await verifier.getAddress(),
      owner: signers[0]!.address,
      minStake: STAKE
    })
    const { abi } = await artifacts('contracts/CallbackGateway.sol', 'CallbackGateway')
    const gateway = new Contract(await enigma.getFunction('gateway').staticCall(), [...abi], signers[0]!)
    return World.#of(signers, { token, verifier, enigma, gateway })
  }

  static async #of(signers: readonly TestSigner[], parts: Deployed): Promise<World> {
    const { chainId } = await ethers.provider.getNetwork()
    return new World(signers, parts, await parts.enigma.getAddress(), chainId)
  }

  get domain(): { chainId: bigint; enigma: Address } {
    return { chainId: this.chainId, enigma: this.address }
  }

  /** Sends a transaction to Enigma; rejects if it reverts. */
  tx(from: TestSigner, name: string, ...args: unknown[]): Promise<ContractTransactionResponse> {
    return send(this.enigma, from, name, ...args)
  }

  /** Sends a transaction to Enigma and waits for its receipt. */
  async done(from: TestSigner, name: string, ...args: unknown[]): Promise<ContractTransactionReceipt> {
    return (await (await this.tx(from, name, ...args)).wait())!
  }

  /** Reads from Enigma. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the ABI decides
  view(name: string, ...args: unknown[]): Promise<any> {
    return this.enigma.getFunction(name).staticCall(...args)
  }

  // ------------------------------------------------------------------ workers

  /** Evidence that binds an enclave as the contract asks for it, made now. */
  async evidence(
    enclave: Enclave,
    operator: string,
    nonce: number,
    changes: Partial<SimEvidence> = {}
  ): Promise<string> {
    const report = reportDataOf({
      signer: enclave.signer,
      transportKey: enclave.transportKey,
      operator: address(operator),
      chainId: this.chainId,
      enigma: this.address,
      principalSigner: this.principal.signer,
      nonce
    })
    return evidenceFor(report, await helpers.time.latest(), changes)
  }

  async registerPrincipal(): Promise<ContractTransactionReceipt> {
    const { signer, transportKey } = this.principal
    const evidence = await this.evidence(this.principal, this.deployer.address, 0)
    return this.done(this.deployer, 'registerPrincipal', signer, transportKey, evidence)
  }

  async register(actor: Actor, changes: Partial<SimEvidence> = {}): Promise<ContractTransactionResponse> {
    const { operator, staking, enclave } = actor
    const nonce = Number(await this.view('registrationNonce', operator.address))
    const evidence = await this.evidence(enclave, operator.address, nonce, changes)
    return this.tx(operator, 'register', staking.address, enclave.signer, enclave.transportKey, evidence)
  }

  /** Gives an account ENG and lets Enigma take it. */
  async fund(account: TestSigner, amount: bigint): Promise<void> {
    await send(this.token, this.deployer, 'transfer', account.address, amount)
    await send(this.token, account, 'approve', this.address, amount)
  }

  async deposit(actor: Actor, amount: bigint): Promise<void> {
    await this.fund(actor.staking, amount)
    await this.tx(actor.staking, 'deposit', actor.operator.address, amount)
  }

  /** Registers, pays the stake and logs in. */
  async join(actor: Actor, stake: bigint = STAKE): Promise<void> {
    await this.register(actor)
    await this.deposit(actor, stake)
    await this.tx(actor.operator, 'login')
  }

  actorOf(operator: string): Actor {
    const actor = this.actors.find(one => one.operator.address.toLowerCase() === operator.toLowerCase())
    if (actor === undefined) throw new Error(`No actor operates as ${operator}.`)
    return actor
  }

  // ------------------------------------------------------------------ epochs

  /** The arguments of setEpoch number d, as the principal makes them. */
  epochCall(d: number, generation = 0): [number, string, string, number, string] {
    const seedOf = (call: number): Uint8Array => epochSeedOf(ROOT, this.chainId, this.address, call)
    const seed = toHex(seedOf(d)) as Hash
    const nextCommit = seedCommitOf(seedOf(d + 1))
    const digest = typedDigest(this.domain, 'EpochUpdate', { d, seed, nextCommit, generation })
    return [d, seed, nextCommit, generation, sign(digest, this.principal)]
  }

  /** Mines up to the earliest block of the next call and sends it. */
  async callEpoch(generation?: number): Promise<ContractTransactionReceipt> {
    const { nextCall, generation: current } = await this.view('epochState')
    const notBefore = Number(await this.view('nextEpochBlock'))
    if (notBefore > (await blockNumber()) + 1) await mineUpTo(notBefore)
    return this.done(this.stranger, 'setEpoch', ...this.epochCall(Number(nextCall), generation ?? Number(current)))
  }

  async currentEpoch(): Promise<number> {
    return Number(await this.view('currentEpoch'))
  }

  /** All leaves as the events up to (block, log) tell. */
  async leaves(
    upTo: { block: number; log: number } = { block: Number.MAX_SAFE_INTEGER, log: 0 }
  ): Promise<StakeLeaf[]> {
    const leaves: StakeLeaf[] = []
    for (const { blockNumber, index: log, args } of await this.events('StakeLeafUpdated')) {
      if (blockNumber > upTo.block || (blockNumber === upTo.block && log > upTo.log)) break
      const index = Number(args.index)
      leaves[index] = { index, operator: address(args.operator), signer: address(args.signer), stake: args.stake }
    }
    return leaves
  }

  /** The stake tree that an epoch draws from, rebuilt from events alone. */
  async treeOf(epoch: number): Promise<StakeTree> {
    return new StakeTree(await this.leavesOf(epoch))
  }

  /** The leaves at the call before the epoch's own. */
  async leavesOf(epoch: number): Promise<StakeLeaf[]> {
    const started = (await this.events('EpochStarted')).find(({ args }) => Number(args.epoch) === epoch)
    if (started === undefined) throw new Error(`Epoch ${epoch} has not begun.`)
    const before = (await this.events('EpochCalled')).find(({ args }) => args.d === started.args.d - 1n)!
    return this.leaves({ block: before.blockNumber, log: before.index })
  }

  /** The holders of a contract's three seats. */
  async seats(epoch: number, scAddr: ScAddr): Promise<readonly StakeLeaf[]> {
    const { mix } = await this.view('epochInfo', epoch)
    return (await this.treeOf(epoch)).seats(mix as Hash, scAddr)
  }

  /** The path of an operator's leaf, in the shape that the contract takes. */
  async proof(epoch: number, operator: string): Promise<ProofArg> {
    const leaves = await this.leavesOf(epoch)
    const leaf = leaves.find(one => one.operator === operator.toLowerCase())
    if (leaf === undefined) throw new Error(`${operator} has no leaf in epoch ${epoch}.`)
    return proofArg(new StakeTree(leaves).prove(leaf.index))
  }

  async events(name: string): Promise<Log[]> {
    return (await this.enigma.queryFilter(name)) as unknown as Log[]
  }

  /** Everything Enigma holds, and what it says it holds. */
  async accounts(): Promise<{ balance: bigint; stake: bigint; escrow: bigint; credit: bigint }> {
    const [balance, stake, escrow, credit] = await Promise.all([
      this.token.getFunction('balanceOf').staticCall(this.address),
      this.view('totalStake'),
      this.view('totalEscrow'),
      this.view('totalCredit')
    ])
    return { balance, stake, escrow, credit }
  }
}

/** An event of Enigma. */
export interface Log {
  readonly blockNumber: number
  /** Position among the logs of its block. */
  readonly index: number
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the ABI decides
  readonly args: Record<string, any>
}

/** The Solidity struct SeatProof. */
export interface ProofArg {
  index: number
  stake: bigint
  siblingHashes: Hash[]
  siblingSums: bigint[]
}

export function proofArg({ leaf, siblings }: SeatProof): ProofArg {
  return {
    index: leaf.index,
    stake: leaf.stake,
    siblingHashes: siblings.map(({ hash }) => hash),
    siblingSums: siblings.map(({ sum }) => sum)
  }
}

/** Sends a transaction to any contract. */
export function send(
  contract: Contract,
  from: TestSigner,
  name: string,
  ...args: unknown[]
): Promise<ContractTransactionResponse> {
  return (contract.connect(from) as Contract).getFunction(name).send(...args, OVERRIDES)
}

// ------------------------------------------------------------------ fixtures

/** Contracts deployed, nothing registered. */
export const deployed = (): Promise<World> => World.deploy()

/** Principal registered. */
export async function withPrincipal(): Promise<World> {
  const world = await World.deploy()
  await world.registerPrincipal()
  return world
}

/** Three workers with different stakes, epoch 1 just begun, three users with money. */
export async function running(): Promise<World> {
  const world = await withPrincipal()
  for (const [i, actor] of world.actors.slice(0, 3).entries()) await world.join(actor, STAKE * BigInt(i + 1))
  for (const user of world.users) await world.fund(user, 1_000n * ENG)
  await world.callEpoch()
  await world.callEpoch()
  return world
}
