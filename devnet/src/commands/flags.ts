import { existsSync } from 'node:fs'
import { DevnetError } from '../errors.ts'

/** Flags of `enigma devnet up`. */
export interface DevnetUpFlags {
  /** Simulated enclaves; there is nothing else yet, but nobody shall get them without having said so. */
  readonly simulation: boolean
  /** 1 to 9. Default 3. */
  readonly workers?: number
  /** Go on from the last network that was started with `keep`. */
  readonly keep?: boolean
  /** Come back once it is ready. */
  readonly detach?: boolean
  /** Log to files only. */
  readonly logFiles?: boolean
  /** A tmux session with a pane per process, where a terminal is attached. */
  readonly tmux?: boolean
  /** Blocks, 2 to 200. Default 60. */
  readonly epochSize?: number
}

const sgxDevices = ['/dev/sgx_enclave', '/dev/sgx/enclave', '/dev/isgx']

/** @throws DEVNET_NO_SGX, DEVNET_USAGE */
export function checkFlags({ simulation, workers = 3, epochSize = 60 }: DevnetUpFlags): void {
  if (!simulation) throw noHardware(sgxDevices.find(existsSync))
  assertRange('workers', workers, 1, 9)
  assertRange('epoch-size', epochSize, 2, 200)
}

function assertRange(flag: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new DevnetError({ code: 'DEVNET_USAGE', flag }, `--${flag} takes a whole number from ${least} to ${most}.`)
}

function noHardware(device: string | undefined): DevnetError {
  const found =
    device === undefined
      ? 'No SGX device was found on this machine'
      : `There is an SGX device (${device}), but this version has no enclave for it`
  return new DevnetError({ code: 'DEVNET_NO_SGX' }, `${found}; simulated enclaves have to be asked for with -s.`, {
    hint: 'Run `./launch.sh -s`. Simulated enclaves protect nothing against whoever runs the machine.'
  })
}
