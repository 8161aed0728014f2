import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { enigmaHome } from './paths.ts'

/** What a devnet puts into its folder. Nothing else is ever deleted. */
const ownEntries = /^(chain|keys|logs|principal|worker[1-9]|contracts\.json)$/

/** A kept network has a folder of its own, so that a fresh start in between does not cost it. */
export const dataFolder = (keep: boolean): string => join(enigmaHome(), keep ? 'devnet-kept' : 'devnet')

/** Empties the folder unless it holds a network to go on with. Returns whether it does. */
export function prepareDataFolder(dataDir: string, keep: boolean): boolean {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  // A first start that was stopped half way has no complete chain to go on from.
  if (keep && existsSync(join(dataDir, 'contracts.json')) && existsSync(join(dataDir, 'chain/state.json'))) return true
  for (const name of readdirSync(dataDir)) {
    if (ownEntries.test(name)) rmSync(join(dataDir, name), { recursive: true, force: true })
  }
  return false
}
