import type { HookContext, NetworkHooks } from 'hardhat/types/hooks'
import type { ChainType, NetworkConnection } from 'hardhat/types/network'
import { foldersOf } from './folders.ts'
import { liveHandles, simulatedHandles, type EnigmaHandles } from './handles.ts'

declare module 'hardhat/types/network' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Hardhat's interface has this parameter
  interface NetworkConnection<ChainTypeT extends ChainType | string = 'generic'> {
    enigma: EnigmaHandles
  }
}

/** Gives every connection `enigma`: handles of the project's secret contracts. */
export default (): Promise<Partial<NetworkHooks>> =>
  Promise.resolve({
    async newConnection<C extends ChainType | string>(
      context: HookContext,
      next: (context: HookContext) => Promise<NetworkConnection<C>>
    ) {
      const connection = await next(context)
      connection.enigma = handlesOf(context, connection)
      return connection
    },
    async closeConnection<C extends ChainType | string>(
      context: HookContext,
      connection: NetworkConnection<C>,
      next: (context: HookContext, connection: NetworkConnection<C>) => Promise<void>
    ) {
      await connection.enigma.close()
      await next(context, connection)
    }
  })

function handlesOf<C extends ChainType | string>(
  { config }: HookContext,
  connection: NetworkConnection<C>
): EnigmaHandles {
  const folders = foldersOf(config)
  const { networkName: name, networkConfig } = connection
  if (networkConfig.type === 'edr-simulated') return simulatedHandles(folders)
  const network = config.enigma.networks[name]
  if (network === undefined) return missing(name)
  return liveHandles(folders, { name, config: network, signers: () => connection.ethers.getSigners() })
}

/** A network without Enigma is no mistake until a secret contract is asked for. */
function missing(name: string): EnigmaHandles {
  const refuse = (): Promise<never> =>
    Promise.reject(new Error(`Say where Enigma is: enigma.networks.${name} = { contract, rpc } in hardhat.config.ts.`))
  return { deploy: refuse, at: refuse, close: () => Promise.resolve() }
}
