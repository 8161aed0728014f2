import type { HardhatRuntimeEnvironment } from 'hardhat/types/hre'
import { compiled, contractNames } from '../artifacts.ts'
import { foldersOf } from '../folders.ts'

/** `hardhat enigma:compile` */
export default async function compile(_: object, { config }: HardhatRuntimeEnvironment): Promise<void> {
  const folders = foldersOf(config)
  const names = contractNames(folders)
  if (names.length === 0) console.log(`There is no secret contract in ${folders.sources}.`)
  for (const name of names) {
    const { wasm } = await compiled(folders, name)
    console.log(`${name}  ${wasm.length} bytes`)
  }
}
