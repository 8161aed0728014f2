import { join, resolve } from 'node:path'
import type { HardhatConfig } from 'hardhat/types/config'
import type { Folders } from './artifacts.ts'

/** Compiled secret contracts lie beside Hardhat's own artifacts. */
export const foldersOf = ({ paths, enigma }: HardhatConfig): Folders => ({
  sources: resolve(paths.root, enigma.sources),
  build: join(paths.cache, 'enigma')
})
