import { MpcError } from '../errors.ts'

/** value * 2^fraction to the nearest whole number; exact for whole numbers. */
export function scaledInteger(value: number | bigint, fraction: number): bigint {
  if (typeof value === 'bigint') return value << BigInt(fraction)
  if (!Number.isFinite(value)) throw new MpcError({ code: 'MPC_RANGE', what: 'number' }, 'Not a finite number.')
  if (Number.isSafeInteger(value)) return BigInt(value) << BigInt(fraction)
  const scaled = value * 2 ** fraction
  return BigInt(Math.abs(scaled) < 2 ** 52 ? Math.round(scaled) : scaled)
}
