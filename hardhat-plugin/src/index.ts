/** Hardhat plugin: secret contracts compiled, deployed and tested beside Solidity. docs/guide-hardhat.md */
import { task } from 'hardhat/config'
import { ArgumentType } from 'hardhat/types/arguments'
import type { HardhatPlugin } from 'hardhat/types/plugins'

export type { EnigmaConfig, EnigmaNetworkConfig, EnigmaUserConfig } from './config.ts'
export type { EnigmaHandles, SecretContract } from './handles.ts'

const enigma: HardhatPlugin = {
  id: 'enigma',
  npmPackage: '@enigma/hardhat',
  dependencies: () => [import('@nomicfoundation/hardhat-ethers')],
  hookHandlers: { config: () => import('./config.ts'), network: () => import('./network.ts') },
  tasks: [
    task('enigma:compile', 'Compile the secret contracts')
      .setAction(() => import('./tasks/compile.ts'))
      .build(),
    task('enigma:deploy', 'Compile and deploy secret contracts')
      .addVariadicArgument({
        name: 'contracts',
        description: 'names; all unless told',
        type: ArgumentType.STRING,
        defaultValue: []
      })
      .setAction(() => import('./tasks/deploy.ts'))
      .build()
  ]
}
export default enigma
