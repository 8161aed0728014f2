import { setTimeout as sleep } from 'node:timers/promises'
import { Interface } from 'ethers'
import { address, hash, type Address } from '@enigma/protocol'
import { callEnigma, enigmaInterface } from './enigma-abi.ts'
import { headerOf, numberOf, toQuantity } from './quantities.ts'
import type { ChainRpc } from './rpc.ts'
import type { NetworkFacts } from './reader.ts'
import { WorkerError } from '../errors.ts'

const RANGE = 50_000

/** An endpoint may leave an event out by accident; the code of a contract it has or has not. */
const TRIES = 10
const PAUSE_MS = 300

/** The block in which the contract was made: its constructor emits AttestationModeFixed, once. @throws WORKER_CONFIG */
async function deploymentBlockOf(rpc: ChainRpc, enigma: Address): Promise<number> {
  for (let tries = 1; ; tries++) {
    const found = await searchDeployment(rpc, enigma)
    if (found !== null) return found
    if (tries === TRIES || (await rpc.send('eth_getCode', [enigma, 'latest'])) === '0x') break
    await sleep(PAUSE_MS)
  }
  throw new WorkerError(
    { code: 'WORKER_CONFIG', setting: 'enigma' },
    `There is no Enigma contract at ${enigma} on this chain.`,
    { hint: 'Check --enigma and --chain-url.' }
  )
}

async function searchDeployment(rpc: ChainRpc, enigma: Address): Promise<number | null> {
  const topic = enigmaInterface.getEvent('AttestationModeFixed')!.topicHash
  const head = numberOf(await rpc.send('eth_blockNumber', []))
  const search = async (from: number, to: number): Promise<number | null> => {
    const filter = { address: enigma, topics: [topic], fromBlock: toQuantity(from), toBlock: toQuantity(to) }
    const logs = (await rpc.send('eth_getLogs', [filter])) as { blockNumber: unknown }[]
    return logs[0] ? numberOf(logs[0].blockNumber) : null
  }
  const whole = await search(0, head).catch(() => null) // some nodes bound the range: then step by step
  if (whole !== null) return whole
  for (let from = 0; from <= head; from += RANGE) {
    const found = await search(from, Math.min(from + RANGE - 1, head))
    if (found !== null) return found
  }
  return null
}

/** Everything fixed of a network, read from the chain. @throws WORKER_CONFIG if there is no Enigma at the address. */
export async function readNetworkFacts(rpc: ChainRpc, enigma: Address, confirmations: number): Promise<NetworkFacts> {
  const chainId = BigInt(numberOf(await rpc.send('eth_chainId', [])))
  const deploymentBlock = await deploymentBlockOf(rpc, enigma)
  const header = headerOf(await rpc.send('eth_getBlockByNumber', [toQuantity(deploymentBlock), false]))
  if (!header)
    throw new WorkerError({ code: 'CHAIN_INCONSISTENT', what: 'deployment block' }, 'The deployment block is gone.')
  const one = async (name: string): Promise<unknown> => (await callEnigma(rpc, enigma, name))[0] as unknown
  const [token, epochSize, grace, window, minStake, proofPeriod] = await Promise.all(
    ['token', 'epochSize', 'grace', 'window', 'minStake', 'proofPeriod'].map(one)
  )
  return {
    chainId,
    enigma,
    token: address(String(token)),
    deploymentBlock,
    deploymentBlockHash: hash(header.hash),
    epochSize: Number(epochSize),
    grace: Number(grace),
    window: Number(window),
    minStake: BigInt(String(minStake)),
    proofPeriod: Number(proofPeriod),
    confirmations
  }
}

const ownableInterface = new Interface(['function owner() view returns (address)'])

/** Who owned the contract in a block: the sender of registerPrincipal, whom the principal's report binds. */
export async function ownerAt(rpc: ChainRpc, enigma: Address, block: number): Promise<Address> {
  const data = ownableInterface.encodeFunctionData('owner')
  const answer = await rpc.send('eth_call', [{ to: enigma, data }, toQuantity(block)])
  return address(String(ownableInterface.decodeFunctionResult('owner', String(answer))[0]))
}

/** What of the facts must never change under a data folder. */
export const networkIdentity = (facts: NetworkFacts): string =>
  `${facts.chainId}/${facts.enigma}/${facts.deploymentBlockHash}`
