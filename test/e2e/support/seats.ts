import { callWorker } from 'enigma-js'
import { taskIdOf, type Address, type ScAddr } from '@enigma/protocol'
import type { DevAccount, Devnet, DevnetWorker } from '@enigma/devnet'
import type { Ledger } from './ledger.ts'

/** The workers that hold the seats of a contract in an epoch, first seat first. */
export async function seatsOf(devnet: Devnet, scAddr: ScAddr, epoch: number): Promise<DevnetWorker[]> {
  const alive = devnet.workers.find(worker => worker.pid !== undefined)
  const { seats } = await callWorker(alive!.httpUrl, 'getWorkerEncryptionKey', { scAddr, epoch })
  return seats.map(({ operator }) => {
    const worker = devnet.workers.find(one => one.operator.address.toLowerCase() === operator.toLowerCase())
    if (worker === undefined) throw new Error(`no worker of this devnet is ${operator}`)
    return worker
  })
}

/** An account whose next deployment will have the seats that are wanted, in the present epoch; undefined if no account's has. */
export async function deployerWith(
  devnet: Devnet,
  ledger: Ledger,
  wanted: (seats: readonly DevnetWorker[]) => boolean
): Promise<{ user: DevAccount; scAddr: ScAddr; seats: DevnetWorker[] } | undefined> {
  const epoch = await ledger.epoch()
  for (const user of devnet.accounts.users) {
    const nonce = (await ledger.enigma.getFunction('taskNonce')(user.address)) as bigint
    const scAddr = taskIdOf(user.address.toLowerCase() as Address, nonce) as string as ScAddr
    const seats = await seatsOf(devnet, scAddr, epoch)
    if (wanted(seats)) return { user, scAddr, seats }
  }
  return undefined
}
