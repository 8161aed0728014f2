import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { DevnetError } from './errors.ts'
import { claimPort } from './port-claims.ts'

/** Port numbers of a devnet; 0 lets the operating system choose. */
export interface DevnetPorts {
  readonly chain: number
  readonly principalHttp: number
  readonly principalP2p: number
  readonly workerHttp: (worker: number) => number
  readonly workerP2p: (worker: number) => number
  readonly enigmaPage: number
  readonly tokenPage: number
  readonly dapp: number
}

/** The documented ports (PROTOCOL, Defaults). */
export const defaultPorts: DevnetPorts = {
  chain: 8545,
  principalHttp: 3336,
  principalP2p: 10300,
  workerHttp: worker => 3346 + 10 * (worker - 1),
  workerP2p: worker => 10300 + worker,
  enigmaPage: 8081,
  tokenPage: 8082,
  dapp: 8080
}

/** Any free ports, so that networks can run beside each other. */
export const anyPorts: DevnetPorts = {
  chain: 0,
  principalHttp: 0,
  principalP2p: 0,
  workerHttp: () => 0,
  workerP2p: () => 0,
  enigmaPage: 0,
  tokenPage: 0,
  dapp: 0
}

/** A node listens for WebSocket so many ports above TCP (docs/spec/protocol.md). */
const WEBSOCKET_OFFSET = 100

/** @throws DEVNET_PORT_TAKEN for the first port that somebody else listens on. */
export async function assertPortsFree(ports: DevnetPorts, workers: number): Promise<void> {
  const wanted: [number, string][] = [
    [ports.chain, 'the chain'],
    [ports.principalHttp, "the principal's JSON-RPC"],
    ...peerPorts(ports.principalP2p, "the principal's peer connections"),
    [ports.enigmaPage, 'the page with the Enigma address'],
    [ports.tokenPage, 'the page with the token address'],
    [ports.dapp, 'the template dApp']
  ]
  for (let worker = 1; worker <= workers; worker++) {
    wanted.push([ports.workerHttp(worker), `the JSON-RPC of worker ${worker}`])
    wanted.push(...peerPorts(ports.workerP2p(worker), `the peer connections of worker ${worker}`))
  }
  for (const [port, use] of wanted) {
    if (port !== 0 && !(await isFree(port))) {
      throw new DevnetError(
        { code: 'DEVNET_PORT_TAKEN', port, use },
        `Port ${port}, needed for ${use}, is taken by another program.`,
        {
          hint: `Stop that program (\`ss -ltnp 'sport = :${port}'\` names it), or an earlier network with \`./launch.sh -q\`; or set ENIGMA_DEVNET_PORTS=any.`
        }
      )
    }
  }
}

const peerPorts = (port: number, use: string): [number, string][] =>
  port === 0
    ? []
    : [
        [port, use],
        [port + WEBSOCKET_OFFSET, `${use} over WebSocket`]
      ]

/** Below those that the operating system hands out by itself (32768 and more on Linux, 49152 elsewhere). */
const LASTING = { from: 20_000, below: 32_000 }

/**
 * A free port for a node that keeps it when it is started again. One that the operating system chooses will not do: while the node
 * is down, it may give the port to any connection that somebody opens. No other devnet of this machine is given it meanwhile.
 *
 * @param offsets of further ports that must be the node's as well
 */
export async function lastingPort(...offsets: readonly number[]): Promise<number> {
  for (;;) {
    const port = randomInt(LASTING.from, LASTING.below)
    if (await areOurs([port, ...offsets.map(offset => port + offset)])) return port
  }
}

/** The same, with the port above it on which the node listens for WebSocket. */
export const lastingPeerPort = (): Promise<number> => lastingPort(WEBSOCKET_OFFSET)

async function areOurs(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!claimPort(port) || !(await isFree(port))) return false
  return true
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
