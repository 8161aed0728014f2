import type { Hints } from '@enigma/protocol'

/** What a node waits for that others have to bring, and what its operator can do: `code` and `hint` of a step in `/status`. */
export type WaitCode =
  /** A step of `/status`: the node waits for its Ethereum node, or reads the past of the network. */
  | 'WAITS_FOR_CHAIN'
  /** A step of `/status`: contents that the chain names are not here, and no worker has given them so far. */
  | 'WAITS_FOR_CONTENT'
  /** A step of `/status`: the worker is registered and staked, and its operator has not logged it in. */
  | 'WAITS_FOR_LOGIN'
  /** A step of `/status`: the contract's owner has not registered this principal. */
  | 'WAITS_FOR_OWNER'
  /** A step of `/status`: no principal is registered on this network. */
  | 'WAITS_FOR_PRINCIPAL'
  /** A step of `/status`: contents are missing, and nobody answers a worker that is not registered. */
  | 'WAITS_FOR_REGISTRATION'
  /** A step of `/status`: this standby has no root. */
  | 'WAITS_FOR_ROOT'
  /** A step of `/status`: the worker does not register by itself, and nobody has sent its registration. */
  | 'WAITS_FOR_SENDER'
  /** A step of `/status`: the stake of the operator is below the least that a login needs. */
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
