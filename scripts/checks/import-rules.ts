/**
 * Who may import whom: the table of DESIGN section 3 as data.
 *
 * `ours`: packages whose public entry may be imported. `banned`: foreign modules that its sources may never load.
 * Tests of a package and the folders `test`, `bench` may use the public entry of every package, never another's internals.
 */
export interface PackageRule {
  readonly ours: readonly string[]
  /** Packages of which its sources may use this one entry only. */
  readonly entries?: Readonly<Record<string, string>>
  readonly banned?: RegExp
}

const network = 'libp2p$|libp2p/|@libp2p/|@chainsafe/|jayson|ws$|node:net$|node:http|node:dgram|node:tls'
const io = `${network}|node:fs|node:child_process|node:worker_threads|(?:classic-|abstract-)?level$|hardhat`

export const packageRules: Readonly<Record<string, PackageRule>> = {
  protocol: { ours: [], banned: new RegExp(`^(${io}|node:)`) },
  mpc: { ours: ['protocol'], banned: new RegExp(`^(${io})`) },
  'enclave-sim': { ours: ['protocol', 'mpc'], banned: /^(ethers|hardhat|libp2p|@libp2p\/|@chainsafe\/|jayson)/ },
  worker: { ours: ['protocol'] },
  // Runs in browsers: nothing of Node.js, except in the folder that a browser build never enters.
  'enigma-js': { ours: ['protocol', 'mpc'], banned: /^(node:|(?:classic-|abstract-)?level$|hardhat|libp2p|@libp2p\/)/ },
  'template-dapp': { ours: ['enigma-js'], banned: /^(node:|libp2p|@libp2p\/)/ },
  'secret-contracts': { ours: ['protocol'] },
  devnet: { ours: ['protocol', 'contracts'] },
  cli: { ours: ['enigma-js', 'devnet', 'protocol', 'secret-contracts', 'testing'] },
  // No chain: of ethers only the codecs, which open no connection. Of the enclave only its engine.
  testing: {
    ours: ['protocol', 'enclave-sim'],
    entries: { 'enclave-sim': 'enclave-sim/src/wasm/index.ts' },
    banned: new RegExp(`^(ethers$|ethers/(?!(abi|address)$)|hardhat|${network})`)
  },
  // Tools of tests, of no use to a program: they know nothing of us.
  faults: { ours: [] },
  'hardhat-plugin': { ours: ['enigma-js', 'secret-contracts', 'testing'] },
  contracts: { ours: ['protocol'] },
  scripts: { ours: ['protocol', 'contracts'] },
  tools: { ours: [] }
}

/** Folders that may use the public entry of every package. */
export const openFolders: readonly string[] = ['test', 'bench']

/** Entries of a package besides `src/index.ts`; `contracts` is a folder of Solidity whose deployment module is its entry. */
export const publicEntries: Readonly<Record<string, readonly string[]>> = {
  contracts: ['contracts/deploy/deploy.ts', 'contracts/deploy/index.ts'],
  'enigma-js': ['enigma-js/src/index.ts', 'enigma-js/src/compat/index.ts'],
  // Apart from the index, which enclaves load: they read call data in WebAssembly and need no fragments of functions.
  protocol: ['protocol/src/index.ts', 'protocol/src/secret-abi/index.ts'],
  scripts: ['scripts/staking/actions.ts', 'scripts/staking/connection.ts']
}

/** Single edges that stand outside the table, each with its reason. */
export const exceptions: ReadonlyMap<string, string> = new Map([
  [
    'bench/mpc/main.ts ../../mpc/harness/cluster.ts',
    'the cluster of processes is for benchmarks and tests alone, so the package does not export it'
  ]
])
