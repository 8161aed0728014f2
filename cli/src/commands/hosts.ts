import { foundNetwork, runChain, runNode, runPage, type NodeFlags } from '@enigma/devnet'
import { text, wholeNumber, type Command } from '../command.ts'
import { usageError } from '../errors.ts'

const ROLES: readonly NodeFlags['role'][] = ['bootstrap', 'principal', 'worker']

export const nodeCommand: Command = {
  command: 'node',
  describe: 'Run a node on this host, in the foreground',
  positionals: [
    { name: 'role', describe: 'worker, principal or bootstrap' },
    { name: 'settings', describe: 'settings of the node, after --', rest: true }
  ],
  options: {
    'network-file': {
      type: 'string',
      value: 'FILE',
      describe: 'wait for this file, which names chain, contract and bootstrap nodes',
      env: 'ENIGMA_NETWORK_FILE'
    }
  },
  examples: [
    'enigma node worker -- --enigma 0x… --chain-url https://… --operator-key-file operator.key',
    'enigma node worker --network-file /network/network.json -- --operator-key-file /network/keys/worker1.key --auto-login'
  ],

  /** Exits as the node does: 0 after an orderly stop, 2 for a wrong setting. */
  run(given) {
    const [word, ...settings] = given.positionals
    const role = ROLES.find(known => known === word)
    if (role === undefined) throw usageError(`There is no role '${word}'.`, `There are ${ROLES.join(', ')}.`)
    const networkFile = text(given, 'network-file')
    return runNode({ role, settings, ...(networkFile === undefined ? {} : { networkFile }) })
  }
}

export const nodeHealth: Command = {
  command: 'health',
  describe: 'Ask a node whether it is healthy, for health checks of containers',
  positionals: [{ name: 'url', describe: 'its HTTP address; default: http://127.0.0.1:3346', optional: true }],
  options: {},
  examples: ['enigma health http://127.0.0.1:3336'],

  /** Exits 0 if it is healthy, 1 if not or if it does not answer within 5 s. */
  async run({ positionals }, io) {
    const url = new URL('/healthcheck', positionals[0] ?? 'http://127.0.0.1:3346')
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch((error: Error) => error.message)
    io.out(typeof answer === 'string' ? answer : `${answer.status} ${(await answer.text()).slice(0, 200)}`)
    return typeof answer !== 'string' && answer.ok ? 0 : 1
  }
}

export const chainCommand: Command = {
  command: 'devnet chain',
  describe: 'Run the chain of a test network alone, in the foreground, for networks spread over containers',
  positionals: [],
  options: {
    host: { type: 'string', value: 'ADDRESS', describe: 'address to listen on; default: 127.0.0.1' },
    port: { type: 'string', value: 'PORT', describe: 'default: 8545' }
  },
  examples: ['enigma devnet chain --host 0.0.0.0'],
  run: given => {
    const host = text(given, 'host')
    const port = wholeNumber(given, 'port')
    return runChain({ ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) })
  }
}

export const pageCommand: Command = {
  command: 'devnet page',
  describe: 'Serve the template dApp, in the foreground, for networks spread over containers',
  positionals: [{ name: 'file', describe: 'the page.json that `enigma devnet found` writes' }],
  options: {
    host: { type: 'string', value: 'ADDRESS', describe: 'address to listen on; default: 127.0.0.1' },
    port: { type: 'string', value: 'PORT', describe: 'default: 8080' }
  },
  examples: ['enigma devnet page /network/page.json --host 0.0.0.0'],
  run: given => {
    const host = text(given, 'host')
    const port = wholeNumber(given, 'port')
    const networkFile = given.positionals[0]!
    return runPage({ networkFile, ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) })
  }
}

export const foundCommand: Command = {
  command: 'devnet found',
  describe: 'Found a test network whose nodes run on other hosts: contracts, keys, stakes, the first epoch',
  positionals: [{ name: 'folder', describe: 'gets network.json and the keys of the nodes' }],
  options: {
    'chain-url': { type: 'string', value: 'URL', describe: 'JSON-RPC of the chain', env: 'ENIGMA_CHAIN_URL' },
    'principal-url': {
      type: 'string',
      value: 'URL',
      describe: 'HTTP of the principal; default: http://principal:3336'
    },
    workers: { type: 'string', short: 'n', value: 'N', describe: 'number of workers, 1 to 9; default: 3' },
    'epoch-size': { type: 'string', value: 'BLOCKS', describe: 'blocks of an epoch; default: 60' },
    host: {
      type: 'string',
      value: 'ADDRESS',
      describe: 'where the address pages 8081 and 8082 listen; default: 127.0.0.1'
    }
  },
  examples: ['enigma devnet found /network --chain-url http://chain:8545 --host 0.0.0.0'],

  run(given, io) {
    const principalUrl = text(given, 'principal-url') ?? 'http://principal:3336'
    const flags = {
      chainUrl: text(given, 'chain-url') ?? 'http://127.0.0.1:8545',
      principalUrl,
      principalHost: new URL(principalUrl).hostname,
      folder: given.positionals[0]!,
      workers: wholeNumber(given, 'workers'),
      epochSize: wholeNumber(given, 'epoch-size'),
      host: text(given, 'host')
    }
    return foundNetwork(flags, io)
  }
}
