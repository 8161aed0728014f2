/** For tests of other packages: real enclave processes, a chain of plain values around them, and what must not leak. */
export { Op, call, testContract } from './support/contract.ts'
export { startHost, temporaryFolder, type HostedEnclave } from './support/host.ts'
export { refusal } from './support/local.ts'
export { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from './support/network.ts'
export { identitySecrets, leaks } from './support/secrets.ts'
