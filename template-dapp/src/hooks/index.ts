/** Everything of this page that knows Enigma. Copy this folder into your own dApp. */
export type { NetworkFile, TestAccount } from './network-file.ts'
export type { Problem } from './problem.ts'
export type { Party, Sight, Step } from './steps.ts'
export { useContract, type ContractControls } from './use-contract.ts'
export { useEnigma, type Account, type Enigma } from './use-enigma.ts'
export { useHistory, type History } from './use-history.ts'
export { useNetwork, type NetworkState } from './use-network.ts'
export { useTask, type TaskControls, type TaskLabel } from './use-task.ts'
