import { createChainClient, createEnigmaClient, type ChainClient, type EnigmaClient } from 'enigma-js'
import { join } from 'node:path'
import { findKey } from './account.ts'
import type { Given } from './command.ts'
import { ContractBook } from './files/contracts-file.ts'
import { fileStorage } from './files/file-storage.ts'
import type { Io } from './io.ts'
import { findChain, findNetwork } from './network.ts'

export interface Connection {
  readonly client: EnigmaClient
  readonly book: ContractBook
}

/** Opens the network that the options name, and closes it after `work`. With `pays` the account's key is used. */
export async function withClient(
  given: Given,
  io: Io,
  pays: boolean,
  work: (connection: Connection) => Promise<number>
): Promise<number> {
  const network = findNetwork(given, io)
  const { rpc, chainUrl, enigma, folder } = network
  const client = await createEnigmaClient({
    chainUrl,
    ...(pays ? { privateKey: findKey(given, network) } : {}),
    network: { enigma, rpc, mode: 'simulation' },
    storage: fileStorage(join(folder, 'tasks')),
    onNotice: sentence => io.err(sentence)
  })
  try {
    return await work({ client, book: new ContractBook(folder, client.info.deploymentBlockHash) })
  } finally {
    client.close()
  }
}

/** Opens the chain alone, for what needs no worker. With `pays` the account's key is used. */
export async function withChain(
  given: Given,
  io: Io,
  pays: boolean,
  work: (client: ChainClient) => Promise<number>
): Promise<number> {
  const network = findChain(given, io)
  const { chainUrl, enigma } = network
  const client = await createChainClient({
    chainUrl,
    ...(pays ? { privateKey: findKey(given, network) } : {}),
    network: { enigma, mode: 'simulation' }
  })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}
