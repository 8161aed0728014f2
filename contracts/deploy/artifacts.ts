import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { JsonFragment } from 'ethers'

/** Offsets, in bytes, where a library's 20-byte address goes into a contract's bytecode: source -> library -> places. */
export type LinkReferences = Readonly<
  Record<string, Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>>
>

/** The parts of a Hardhat artifact that a deployment needs. */
export interface Artifact {
  readonly contractName: string
  readonly abi: readonly JsonFragment[]
  /** Creation code as `0x` hex, with placeholders where libraries are linked. */
  readonly bytecode: string
  /** Runtime code as `0x` hex. */
  readonly deployedBytecode: string
  readonly linkReferences: LinkReferences
}

/** Finds an artifact by source and name, such as `('contracts/Enigma.sol', 'Enigma')`. */
export type LoadArtifact = (source: string, name: string) => Promise<Artifact>

const ARTIFACTS = fileURLToPath(new URL('../../artifacts/', import.meta.url))

/** Reads the JSON files that `npm run build:contracts` wrote; Hardhat itself is not needed. */
export function artifactsIn(folder: string = ARTIFACTS): LoadArtifact {
  return async (source, name) => {
    const path = `${folder}/${source}/${name}.json`
    try {
      return JSON.parse(await readFile(path, 'utf8')) as Artifact
    } catch (cause) {
      throw new Error(`The contract ${name} is not built (${path}). Run "npm run build:contracts" first.`, { cause })
    }
  }
}

/**
 * Puts the addresses of deployed libraries into creation code.
 * @param addresses library name -> `0x` address
 * @throws if a library of the artifact has no address
 */
export function link(artifact: Artifact, addresses: Readonly<Record<string, string>>): string {
  let code = artifact.bytecode
  for (const libraries of Object.values(artifact.linkReferences)) {
    for (const [name, places] of Object.entries(libraries)) {
      const address = addresses[name]
      if (address === undefined)
        throw new Error(`${artifact.contractName} needs the library ${name}, which is not deployed.`)
      for (const { start, length } of places) {
        const at = 2 + 2 * start
        code = code.slice(0, at) + address.slice(2).toLowerCase() + code.slice(at + 2 * length)
      }
    }
  }
  return code
}
