import type { ConfigHooks, HardhatUserConfigValidationError } from 'hardhat/types/hooks'

/** Where a network's Enigma contract and workers are. */
export interface EnigmaNetworkConfig {
  /** Address of the Enigma contract. */
  readonly contract: string
  /** JSON-RPC addresses of workers. */
  readonly rpc: readonly string[]
}

/** `enigma` in hardhat.config.ts. */
export interface EnigmaUserConfig {
  /** Folder of secret contracts. Default: `secret-contracts`. */
  readonly sources?: string
  /** By the name of the Hardhat network. A simulated network needs none: contracts run in its process there. */
  readonly networks?: Readonly<Record<string, EnigmaNetworkConfig>>
}

export interface EnigmaConfig {
  readonly sources: string
  readonly networks: Readonly<Record<string, EnigmaNetworkConfig>>
}

declare module 'hardhat/types/config' {
  interface HardhatUserConfig {
    enigma?: EnigmaUserConfig
  }
  interface HardhatConfig {
    enigma: EnigmaConfig
  }
}

function problems({ networks = {} }: EnigmaUserConfig): HardhatUserConfigValidationError[] {
  return Object.entries(networks).flatMap(([name, network]) => {
    const path = ['enigma', 'networks', name]
    const found: HardhatUserConfigValidationError[] = []
    if (!/^0x[0-9a-fA-F]{40}$/.test(network.contract)) {
      found.push({ path: [...path, 'contract'], message: 'must be the address of the Enigma contract' })
    }
    const isUrl = (url: unknown): boolean => typeof url === 'string' && /^https?:\/\//.test(url)
    if (!Array.isArray(network.rpc) || network.rpc.length === 0 || !network.rpc.every(isUrl)) {
      found.push({ path: [...path, 'rpc'], message: 'must be a list of http addresses of workers' })
    }
    return found
  })
}

export default (): Promise<Partial<ConfigHooks>> =>
  Promise.resolve({
    validateUserConfig: user => Promise.resolve(user.enigma === undefined ? [] : problems(user.enigma)),
    async resolveUserConfig(user, resolveVariable, next) {
      const { sources = 'secret-contracts', networks = {} } = user.enigma ?? {}
      return { ...(await next(user, resolveVariable)), enigma: { sources, networks } }
    }
  })
