import type { JsonFragment } from 'ethers'
import { format, resolveConfig } from 'prettier'
import type { LoadArtifact } from './artifacts.ts'

/** A TypeScript module of `protocol/src/abi`, as it should be. */
export interface AbiModule {
  readonly path: string
  readonly text: string
}

/** Contracts whose errors can surface through a call of Enigma. */
const INNER = [
  ['contracts/EnigmaToken.sol', 'EnigmaToken'],
  ['contracts/CallbackGateway.sol', 'CallbackGateway'],
  ['contracts/attestation/SimulationVerifier.sol', 'SimulationVerifier']
] as const

/** Makes the ABI modules from the built contracts. Enigma's also names the errors of the contracts that it calls. */
export async function abiModules(loadArtifact: LoadArtifact): Promise<AbiModule[]> {
  const token = await loadArtifact('contracts/EnigmaToken.sol', 'EnigmaToken')
  const enigma = await loadArtifact('contracts/Enigma.sol', 'Enigma')
  const abi = [...enigma.abi]
  const known = new Set(abi.map(key))
  for (const [source, name] of INNER) {
    const inner = await loadArtifact(source, name)
    for (const item of inner.abi) {
      if (item.type !== 'error' || known.has(key(item))) continue
      known.add(key(item))
      abi.push(item)
    }
  }
  return [
    await abiModule(
      'protocol/src/abi/enigma.ts',
      'enigmaAbi',
      'Enigma, with the errors of the contracts it calls',
      abi
    ),
    await abiModule('protocol/src/abi/token.ts', 'tokenAbi', 'EnigmaToken (ENG)', token.abi)
  ]
}

async function abiModule(path: string, name: string, of: string, abi: readonly JsonFragment[]): Promise<AbiModule> {
  const lines = abi.map(item => JSON.stringify(withoutInternalTypes(item))).join(',\n')
  const source = `/** ABI of ${of}. Generated from contracts/ by \`npm run build:abi\`; do not edit. */\nexport const ${name} = [\n${lines}\n] as const\n`
  return { path, text: await format(source, { ...(await resolveConfig(path)), parser: 'typescript' }) }
}

/** Names of Solidity's own types are no part of the interface and only cost bytes in a browser. */
function withoutInternalTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInternalTypes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([field]) => field !== 'internalType')
      .map(([field, inner]) => [field, withoutInternalTypes(inner)])
  )
}

function key(item: JsonFragment): string {
  return `${item.type} ${item.name}(${(item.inputs ?? []).map(input => input.type).join(',')})`
}
