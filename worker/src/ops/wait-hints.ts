import type { Hints } from '@enigma/protocol'

/** What a node waits for that others have to bring, and what its operator can do: `code` and `hint` of a step in `/status`. */
export type WaitCode =
  | 'WAITS_FOR_CHAIN'
  | 'WAITS_FOR_CONTENT'
  | 'WAITS_FOR_LOGIN'
  | 'WAITS_FOR_OWNER'
  | 'WAITS_FOR_PRINCIPAL'
  | 'WAITS_FOR_REGISTRATION'
  | 'WAITS_FOR_ROOT'
  | 'WAITS_FOR_SENDER'
  | 'WAITS_FOR_STAKE'

export const WAIT_HINTS: Hints<WaitCode> = {
  WAITS_FOR_CHAIN:
    'Nothing if it is short: the past of the network is read. Else check that an Ethereum node answers at --chain-url.',
  WAITS_FOR_CONTENT: 'Nothing if other workers are up: the rest is fetched from them as soon as one of them has it.',
  WAITS_FOR_LOGIN: 'Log in with the operating key (`/mgmt/login`), or start the worker with --auto-login.',
  WAITS_FOR_OWNER: 'The owner of the contract registers this principal with the evidence that it shows in getInfo.',
  WAITS_FOR_PRINCIPAL: 'The owner of the contract registers a principal; the worker goes on by itself then.',
  WAITS_FOR_REGISTRATION: 'Nothing: workers answer registered workers only, so the rest is fetched after `register`.',
  WAITS_FOR_ROOT: 'Bring the root with `enigma principal request`, `export` and `import`.',
  WAITS_FOR_SENDER: 'Send the registration of the file that is named: docs/guide-staking.md.',
  WAITS_FOR_STAKE: 'Deposit the stake for this operator from the staking address: docs/guide-staking.md.'
}
