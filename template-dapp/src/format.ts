/** Numbers for people. */

const grouped = (value: bigint): string => value.toLocaleString('en')

/** Grains as whole ENG, with two digits where they say something. */
export function eng(grains: bigint): string {
  const cents = (grains % 10n ** 8n) / 10n ** 6n
  return `${grouped(grains / 10n ** 8n)}${cents === 0n ? '' : `.${cents.toString().padStart(2, '0')}`}`
}

export const ether = (wei: bigint): string => grouped(wei / 10n ** 18n)

export const clock = (ms: number): string =>
  new Date(ms).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false })

/** `2 h 5 min`; a chain's clock may be ahead of ours. */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds))
  const [days, hours, minutes] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3_600) % 24,
    Math.floor(total / 60) % 60
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min` : `${total} s`
}
