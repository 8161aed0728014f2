/** The bundle for pages without a build step: enigma-js, and the ethers that it uses. */
export * from './src/index.ts'
export * as ethers from 'ethers'
