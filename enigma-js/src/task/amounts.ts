/** Grains as ENG. */
export function inEng(grains: bigint): string {
  const fraction = (grains % 10n ** 8n).toString().padStart(8, '0').replace(/0+$/, '')
  return `${grains / 10n ** 8n}${fraction ? `.${fraction}` : ''}`
}
