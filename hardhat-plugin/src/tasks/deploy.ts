import type { HardhatRuntimeEnvironment } from 'hardhat/types/hre'
import { contractNames } from '../artifacts.ts'
import { foldersOf } from '../folders.ts'

interface DeployArguments {
  readonly contracts: readonly string[]
}

/** `hardhat enigma:deploy [NAME...] --network NAME`: all of the project unless named. Contracts whose constructor takes arguments are for scripts. */
export default async function deploy({ contracts }: DeployArguments, hre: HardhatRuntimeEnvironment): Promise<void> {
  const names = contracts.length > 0 ? contracts : contractNames(foldersOf(hre.config))
  if (names.length === 0) throw new Error(`There is no secret contract in ${hre.config.enigma.sources}.`)
  const connection = await hre.network.getOrCreate()
  try {
    for (const name of names) console.log(`${name}  ${(await connection.enigma.deploy(name)).scAddr}`)
  } finally {
    await connection.close()
  }
}
