/** A decoded result for a person: numbers in full, lists in brackets; undefined is nothing to show. */
export function showValue(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return `[${value.map(showValue).join(', ')}]`
  if (typeof value === 'string') return printableText(value)
  return String(value)
}

/** Keeps a contract's text from moving the terminal's cursor. */
const printableText = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?')

/** For `--json`: integers as decimal strings, since they may be beyond 2^53. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item))
